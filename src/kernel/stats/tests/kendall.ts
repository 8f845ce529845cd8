/**
 * Kendall's τ: do two rankings agree?
 *
 * Formula: τ_b = (concordant − discordant)/√((T0−T1)(T0−T2)), T0 = n(n−1)/2 less the tied pairs of either side. Exact p without ties for n ≤ 50, else normal with Kendall's tie-corrected variance; null sd without ties √(2(2n+5)/(9n(n−1))): .25 at n = 10.
 * Assumes: pairs (x_i, y_i) independent of each other.
 * Cost: O(n²).
 * Lies when: members of the two lists differ (use rank-biased overlap), or only the top matters: τ weighs a swap at the bottom like one at the top.
 * Reference: Kendall 1938, 1945; exact counts as in Hollander and Wolfe, section 8.1.
 */
import { checkPositiveCount, checkSameLength, checkSample } from '../check.ts';
import { StatsError } from '../error.ts';
import { normalTwoSided } from '../numeric/normal.ts';
import type { TestResult } from '../types.ts';

/** Standard deviation of τ when there is no association and no tie. */
export function kendallNullSd(n: number): number {
  checkPositiveCount('n', n);
  if (n < 2) throw new StatsError('n', 'must be at least 2');
  return Math.sqrt((2 * (2 * n + 5)) / (9 * n * (n - 1)));
}

/** P(inversions ≤ limit) among all permutations of n: Mahonian numbers, kept as probabilities. */
function inversionCdf(n: number, limit: number): number {
  const size = (n * (n - 1)) / 2 + 1;
  let mass = new Float64Array(size);
  mass[0] = 1;
  for (let i = 2; i <= n; i++) {
    const next = new Float64Array(size);
    let window = 0;
    for (let v = 0; v < size; v++) {
      window += mass[v]!;
      if (v >= i) window -= mass[v - i]!;
      next[v] = window / i;
    }
    mass = next;
  }
  let sum = 0;
  for (let v = 0; v <= limit; v++) sum += mass[v]!;
  return sum;
}

function tieGroups(x: ArrayLike<number>): number[] {
  const seen = new Map<number, number>();
  for (let i = 0; i < x.length; i++) seen.set(x[i]!, (seen.get(x[i]!) ?? 0) + 1);
  return [...seen.values()].filter((t) => t > 1);
}

/** τ_b and its two-sided p. Throws when one side is constant: there is no order to agree with. */
export function kendall(x: ArrayLike<number>, y: ArrayLike<number>): TestResult {
  checkSample('x', x, 2);
  checkSample('y', y, 2);
  checkSameLength('x', x, 'y', y);
  const n = x.length;
  let s = 0;
  for (let i = 1; i < n; i++) {
    for (let j = 0; j < i; j++) s += Math.sign(x[i]! - x[j]!) * Math.sign(y[i]! - y[j]!);
  }
  const tx = tieGroups(x);
  const ty = tieGroups(y);
  const over = (groups: readonly number[], f: (t: number) => number) =>
    groups.reduce((sum, t) => sum + f(t), 0);
  const pairs = (n * (n - 1)) / 2;
  const freeX = pairs - over(tx, (t) => (t * (t - 1)) / 2);
  const freeY = pairs - over(ty, (t) => (t * (t - 1)) / 2);
  if (freeX === 0) throw new StatsError('x', 'must not be constant');
  if (freeY === 0) throw new StatsError('y', 'must not be constant');
  const statistic = s / Math.sqrt(freeX * freeY);
  if (tx.length === 0 && ty.length === 0 && n <= 50) {
    const discordant = (pairs - Math.abs(s)) / 2;
    return { statistic, p: Math.min(1, 2 * inversionCdf(n, discordant)), n };
  }
  const v0 = n * (n - 1) * (2 * n + 5);
  const v = (t: number) => t * (t - 1) * (2 * t + 5);
  const v1 = over(tx, (t) => t * (t - 1)) * over(ty, (t) => t * (t - 1));
  const v2 = over(tx, (t) => t * (t - 1) * (t - 2)) * over(ty, (t) => t * (t - 1) * (t - 2));
  const variance =
    (v0 - over(tx, v) - over(ty, v)) / 18 +
    v1 / (2 * n * (n - 1)) +
    (n > 2 ? v2 / (9 * n * (n - 1) * (n - 2)) : 0);
  return { statistic, p: normalTwoSided(s / Math.sqrt(variance)), n };
}
