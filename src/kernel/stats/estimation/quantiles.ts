/**
 * Exact quantiles, median and MAD of a sample.
 *
 * Formula: Hyndman–Fan type 7, h = (n−1)q between neighbouring order statistics; MAD = median |x − median|, times 1.4826 for the scale of a normal.
 * Assumes: nothing but finite values.
 * Cost: O(n log n) for the sort.
 * Lies when: more than half the values are equal: MAD is then 0 although the sample varies; for streams use the sketch.
 * Reference: Hyndman and Fan 1996; Hampel 1974 (MAD).
 */
import { checkProbability, checkSample } from '../check.ts';
import { sorted, sortedQuantile } from '../numeric/order.ts';

/** Quantile q ∈ [0, 1] of an unsorted sample, linear between order statistics (type 7). */
export function quantile(x: ArrayLike<number>, q: number): number {
  checkSample('x', x);
  checkProbability('q', q);
  return sortedQuantile(sorted(x), q);
}

/** Several quantiles for one sort. */
export function quantiles(x: ArrayLike<number>, qs: readonly number[]): readonly number[] {
  checkSample('x', x);
  const ascending = sorted(x);
  return qs.map((q) => sortedQuantile(ascending, q));
}

export function median(x: ArrayLike<number>): number {
  return quantile(x, 0.5);
}

/** Median absolute deviation, unscaled. */
export function medianAbsoluteDeviation(x: ArrayLike<number>): number {
  const m = median(x);
  return median(Float64Array.from(x, (value) => Math.abs(value - m)));
}
