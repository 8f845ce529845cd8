import type { Attempt, AttemptCause, Log, MonotonicMs, Pricer, Route } from '#contracts';
import { outcomeOf } from '#kernel';
import {
  type BackoffState,
  countRequest,
  createBackoffState,
  nextWait,
  RETRY_BUDGET,
  type ShareBudgetState,
  spend,
} from '#kernel/resilience';
import { arrange, first, rest, stoppedBy } from './arrange.ts';
import type { Flight, Landing } from './attempt.ts';
import type { Climate } from './climate.ts';
import type { Proofs } from './fallbacks/proofs.ts';
import type { Shift } from './fallbacks/shift.ts';
import { type FlyContext, fly } from './fly.ts';
import { type Hedges, hedged } from './hedge.ts';
import { impatienceOf } from './impatience.ts';
import { next } from './next.ts';
import type { Step } from './plan.ts';
import { type Errand, type PrepareContext, prepare } from './prepare.ts';
import { findRoom } from './room.ts';
import type { Seat, Seats } from './seats.ts';
import type { Stalls } from './stalls.ts';
import type { Standing } from './standing.ts';
import { endTry, type Try, triesOf, type Walk } from './walk.ts';
import type { Weather } from './weather.ts';

export interface DispatchContext extends PrepareContext, FlyContext {
  readonly log: Log;
  readonly pricer: Pricer;
  readonly standing: Standing;
  /** The retry budget of a route. */
  readonly retries: (route: string) => ShareBudgetState;
  readonly hedges: Hedges;
  readonly proofs: Proofs;
  readonly shift: Shift;
  readonly climate: Climate;
  readonly weather: Weather;
  readonly seats: Seats;
  readonly stalls: Stalls;
}

type Of<K extends Landing['kind']> = Extract<Landing, { kind: K }>;

export interface Dispatched {
  /** The try that landed last; none when every target was closed. */
  readonly one?: Try;
  readonly landing: Landing;
  /** Its row is written already. */
  readonly closed?: boolean;
  /** Where a stream comes from that was put aside. */
  readonly flight?: Flight | undefined;
}

/**
 * Tries targets in the order of the plan until one lands or the table of failures says that no other may. Every failed try
 * becomes a row; the one that landed stays open, since a stream is not over when it begins.
 */
export async function dispatch(
  ctx: DispatchContext,
  errand: Errand,
  walk: Walk,
  planned: readonly Step[],
): Promise<Dispatched> {
  const route = walk.route as Route;
  const { standing } = ctx;
  const { sound, all: steps } = ctx.proofs.ranked(route, planned);
  countRequest(ctx.retries(route.name), walk.start, RETRY_BUDGET);
  const calm = standing.calm(sound, walk.facets);
  // Only while all is well: an outage is no time for exercises.
  const due =
    calm && !walk.turn && walk.source === 'gateway'
      ? ctx.proofs.exercise(route, steps, walk, errand.lane)
      : undefined;
  const { shadow } = route.config.exercise;
  if (due !== undefined && shadow) walk.rehearses = steps[due];
  const exercise = shadow ? undefined : due;
  if (exercise !== undefined) walk.source = 'exercise';
  const order =
    exercise !== undefined
      ? first(steps, exercise)
      : calm
        ? steps
        : await arrangeSound(ctx, errand.deadline, walk, sound, steps);
  if ('kind' in order) return { landing: order };
  const waits = createBackoffState();
  let at = 0;
  /** A refusal that the caller gets when nobody has a better answer. */
  let unwanted: Dispatched | undefined;
  for (;;) {
    let seat: Seat | undefined;
    if ((order[at] as Step).target.concurrency) {
      seat = ctx.seats.take(order[at] as Step, walk);
      if (!seat) {
        const open = standing.open(order, walk.facets);
        // A place is waited for rather than looked for behind a fallback that is broken, or not what its tier must be.
        const relies = (step: Step) => ctx.proofs.relies(route, step);
        const room = await findRoom(ctx, errand, walk, order, at, open, relies);
        if ('kind' in room) return unwanted ?? { landing: { kind: 'failed', failure: room } };
        at = room.at;
        seat = room.seat;
      }
    }
    const step = order[at] as Step;
    if (walk.made.length === 0 && (walk.spilled || walk.passed !== undefined))
      ctx.weather.missed(steps[0] as Step, walk);
    const cause = causeOf(walk.attempts.at(-1), step);
    const preparing =
      ctx.shift.hinders(route, step, errand.lane, walk) ??
      prepare(ctx, errand, walk, step, cause, at + 1 < order.length);
    const ready = preparing instanceof Promise ? await preparing : preparing;
    if (ready.kind === 'hindered') {
      seat?.leave();
      if (walk.stopped) return { landing: stoppedBy(walk.stopped) };
      if (step.tier === route.tiers[0]) walk.passed ??= ready.failure.kind;
      const place = at;
      const open = standing.open(order, walk.facets);
      const other = ready.elsewhere ? order.findIndex((s, i) => i > place && open(s)) : -1;
      if (other < 0) return unwanted ?? { landing: { kind: 'failed', failure: ready.failure } };
      at = other;
      continue;
    }
    if (seat) ready.one.seat = seat;
    const { byHour, stall } = route.config.timeouts;
    if (stall !== undefined) ready.one.stall = ctx.stalls.of(ctx, walk, order, at, ready.one, stall);
    if (byHour) ready.one.impatience = impatienceOf(ctx, walk, order, at, ready.one);
    const { one, landing } = route.config.hedge
      ? await hedged(ctx, errand, walk, order, at, ready)
      : { one: ready.one, landing: await fly(ctx, errand.deadline, walk, ready).landed };
    if (landing.kind !== 'failed') {
      unwanted?.flight?.abandon();
      return { one, landing };
    }
    const { failure, reading } = landing;
    endTry(one, ctx, walk, { outcome: outcomeOf(failure.kind), failure, ...(reading && { reading }) });
    if (landing.unwanted) unwanted ??= { one, landing: landing.unwanted, closed: true, flight: walk.flight };
    if (walk.stopped) return { one, landing: stoppedBy(walk.stopped) };
    const total = walk.attempts.length;
    const here = triesOf(walk, step);
    const open = standing.open(order, walk.facets);
    const then = next({
      failure,
      route: route.config,
      steps: order,
      open,
      at,
      here,
      total,
      exhausted: !ctx.tries.may(walk),
      exercise: walk.source === 'exercise',
    });
    const wait = then.again && (then.again.asked ?? standing.closedFor(step, walk.facets));
    // Its own failure may just have ejected it; then it is asked again only where nobody else is there.
    const avoided = then.elsewhere !== undefined && standing.ejected(step, walk.facets);
    if (wait !== undefined && !avoided && (await pause(ctx, errand, walk, step, waits, wait))) {
      if (walk.stopped) return { one, landing: stoppedBy(walk.stopped) };
    } else if (then.elsewhere === undefined) return unwanted ?? { one, landing: told(walk, landing) };
    else {
      at = then.elsewhere;
    }
    if (ctx.clock.monotonic() >= errand.deadline) return unwanted ?? { one, landing: told(walk, landing) };
  }
}

/** A broken fallback gets no ordinary traffic, not even to see whether it is well again: that is what exercises are for. */
async function arrangeSound(
  ctx: DispatchContext,
  deadline: MonotonicMs,
  walk: Walk,
  sound: readonly Step[],
  all: readonly Step[],
): Promise<readonly Step[] | Of<'failed'>> {
  const order = await arrange(ctx, deadline, walk, sound);
  if (sound === all) return order;
  if ('kind' in order) return walk.stopped ? order : arrange(ctx, deadline, walk, all);
  return [...order, ...all.slice(sound.length)];
}

/** Waits before the same target is tried again; false, at once, when budget or time forbid it. */
async function pause(
  { clock, retries, standing, estimate }: DispatchContext,
  { deadline }: Errand,
  walk: Walk,
  step: Step,
  waits: BackoffState,
  asked: number,
): Promise<boolean> {
  const now = clock.monotonic();
  // With less than it usually takes a retry would mostly buy a timeout, which is billed too.
  const useful = standing.usual(step, walk.facets, estimate(walk.facets, 0, 0).input) ?? 0;
  const remaining = deadline - now - useful;
  const wait = nextWait(waits, {
    remaining,
    random: () => clock.random(),
    asked,
  });
  if (wait === undefined || !spend(retries((walk.route as Route).name), now, RETRY_BUDGET)) return false;
  await rest(clock, walk, wait);
  return true;
}

/** When everybody is full, the caller is told the earliest moment at which somebody is not. */
function told(walk: Walk, landing: Of<'failed'>): Of<'failed'> {
  const { failure } = landing;
  if (failure.kind !== 'rate_limited') return landing;
  const asked = walk.attempts.flatMap((a) => (a.failure?.after === undefined ? [] : [a.failure.after]));
  return asked.length === 0 ? landing : { ...landing, failure: { ...failure, after: Math.min(...asked) } };
}

function causeOf(before: Attempt | undefined, { tier, target }: Step): AttemptCause {
  if (!before) return 'first';
  if (before.tier !== tier.name) return 'fallback';
  const same = before.provider === target.provider && (target.model ?? before.model) === before.model;
  return same ? 'retry' : 'reroute';
}
