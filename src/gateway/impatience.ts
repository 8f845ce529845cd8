import type { Clock, Route } from '#contracts';
import { RETRY_BUDGET, type ShareBudgetState, spend } from '#kernel/resilience';
import { acts } from './acting.ts';
import type { Climate } from './climate.ts';
import type { Proofs } from './fallbacks/proofs.ts';
import type { Step } from './plan.ts';
import type { Standing } from './standing.ts';
import type { Tries } from './tries.ts';
import type { Impatience, Try, Walk } from './walk.ts';

interface Context {
  readonly clock: Clock;
  readonly climate: Climate;
  readonly standing: Standing;
  readonly proofs: Proofs;
  readonly tries: Tries;
  readonly retries: (route: string) => ShareBudgetState;
}

/**
 * How long the first token of this try is waited for by the hour of the week; undefined where the route's own limit alone holds:
 * nobody else could answer, less than four weeks are known, or nothing streams. What it costs in further tries comes out of the
 * retry budget, so that a provider of which every answer has become late is not asked for twice as many.
 */
export function impatienceOf(
  { clock, climate, standing, proofs, retries, tries }: Context,
  walk: Walk,
  order: readonly Step[],
  at: number,
  { step, model, start }: Try,
): Impatience | undefined {
  const route = walk.route as Route;
  const { name, config } = route;
  if (!walk.facets.stream || !tries.may(walk)) return undefined;
  const patience = climate.patience(step, model, walk.facets);
  if (patience === undefined || patience >= config.timeouts.firstToken) return undefined;
  const open = standing.open(order, walk.facets);
  if (!order.some((other, i) => i > at && open(other) && proofs.relies(route, other) !== undefined))
    return undefined;
  return {
    // Whole: a limit that falls between two readings of a clock would be looked at again and again.
    at: Math.ceil(start + patience),
    may: () => !acts(walk.body) && spend(retries(name), clock.monotonic(), RETRY_BUDGET),
    hint: `The provider sent no output within ${(patience / 1_000).toFixed(1)} s, 1.5 × the p99 that is normal for it at this hour (timeouts.byHour).`,
  };
}
