/**
 * Cap pile-up: silent truncation shows as too many results of exactly one length.
 *
 * Formula: ratio = count at length L / mean count of the `reach` lengths on either side; flagged above 5, with at least `minCount` results at L; p from the binomial of one length among 2·reach + 1.
 * Assumes: without a cap lengths vary smoothly at the scale of the reach.
 * Cost: O(distinct lengths · reach).
 * Lies when: answers are templated to one length, or the cap is applied before a rewrite that changes lengths.
 * Reference: McCrary 2008 (bunching at a threshold).
 */
import { checkPositive, checkPositiveCount } from '../check.ts';
import { StatsError } from '../error.ts';
import { binomialTail } from '../numeric/beta.ts';

export interface CapPileup {
  readonly length: number;
  readonly count: number;
  /** Count over the mean of its neighbours; the mean is taken as at least half a result. */
  readonly ratio: number;
  readonly p: number;
}

/** Suspicious lengths, strongest first. `lengths` are result sizes in bytes or tokens. */
export function capPileups(
  lengths: readonly number[],
  {
    factor = 5,
    reach = 50,
    minCount = 10,
  }: { readonly factor?: number; readonly reach?: number; readonly minCount?: number } = {},
): readonly CapPileup[] {
  checkPositive('factor', factor);
  checkPositiveCount('reach', reach);
  checkPositiveCount('minCount', minCount);
  const counts = new Map<number, number>();
  lengths.forEach((length, i) => {
    if (!Number.isSafeInteger(length) || length < 0)
      throw new StatsError(`lengths[${i}]`, `must be a whole number ≥ 0, got ${length}`);
    counts.set(length, (counts.get(length) ?? 0) + 1);
  });
  const found: CapPileup[] = [];
  for (const [length, count] of counts) {
    if (count < minCount) continue;
    let near = 0;
    for (let d = 1; d <= reach; d++) near += (counts.get(length - d) ?? 0) + (counts.get(length + d) ?? 0);
    // Nothing is ever longer than a cap: the lower side alone is then the neighbourhood.
    const above = Array.from({ length: reach }, (_, d) => counts.get(length + d + 1) ?? 0).some((c) => c > 0);
    const slots = above ? 2 * reach : reach;
    const ratio = count / Math.max(near / slots, 0.5);
    if (ratio > factor)
      found.push({ length, count, ratio, p: binomialTail(count, count + near, 1 / (slots + 1)) });
  }
  return found.sort((a, b) => b.ratio - a.ratio);
}
