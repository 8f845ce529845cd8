import type { Log, MonotonicMs, Route } from '#contracts';
import { type Lag, outcomeOf } from '#kernel';
import { HEDGE, type HedgeState, hedging } from '#kernel/resilience';
import { acts } from './acting.ts';
import type { Flight, Landing } from './attempt.ts';
import type { Climate } from './climate.ts';
import { seen } from './failures.ts';
import { fair } from './fair.ts';
import { type Proofs, type Reliance, UNPROVEN } from './fallbacks/proofs.ts';
import { type FlyContext, fly } from './fly.ts';
import { Lengths } from './lengths.ts';
import type { Step } from './plan.ts';
import { type Errand, type PrepareContext, type Prepared, prepare } from './prepare.ts';
import type { Seats } from './seats.ts';
import type { Standing } from './standing.ts';
import { endTry, type Try, triesOf, type Walk } from './walk.ts';
import type { Watchdog } from './watchdog.ts';
import type { Weather } from './weather.ts';

const hedge = hedging(HEDGE);
/** Routes times models; callers choose model names. */
const MOST = 1_000;

/** What is known of first tokens, by route, model and whether answers come whole. */
export class Hedges {
  readonly lengths = new Lengths();
  private readonly states = new Map<string, HedgeState>();

  of(route: string, model: string, stream: boolean): HedgeState {
    const name = `${route} ${model} ${stream}`;
    const known = this.states.get(name);
    if (known) return known;
    if (this.states.size >= MOST) this.states.clear();
    const fresh = hedge.create();
    this.states.set(name, fresh);
    return fresh;
  }
}

export interface HedgeContext extends PrepareContext, FlyContext {
  readonly log: Log;
  readonly standing: Standing;
  readonly proofs: Proofs;
  readonly hedges: Hedges;
  readonly climate: Climate;
  readonly weather: Weather;
  readonly seats: Seats;
}

interface Arrival {
  readonly one: Try;
  readonly landing: Landing;
}

/** A try in the race. */
interface Racer {
  readonly flight: Flight;
  readonly arrives: Promise<Arrival>;
}

/**
 * Makes a try and, when its first output is late beyond the live 95th percentile, asks once more, and a third time where that is
 * late as well: elsewhere where somebody else stands well, else the same target again; never where the provider would act twice. The first that lands well wins; the others
 * are cut, and their bills settled as estimates. With none that lands well the last to fail is told, or a refusal, which is better.
 */
export async function hedged(
  ctx: HedgeContext,
  errand: Errand,
  walk: Walk,
  order: readonly Step[],
  at: number,
  first: Prepared,
): Promise<Arrival> {
  const { clock, watchdog } = ctx;
  const { model, stream } = walk.facets;
  const state = ctx.hedges.of((walk.route as Route).name, model, stream);
  const { lengths } = ctx.hedges;
  const kind = {
    inputTokens: ctx.estimate(walk.facets, 0, 0).input,
    outputTokens: stream ? undefined : lengths.expected(walk),
  };
  const begun = first.one.start;
  hedge.request(state);
  const start = (ready: Prepared): Racer => {
    const { one } = ready;
    const { flight, landed } = fly(ctx, errand.deadline, walk, ready);
    const arrives = landed.then((landing) => {
      const now = clock.monotonic();
      if (landing.kind !== 'failed' || landing.failure.kind === 'hedge_lost') {
        const firstToken = firstSeen(ctx.lag, one, now);
        if (firstToken !== undefined) hedge.observe(state, { now, firstToken, ...kind });
      }
      if (landing.kind === 'whole')
        lengths.saw(walk, landing.reading.usage.output + landing.reading.usage.reasoning);
      return { one, landing };
    });
    return { flight, arrives };
  };
  const primary = start(first);
  const delay = hedge.delay(state, {
    ...kind,
    remaining: errand.deadline - begun,
    usual: usualOf(ctx, walk, first.one),
  });
  if (delay === undefined) return primary.arrives;

  let field = [primary];
  let sent = 0;
  let asked = false;
  let wait: number | undefined = delay;
  let failed: { readonly racer: Racer; readonly arrival: Arrival } | undefined;
  for (;;) {
    const next = await soonest(watchdog, field, wait === undefined ? undefined : clock.monotonic() + wait);
    if (next === undefined) {
      if (acts(walk.body)) {
        wait = undefined;
        continue;
      }
      // Those who are merely late are gone when it is asked again; the straggler is still waiting.
      const patient = asked || sent > 0;
      asked = true;
      wait = HEDGE.again;
      if (!hedge.spend(state, patient)) continue;
      const ready = await spare(ctx, errand, walk, order, at);
      if (ready) {
        field.push(start(ready));
        walk.rivals = field.map(({ flight }) => flight);
        sent++;
      }
      // One that begins when the time is nearly over buys a second timeout.
      const worth = sent < HEDGE.most && 2 * delay <= errand.deadline - clock.monotonic();
      wait = ready && worth ? hedge.second(state, kind, delay) : undefined;
      continue;
    }
    const { racer, arrival } = next;
    field = field.filter((one) => one !== racer);
    if (arrival.landing.kind !== 'failed') {
      if (field.length === 0 && !failed) return won(walk, racer, arrival);
      for (const { flight } of field) flight.cut('hedge_lost');
      for (const loser of field) close(ctx, walk, loser, await loser.arrives);
      if (failed) close(ctx, walk, failed.racer, failed.arrival);
      return won(walk, racer, arrival);
    }
    const [better, worse] = failed && told(failed.arrival) ? [failed, next] : [next, failed];
    if (worse) close(ctx, walk, worse.racer, worse.arrival);
    failed = better;
    if (field.length === 0) return won(walk, better.racer, better.arrival);
  }
}

/** Of a loser the time at which it was given up; undefined where we were too late ourselves to know. */
function firstSeen(lag: Lag, one: Try, now: MonotonicMs): number | undefined {
  if (lag.stood(one.start, now)) return undefined;
  return one.firstToken === undefined
    ? fair(now - one.start, one.late + lag.late(now))
    : fair(one.firstToken, one.late);
}

/** Is it an answer all the same, for want of a better one? */
const told = ({ landing }: Arrival): boolean => landing.kind === 'failed' && landing.unwanted !== undefined;

function won(walk: Walk, { flight }: Racer, arrival: Arrival): Arrival {
  walk.flight = flight;
  walk.rivals = undefined;
  return arrival;
}

/** What the first tokens of a route too quiet to know its own are like at this hour. */
function usualOf({ climate }: HedgeContext, walk: Walk, { step, model }: Try): number | undefined {
  const { byHour } = (walk.route as Route).config.timeouts;
  return byHour ? climate.normal(step, model, walk.facets, HEDGE.quantile) : undefined;
}

/** The first to arrive; undefined when it is `late` before. */
function soonest(
  watchdog: Watchdog,
  field: readonly Racer[],
  late: MonotonicMs | undefined,
): Promise<{ readonly racer: Racer; readonly arrival: Arrival } | undefined> {
  return new Promise((resolve) => {
    // Nearly every try lands in time: a timer of its own for each would cost more than the race.
    const dog = late === undefined ? undefined : watchdog.watch(() => resolve(undefined));
    dog?.expect('timeout_first_token', late as MonotonicMs);
    for (const racer of field)
      void racer.arrives.then((arrival) => {
        dog?.stop();
        resolve({ racer, arrival });
      });
  });
}

/** A further try, ready to be made; undefined where nobody may be asked again, or nobody has room: a hedge waits for no place. */
async function spare(
  ctx: HedgeContext,
  errand: Errand,
  walk: Walk,
  order: readonly Step[],
  at: number,
): Promise<Prepared | undefined> {
  const step = backup(ctx, order, at, walk);
  const { perTarget } = (walk.route as Route).config.attempts;
  if (walk.stopped || !ctx.tries.may(walk) || triesOf(walk, step) >= perTarget) return undefined;
  const seat = step.target.concurrency && ctx.seats.take(step, walk);
  if (step.target.concurrency && !seat) return undefined;
  const ready = await prepare(ctx, errand, walk, step, 'hedge', false);
  if (ready.kind === 'hindered' || walk.stopped) {
    seat?.leave();
    return undefined;
  }
  if (seat) ready.one.seat = seat;
  return ready;
}

/**
 * The next target that stands well and was asked least, of those a fallback that is proven first; where there is none, the same one: a straggler is often one connection,
 * not one provider.
 */
export function backup(
  { standing, proofs }: Pick<HedgeContext, 'standing' | 'proofs'>,
  order: readonly Step[],
  at: number,
  walk: Walk,
): Step {
  const open = standing.open(order, walk.facets);
  let best = order[at] as Step;
  let least = Number.POSITIVE_INFINITY;
  let closest: Reliance = UNPROVEN;
  for (let i = at + 1; i < order.length; i++) {
    const step = order[i] as Step;
    const tries = triesOf(walk, step);
    if (tries > least || !open(step)) continue;
    const reliance = proofs.relies(walk.route as Route, step);
    if (reliance === undefined || (tries === least && reliance >= closest)) continue;
    best = step;
    least = tries;
    closest = reliance;
  }
  return best;
}

/** The row of a try that did not serve; one may land well and all the same be too late. */
function close(ctx: HedgeContext, walk: Walk, { flight }: Racer, { one, landing }: Arrival): void {
  const failure = landing.kind === 'failed' ? landing.failure : seen('hedge_lost');
  const reading = landing.kind === 'streaming' ? flight.scanner?.read(false) : landing.reading;
  endTry(one, ctx, walk, { outcome: outcomeOf(failure.kind), failure, ...(reading && { reading }) });
}
