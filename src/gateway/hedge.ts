import type { Clock, Route } from '#contracts';
import { outcomeOf } from '#kernel';
import { HEDGE, type HedgeState, hedging } from '#kernel/resilience';
import type { Landing } from './attempt.ts';
import type { Climate } from './climate.ts';
import { seen } from './failures.ts';
import type { Proofs } from './fallbacks/proofs.ts';
import { type Flown, type FlyContext, fly } from './fly.ts';
import type { Step } from './plan.ts';
import { type Errand, type PrepareContext, type Prepared, prepare } from './prepare.ts';
import type { Seats } from './seats.ts';
import type { Standing } from './standing.ts';
import { endTry, type Try, triesOf, type Walk } from './walk.ts';

const hedge = hedging(HEDGE);
/** Routes times models; callers choose model names. */
const MOST = 1_000;

/** What is known of first tokens, by route, model and whether answers come whole. */
export class Hedges {
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
  readonly standing: Standing;
  readonly proofs: Proofs;
  readonly hedges: Hedges;
  readonly climate: Climate;
  readonly seats: Seats;
}

interface Arrival {
  readonly one: Try;
  readonly landing: Landing;
}

/**
 * Makes a try and, when its first output is late beyond the live 95th percentile, asks once more: elsewhere where somebody else
 * stands well, else the same target again. The first that lands well wins; the other is cut, and its bill settled as an estimate.
 */
export async function hedged(
  ctx: HedgeContext,
  errand: Errand,
  walk: Walk,
  order: readonly Step[],
  at: number,
  first: Prepared,
): Promise<Arrival> {
  const { clock } = ctx;
  const { model, stream } = walk.facets;
  const state = ctx.hedges.of((walk.route as Route).name, model, stream);
  const inputTokens = ctx.estimate(walk.facets, 0, 0).input;
  const begun = first.one.start;
  hedge.request(state, begun);
  const arrived = (one: Try, landing: Landing): Arrival => {
    const firstToken = one.firstToken ?? clock.monotonic() - one.start;
    if (landing.kind !== 'failed' || landing.failure.kind === 'hedge_lost')
      hedge.observe(state, { now: clock.monotonic(), firstToken, inputTokens });
    return { one, landing };
  };
  const primary = fly(ctx, errand.deadline, walk, first);
  const main = primary.landed.then((landing) => arrived(first.one, landing));
  const { step, model: sent } = first.one;
  const usual = (walk.route as Route).config.timeouts.byHour
    ? ctx.climate.normal(step, sent, walk.facets, HEDGE.quantile)
    : undefined;
  const delay = hedge.delay(state, {
    inputTokens,
    remaining: errand.deadline - begun,
    ...(usual !== undefined && { usual }),
  });
  if (delay === undefined || !(await late(clock, delay, main, () => hedge.spend(state, clock.monotonic()))))
    return main;
  const spareStep = backup(ctx, order, at, walk);
  const { perExchange, perTarget } = (walk.route as Route).config.attempts;
  if (walk.made.length >= perExchange || triesOf(walk, spareStep) >= perTarget) return main;
  // A hedge waits for nobody's place.
  const seat = spareStep.target.concurrency && ctx.seats.take(spareStep, walk.facets);
  if (spareStep.target.concurrency && !seat) return main;
  const ready = await prepare(ctx, errand, walk, spareStep, 'hedge', false);
  if (ready.kind === 'hindered' || walk.stopped) {
    seat?.leave();
    return main;
  }
  if (seat) ready.one.seat = seat;
  const second = fly(ctx, errand.deadline, walk, ready);
  walk.rival = primary.flight;
  const spare = second.landed.then((landing) => arrived(ready.one, landing));
  const winner = await settle(ctx, walk, { flown: primary, told: main }, { flown: second, told: spare });
  walk.rival = undefined;
  return winner;
}

/** True when the delay is over before a landing and the budget has room for a hedge; asked again while the try still waits. */
async function late(
  clock: Clock,
  delay: number,
  landing: Promise<Arrival>,
  spend: () => boolean,
): Promise<boolean> {
  for (let wait = delay; ; wait = HEDGE.again) {
    const { promise: over, resolve } = Promise.withResolvers<true>();
    const cancel = clock.after(wait, () => resolve(true));
    const first = await Promise.race([over, landing]);
    cancel();
    if (first !== true) return false;
    if (spend()) return true;
  }
}

/** The next target that stands well; where there is none, the same one: a straggler is often one connection, not one provider. */
function backup({ standing }: HedgeContext, order: readonly Step[], at: number, walk: Walk): Step {
  const open = standing.open(order, walk.facets);
  return order.find((step, i) => i > at && open(step)) ?? (order[at] as Step);
}

interface Racer {
  readonly flown: Flown;
  readonly told: Promise<Arrival>;
}

/** The first good landing; a failed one only when both have failed, and then the second to fail. */
async function settle(ctx: HedgeContext, walk: Walk, a: Racer, b: Racer): Promise<Arrival> {
  const [winner, loser, first] = await Promise.race([
    a.told.then((arrival) => [a, b, arrival] as const),
    b.told.then((arrival) => [b, a, arrival] as const),
  ]);
  if (first.landing.kind === 'failed') {
    const last = await loser.told;
    // A refusal is a better answer than none.
    if (last.landing.kind === 'failed' && first.landing.unwanted) {
      close(ctx, walk, loser, last);
      walk.flight = winner.flown.flight;
      return first;
    }
    close(ctx, walk, winner, first);
    walk.flight = loser.flown.flight;
    return last;
  }
  loser.flown.flight.cut('hedge_lost');
  close(ctx, walk, loser, await loser.told);
  walk.flight = winner.flown.flight;
  return first;
}

/** The row of a try that did not serve; one may land well and all the same be too late. */
function close(ctx: HedgeContext, walk: Walk, { flown }: Racer, { one, landing }: Arrival): void {
  const failure = landing.kind === 'failed' ? landing.failure : seen('hedge_lost');
  const reading = landing.kind === 'streaming' ? flown.flight.scanner?.read(false) : landing.reading;
  endTry(one, ctx, walk, { outcome: outcomeOf(failure.kind), failure, ...(reading && { reading }) });
}
