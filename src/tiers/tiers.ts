import type {
  Act,
  Clock,
  Config,
  DemotionRefusal,
  DemotionView,
  EpochMs,
  ExchangeFacts,
  Log,
  Result,
  SayAct,
  Steerer,
  TierCount,
  TierCounts,
  TierFinding,
  TiersQuery,
  TiersReport,
} from '#contracts';
import { DEMOTION_STATUSES } from '#contracts';
import { recount } from './recount.ts';
import { type Counted, type Mixed, routeReport, stepOf } from './report.ts';
import { Rules, type RulesSnapshot } from './rules.ts';
import { HOUR, Tally, type TallySnapshot } from './tally.ts';
import { findings, LOOKS_BACK } from './watch.ts';

export interface TiersOptions {
  readonly clock: Clock;
  readonly config: Config;
  /** The record; it may be away. */
  readonly record: TierCounts;
  /** How far the record is behind, milliseconds. */
  readonly late: () => number;
  readonly log: Log;
  /** Tells the other gateways what a person has said of a rule. */
  readonly say?: SayAct;
}

export interface TiersSnapshot {
  readonly rules?: RulesSnapshot;
  readonly tally?: TallySnapshot;
}

export interface RouteFinding extends TierFinding {
  readonly route: string;
}

export interface Tiers {
  readonly steerer: Steerer;
  reload(config: Config): void;
  /** From the record alone; rejects with `StoreUnavailable` while it is away. */
  report(query: TiersQuery): Promise<TiersReport>;
  /** Those that need somebody first. */
  demotions(): readonly DemotionView[];
  approve(
    route: string,
    id: string,
    approval: { by: string; until: EpochMs },
  ): Result<DemotionView, DemotionRefusal>;
  end(route: string, id: string, by: string): Result<DemotionView, DemotionRefusal>;
  /** What a person has said of a rule on another gateway. */
  heed(act: Extract<Act, { of: 'demotion' }>): void;
  /** As of the last look. */
  findings(): readonly RouteFinding[];
  /** Reads the record, or while it is away this process's own counters, and judges every route. */
  look(): Promise<void>;
  snapshot(): TiersSnapshot;
  restore(snapshot: TiersSnapshot): void;
}

const WEEK = 7 * 24 * HOUR;
/** The record of an hour may still be on its way so long after the hour. */
const SETTLED = 5 * 60_000;

/** Tier mix and demotion rules of all routes: acts on the hot path, counts what was served, and watches it. */
export function createTiers({ clock, config, record, late, log, say }: TiersOptions): Tiers {
  let routes = mixedOf(config);
  let settings = config.routes;
  /** Routes whose mix was promised: what others serve is read from the record alone. */
  let promised = promisedIn(config);
  const rules = new Rules(config.routes);
  const tally = new Tally();
  let found: readonly RouteFinding[] = [];

  const judge = (stored: readonly TierCount[] | undefined, now: EpochMs): readonly RouteFinding[] => {
    const own = tally.read({ from: now - LOOKS_BACK, to: now + HOUR });
    const counts = Map.groupBy(stored ?? own, (count) => count.route);
    return [...routes.values()].flatMap((route) =>
      [
        ...findings(route, counts.get(route.route) ?? [], now),
        ...(stored && promised.has(route.route)
          ? recount(route, counts.get(route.route) ?? [], own, now, late() + SETTLED)
          : []),
      ].map((finding) => ({ route: route.route, ...finding })),
    );
  };

  const told = <T extends { readonly ok: boolean }>(route: string, id: string, result: T): T => {
    const act = result.ok ? rules.said(route, id, clock.now()) : undefined;
    if (act) say?.(act);
    return result;
  };

  const demotions = () =>
    rules
      .read(clock.now())
      .toSorted(
        (a, b) =>
          DEMOTION_STATUSES.indexOf(a.status) - DEMOTION_STATUSES.indexOf(b.status) || a.left - b.left,
      );

  return {
    steerer: {
      minds: (route) => rules.has(route),
      steer: (question) => rules.steer(question),
      hears: (route) => promised.has(route),
      ended(facts: ExchangeFacts) {
        if (promised.has(facts.route)) tally.add(facts);
      },
    },
    reload(next) {
      routes = mixedOf(next);
      settings = next.routes;
      promised = promisedIn(next);
      rules.reload(next.routes);
    },
    async report({ from, to, route, by }) {
      const now = clock.now();
      const end = Math.ceil((to ?? now) / HOUR) * HOUR;
      const start = Math.floor((from ?? end - WEEK) / HOUR) * HOUR;
      if (!(end > start)) throw new RangeError('a window needs an end after its start');
      const step = stepOf(end - start);
      const window = { from: start, to: end, ...(route !== undefined && { route }) };
      const [hours, users, tenants] = await Promise.all([
        record.hours({ ...window, step }),
        record.users(window),
        by === 'tenant' ? record.tenants(window) : undefined,
      ]);
      const counted: Counted = { hours, users, ...(tenants && { tenants }) };
      return {
        from: start,
        to: end,
        by,
        step,
        routes: [...routes.values()]
          .filter(({ route: name }) => route === undefined || name === route)
          .map((one) =>
            routeReport(
              one,
              counted,
              { from: start, to: end, by, step },
              found.flatMap(({ route: of, ...finding }) => (of === one.route ? [finding] : [])),
            ),
          )
          .sort((a, b) => WORST_FIRST[a.verdict] - WORST_FIRST[b.verdict] || b.demoted.rate - a.demoted.rate),
        demotions: demotions().filter((rule) => route === undefined || rule.route === route),
      };
    },
    demotions,
    approve: (route, id, approval) => told(route, id, rules.approve(route, id, approval, clock.now())),
    end: (route, id, by) => told(route, id, rules.end(route, id, by, clock.now())),
    heed: (act) => rules.heed(act),
    findings: () => found,
    async look() {
      const now = clock.now();
      if (routes.size === 0) {
        found = [];
        return;
      }
      const stored = await record.hours({ from: now - LOOKS_BACK, to: now + HOUR }).catch(() => undefined);
      const before = new Set(found.map(({ route, kind }) => `${route} ${kind}`));
      found = judge(stored, now);
      for (const { route, kind, level, says, owner } of found)
        if (!before.has(`${route} ${kind}`) && level !== 'note')
          log('warn', 'tier mix', { route, kind, says, ...(owner !== undefined && { owner }) });
    },
    snapshot: () => ({ rules: rules.snapshot(), tally: tally.snapshot() }),
    restore(snapshot) {
      if (snapshot.rules) rules.reload(settings, snapshot.rules);
      if (snapshot.tally) tally.restore(snapshot.tally);
    },
  };
}

const WORST_FIRST = { BREACHED: 0, UNKNOWN: 1, MET: 2, UNDECLARED: 3 } as const;

const promisedIn = ({ routes }: Config): ReadonlySet<string> =>
  new Set(Object.entries(routes).flatMap(([route, { mix }]) => (mix ? [route] : [])));

/** Routes that have a mix, by name. */
const mixedOf = ({ routes }: Config): ReadonlyMap<string, Mixed> =>
  new Map(
    Object.entries(routes).flatMap(([route, { tiers, mix }]) =>
      tiers.length < 2 && mix === undefined
        ? []
        : [
            [
              route,
              {
                route,
                primary: (tiers[0] as Config['routes'][string]['tiers'][number]).name,
                tiers: tiers.map(({ name }) => name),
                ...(mix && { mix }),
              },
            ],
          ],
    ),
  );
