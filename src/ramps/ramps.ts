import type {
  Act,
  Clock,
  Config,
  Evidence,
  FrozenRoutes,
  Log,
  RampChange,
  RampDecision,
  RampJudged,
  RampVerdict,
  RampView,
  SayAct,
  Steerer,
  TellEvidence,
} from '#contracts';
import { canonical, sha256 } from '#kernel';
import { Climb, type SavedClimb } from './climb.ts';
import { viewOf } from './view.ts';
import type { RampWord } from './word.ts';

export type RampVerb = 'advance' | 'rollback' | 'reset';
export type RampsSnapshot = Readonly<Record<string, SavedClimb>>;

export interface Ramps {
  readonly steerer: Steerer;
  read(): readonly RampView[];
  /** Undefined: no route of this name ramps. */
  change(
    route: string,
    verb: RampVerb,
    change: RampChange,
  ):
    | { readonly ok: true; readonly ramp: RampView }
    | { readonly ok: false; readonly why: string }
    | undefined;
  /** Verdicts on answers; undefined: no route of this name ramps. */
  judge(route: string, verdicts: readonly RampVerdict[]): RampJudged | undefined;
  /** Where an ask would go; `ramp` undefined: no route of this name ramps. */
  foresee(
    route: string,
    asked: Parameters<Climb['foresee']>[0],
  ): { readonly ramps: boolean; readonly decision?: RampDecision | undefined };
  /** A ramp whose plan is the same goes on where it stood; another plan begins anew. */
  reload(routes: Config['routes']): void;
  snapshot(): RampsSnapshot;
  /** What was decided of a ramp on another gateway; of another plan than is known here it says nothing. */
  heed(act: Extract<Act, { of: 'ramp' }>): void;
  /** What another gateway has seen. */
  hear(evidence: Evidence): void;
  /** Goes on where another gateway stands, which has seen more. */
  adopt(snapshot: RampsSnapshot): void;
}

export interface RampsOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly routes: Config['routes'];
  readonly saved?: RampsSnapshot;
  readonly frozen?: FrozenRoutes['frozen'];
  /** Tells the other gateways what was decided here. */
  readonly say?: SayAct;
  /** Tells them what was seen here. */
  readonly tell?: TellEvidence;
}

export function createRamps({
  clock,
  log,
  routes,
  saved = {},
  frozen = () => false,
  say = () => undefined,
  tell,
}: RampsOptions): Ramps {
  const house = {
    clock,
    log,
    frozen,
    say,
    ...(tell && {
      share: (route: string, plan: string, word: RampWord) =>
        tell({ of: 'ramp' as const, route, plan, word }),
    }),
  };
  let climbs = planned(routes, saved);

  function planned(routes: Config['routes'], known: RampsSnapshot): ReadonlyMap<string, Climb> {
    const next = new Map<string, Climb>();
    for (const [route, { ramp, tiers }] of Object.entries(routes)) {
      if (!ramp) continue;
      const old = tiers.find(({ name, targets }) => targets && name !== ramp.to);
      const to = tiers.find(({ name }) => name === ramp.to);
      // A configuration that was not checked may name no such tiers; nothing ramps then.
      if (!old || !to) continue;
      const plan = sha256(canonical([ramp, old, to])).slice(0, 16);
      const before = known[route];
      if (before && before.plan !== plan)
        log('warn', 'ramp.anew', { route, why: 'its plan or its tiers have changed' });
      next.set(
        route,
        new Climb(
          { route, config: ramp, from: old.name, plan },
          house,
          before?.plan === plan ? before : undefined,
        ),
      );
    }
    return next;
  }

  const snapshot = (): RampsSnapshot =>
    Object.fromEntries([...climbs].map(([route, climb]) => [route, climb.save()]));
  const look = (climb: Climb): RampView => viewOf(climb.ascent, climb.now());

  return {
    steerer: {
      minds: (route) => climbs.has(route),
      steer: (question) => climbs.get(question.route.name)?.steer(question),
      ended: (facts) => climbs.get(facts.route)?.ended(facts),
    },
    read: () => [...climbs.values()].map(look),
    change(route, verb, change) {
      const climb = climbs.get(route);
      if (!climb) return undefined;
      const why = climb.change(verb, change);
      return why === undefined ? { ok: true, ramp: look(climb) } : { ok: false, why };
    },
    foresee(route, asked) {
      const climb = climbs.get(route);
      return { ramps: climb !== undefined, decision: climb?.foresee(asked) };
    },
    judge(route, verdicts) {
      const climb = climbs.get(route);
      if (!climb) return undefined;
      const unknown = verdicts
        .filter(({ exchange, good }) => !climb.judge(exchange, good))
        .map(({ exchange }) => exchange);
      return { counted: verdicts.length - unknown.length, unknown, ramp: look(climb) };
    },
    reload(next) {
      climbs = planned(next, snapshot());
    },
    snapshot,
    hear({ route, plan, word }) {
      const climb = climbs.get(route);
      if (climb?.ascent.plan === plan) climb.hear(word as RampWord);
    },
    adopt(snapshot) {
      const next = new Map(climbs);
      for (const [route, climb] of climbs) {
        const theirs = snapshot[route];
        if (theirs?.plan === climb.ascent.plan && (theirs.era ?? 0) >= (climb.save().era ?? 0))
          next.set(route, new Climb(climb.ascent, house, theirs));
      }
      climbs = next;
    },
    heed({ route, print, says }) {
      const climb = climbs.get(route);
      if (climb?.ascent.plan === print) climb.heed(says);
    },
  };
}
