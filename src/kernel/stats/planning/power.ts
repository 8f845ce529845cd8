import { checkInnerProbability } from '../check.ts';
import { StatsError } from '../error.ts';
import { normalQuantile } from '../numeric/normal.ts';

export interface PowerRule {
  /** Two-sided level unless said otherwise. */
  readonly alpha?: number;
  readonly power?: number;
}

export function powerQuantiles({ alpha = 0.05, power = 0.8 }: PowerRule): {
  readonly zAlpha: number;
  readonly zBeta: number;
} {
  checkInnerProbability('alpha', alpha);
  checkInnerProbability('power', power);
  return { zAlpha: normalQuantile(1 - alpha / 2), zBeta: normalQuantile(power) };
}

/** Smallest n ≥ from for which `enough` holds, `enough` increasing; doubling, then halving. */
export function smallestN(enough: (n: number) => boolean, from = 1, limit = 1e9): number {
  let hi = from;
  while (!enough(hi)) {
    hi *= 2;
    if (hi > limit) throw new StatsError('power', `needs more than ${limit} cases`);
  }
  let lo = Math.max(from - 1, Math.floor(hi / 2));
  while (hi - lo > 1) {
    const mid = Math.floor((lo + hi) / 2);
    if (enough(mid)) hi = mid;
    else lo = mid;
  }
  return hi;
}
