import type { Clock, Failure, Lane, Route } from '#contracts';
import { seen } from './failures.ts';
import { PROVEN, type Reliance } from './fallbacks/proofs.ts';
import type { Step } from './plan.ts';
import type { Errand } from './prepare.ts';
import type { Seat, Seats } from './seats.ts';
import type { Walk } from './walk.ts';

/** Place in the order of the target that has room, and the seat there; none where its calls are not counted. */
export interface Room {
  readonly at: number;
  readonly seat?: Seat;
}

/**
 * Where an exchange goes whose target is full: to the next that stands well and has room, of fallbacks one that is proven before
 * one that is not, else it waits for a place at the one
 * it was meant for. The batch lane does not leave its tier, for it has the time to wait, and is shed first when too many do.
 */
export async function findRoom(
  { clock, seats }: { readonly clock: Clock; readonly seats: Seats },
  { deadline, lane, own }: Pick<Errand, 'deadline' | 'lane' | 'own'>,
  walk: Walk,
  order: readonly Step[],
  at: number,
  open: (step: Step) => boolean,
  relies: Relies,
): Promise<Room | Failure> {
  const full = order[at] as Step;
  for (const i of byReliance(order, at, relies)) {
    const step = order[i] as Step;
    if (!open(step) || (lane === 'batch' && step.tier !== full.tier)) continue;
    const seat = step.target.concurrency && seats.take(step, walk);
    if (step.target.concurrency && !seat) continue;
    if (step.tier !== full.tier) walk.spilled = 'limit';
    return seat ? { at: i, seat } : { at: i };
  }
  // What nobody waits for does not stand in a queue before those for whom somebody does.
  if (own) return tooMany(walk, full, lane, 0);
  const { waitForTarget } = (walk.route as Route).config;
  // Who waits in front of a screen is better told soon; others have until their deadline.
  const until = lane === 'interactive' ? Math.min(deadline, clock.monotonic() + waitForTarget) : deadline;
  const got = await seats.wait(full, walk, lane, until, deadline);
  if (got === undefined) return seen(walk.stopped ?? 'client_left');
  return 'after' in got ? tooMany(walk, full, lane, got.after) : { at, seat: got };
}

/** How far a step may be relied on; undefined where a place is waited for rather than that it is asked. */
type Relies = (step: Step) => Reliance | undefined;

/** Places behind `at`: those of its own tier first, then fallbacks that are known to work. */
function byReliance(order: readonly Step[], at: number, relies: Relies): readonly number[] {
  const { tier } = order[at] as Step;
  const behind = order.flatMap((step, i) => {
    if (i <= at) return [];
    const rank = step.tier === tier ? PROVEN : relies(step);
    return rank === undefined ? [] : [{ i, rank }];
  });
  return behind.sort((a, b) => a.rank - b.rank).map(({ i }) => i);
}

function tooMany(walk: Walk, { target }: Step, lane: Lane, after: number): Failure {
  const { provider, model = walk.facets.model } = target;
  walk.deferral = { why: 'deadline', axis: 'concurrency', lane, provider, model, after, kept: false };
  return {
    ...seen(
      'rate_limited',
      `As many calls as ${provider}/${model} can bear are under way (providers.${provider}.concurrency), and a place comes too late for this ask; try again after retry-after.`,
    ),
    origin: 'midwatch',
    after,
  };
}
