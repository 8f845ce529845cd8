/**
 * Wilson score interval for a rate.
 *
 * Formula: (p̂ + z²/2n ± z·√(p̂(1−p̂)/n + z²/4n²)) / (1 + z²/n), z the normal quantile of (1 + confidence)/2.
 * Assumes: n independent trials with one common rate; n fixed before looking.
 * Cost: O(1), about 0.1 µs.
 * Lies when: trials depend on each other (divide n by the design effect first), or when it is looked at again and again until it excludes something: use the confidence sequence for a rate there.
 * Reference: Wilson 1927; recommended over the normal interval by Brown, Cai and DasGupta 2001; vectors in Newcombe 1998.
 */
import { checkInnerProbability, checkTrials } from '../check.ts';
import { normalQuantile } from '../numeric/normal.ts';
import type { Estimate } from '../types.ts';

/** Score interval for k successes of n trials. Throws StatsError on n < 1, k outside 0…n, confidence outside (0, 1). */
export function wilson(k: number, n: number, confidence = 0.95): Estimate {
  checkTrials('k', k, 'n', n);
  checkInnerProbability('confidence', confidence);
  const z = normalQuantile((1 + confidence) / 2);
  const p = k / n;
  const zz = z * z;
  const centre = p + zz / (2 * n);
  const half = z * Math.sqrt((p * (1 - p)) / n + zz / (4 * n * n));
  const scale = 1 + zz / n;
  // At k = 0 and k = n centre and half are equal in exact arithmetic; rounding must not leave a negative zero-bound.
  return {
    estimate: p,
    lower: k === 0 ? 0 : Math.max(0, (centre - half) / scale),
    upper: k === n ? 1 : Math.min(1, (centre + half) / scale),
    n,
  };
}
