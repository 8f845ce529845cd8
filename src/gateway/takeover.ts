import type {
  AskFacets,
  Failure,
  Log,
  Protocol,
  Reading,
  RestOfAnswer,
  Route,
  RouteConfig,
  Seam,
  Takeovers,
} from '#contracts';
import { outcomeOf, SEMANTICS } from '#kernel';
import {
  countRequest,
  readShareBudget,
  type ShareBudgetRule,
  type ShareBudgetState,
  spend,
  TAKEOVER_BUDGET,
} from '#kernel/resilience';
import { acts } from './acting.ts';
import type { Flight } from './attempt.ts';
import { seen } from './failures.ts';
import { type FlyContext, fly } from './fly.ts';
import type { Step } from './plan.ts';
import { type Errand, type PrepareContext, prepare } from './prepare.ts';
import type { Seats } from './seats.ts';
import { turned } from './steer.ts';
import { type Billing, endTry, type Taken, type Try, type Walk } from './walk.ts';

export interface TakeoverContext extends PrepareContext, FlyContext, Billing {
  readonly takeovers: Takeovers;
  readonly seats: Seats;
  readonly log: Log;
  readonly plan: (route: Route, protocol: Protocol) => readonly Step[];
  /** The takeover budget of a route. */
  readonly takeoverBudget: (route: string) => ShareBudgetState;
}

/** A stream that broke off. */
export interface Broken {
  readonly failure: Failure;
  /** Of the attempt that broke off. */
  readonly reading: Reading;
  /** Everything that the caller was sent, whole events. */
  readonly sent: Uint8Array;
}

/** Another target has begun to answer with the rest. */
export interface Rescued {
  readonly one: Try;
  readonly flight: Flight;
  readonly rest: RestOfAnswer;
  readonly taken: Taken;
}

export interface Rescue {
  /**
   * Finds somebody to finish a stream. Undefined at once: nothing was done, the stream is the caller's as it is. Otherwise the row
   * of the attempt that broke off is written, and the promise is kept whatever happens: with nobody, when nobody could.
   */
  find(running: Try, broken: Broken): Promise<Rescued | undefined> | undefined;
  /** Is there somebody who could, and may he? Nothing is booked. */
  ready(running: Try, sent: () => Uint8Array): boolean;
}

/** Undefined where the route wants no takeover, or the ask is for more than one plain text. */
export function rescueOf(ctx: TakeoverContext, errand: Errand, walk: Walk): Rescue | undefined {
  const route = walk.route as Route;
  const { takeover } = route.config;
  if (!takeover) return undefined;
  countRequest(ctx.takeoverBudget(route.name), walk.start, ruleOf(takeover.share));
  if (!isPlain(walk.facets)) return undefined;
  let tried = false;
  return {
    find(running, broken) {
      if (tried || walk.stopped || !SEMANTICS[broken.failure.kind].takeover || broken.reading.malformed)
        return undefined;
      if (acts(walk.body)) {
        walk.alone = 'the ask lets the provider act, which it would do twice';
        return undefined;
      }
      tried = true;
      return begin(ctx, errand, walk, running, broken, takeover);
    },
    ready(running, sent) {
      if (tried || walk.stopped || !ctx.tries.may(walk) || acts(walk.body)) return false;
      const now = ctx.clock.monotonic();
      const { left } = readShareBudget(ctx.takeoverBudget(route.name), now, ruleOf(takeover.share));
      if (left === 0 || !heir(ctx, walk, running, undefined)) return false;
      return ctx.takeovers.begun(walk.protocol.name, walk.body as Uint8Array, sent()) !== undefined;
    },
  };
}

type Wanted = NonNullable<RouteConfig['takeover']>;

const isPlain = ({ tools, structured, choices }: AskFacets): boolean =>
  tools === 0 && !structured && choices === 1;

const ruleOf = (share: number): ShareBudgetRule => ({
  ...TAKEOVER_BUDGET,
  share,
  floor: share === 0 ? 0 : TAKEOVER_BUDGET.floor,
});

function begin(
  ctx: TakeoverContext,
  errand: Errand,
  walk: Walk,
  running: Try,
  { failure, reading, sent }: Broken,
  wanted: Wanted,
): Promise<Rescued | undefined> | undefined {
  const route = walk.route as Route;
  const now = ctx.clock.monotonic();
  const alone = (why: string): undefined => {
    walk.alone = why;
  };
  if (!ctx.tries.may(walk)) return alone('attempts.perExchange or attempts.perRun allows no more tries');
  if (now >= errand.deadline) return alone('no time was left');
  const step = heir(ctx, walk, running, failure);
  if (!step) return alone('no other target of the route takes traffic now');
  const begun = ctx.takeovers.begun(walk.protocol.name, walk.body as Uint8Array, sent);
  if (!begun) return alone('what was said so far cannot be gone on with');
  // Last, so that nothing is spent on what cannot be.
  if (!spend(ctx.takeoverBudget(route.name), now, ruleOf(wanted.share)))
    return alone(`takeover.share of ${wanted.share} allows none now`);
  const row = endTry(running, ctx, walk, { outcome: outcomeOf(failure.kind), failure, reading });
  const seams = seamsOf(step, step.target.model ?? walk.facets.model, wanted);
  let by: Seam | undefined;
  const rewrite = (protocol: string, body: Uint8Array): Uint8Array | undefined => {
    for (by of seams) {
      const ask = ctx.takeovers.ask(protocol, body, begun.text, by);
      if (ask) return ask;
    }
    return undefined;
  };
  return take(ctx, { ...errand, rewrite }, walk, step).then(
    (taken) =>
      taken &&
      by && {
        ...taken,
        rest: begun.rest(step.protocol.name, by, row.usage),
        taken: { after: failure.kind, at: begun.text.length, by },
      },
    (error: unknown) => {
      ctx.log('error', 'takeover failed inside', { exchange: walk.id, error: String(error) });
      return undefined;
    },
  );
}

/**
 * The next in the plan that takes traffic now, else one before; nobody who has failed this exchange already, no fallback that is
 * broken, and nobody behind a key that is refused now.
 */
function heir(
  { plan, standing, proofs }: TakeoverContext,
  walk: Walk,
  { step: from, model }: Try,
  failure: Failure | undefined,
): Step | undefined {
  const route = walk.route as Route;
  const planned = plan(route, walk.protocol);
  const steps = walk.turn ? turned(planned, walk.turn) : planned;
  const at = steps.indexOf(from);
  const open = standing.open(steps, walk.facets);
  const byKey = failure !== undefined && SEMANTICS[failure.kind].condemns === 'key';
  const may = (step: Step): boolean => {
    const { provider } = step.target;
    const its = step.target.model ?? walk.facets.model;
    if (provider === from.target.provider && (byKey || its === model)) return false;
    const failed = walk.attempts.some(
      (a) => a.provider === provider && a.model === its && a.failure?.kind !== 'hedge_lost',
    );
    return !failed && open(step) && proofs.trusts(route, step);
  };
  return [...steps.slice(at + 1), ...steps.slice(0, Math.max(0, at))].find(may);
}

/** Best first. */
function seamsOf({ target }: Step, model: string, { by }: Wanted): readonly Seam[] {
  if (by === 'restart') return ['restart'];
  const known = target.kind.prefill?.find(({ models }) => models.test(model))?.by;
  const prefill = target.prefill ?? known ?? 'none';
  return prefill === 'none' ? ['instruction'] : [prefill, 'instruction'];
}

async function take(
  ctx: TakeoverContext,
  errand: Errand,
  walk: Walk,
  step: Step,
): Promise<{ readonly one: Try; readonly flight: Flight } | undefined> {
  const seat = step.target.concurrency && ctx.seats.take(step, walk);
  if (step.target.concurrency && !seat) return undefined;
  const ready = await prepare(ctx, errand, walk, step, 'takeover', false);
  if (ready.kind === 'hindered') {
    seat?.leave();
    return undefined;
  }
  const { one } = ready;
  if (seat) one.seat = seat;
  if (walk.stopped) {
    endTry(one, ctx, walk, { outcome: outcomeOf(walk.stopped), failure: seen(walk.stopped) });
    return undefined;
  }
  const { flight, landed } = fly(ctx, errand.deadline, walk, ready);
  const landing = await landed;
  if (landing.kind === 'streaming') return { one, flight };
  flight.abandon();
  // A stream that was asked for never lands whole.
  if (landing.kind === 'failed') {
    const { failure, reading } = landing;
    endTry(one, ctx, walk, { outcome: outcomeOf(failure.kind), failure, ...(reading && { reading }) });
  }
  return undefined;
}
