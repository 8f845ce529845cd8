/**
 * Permutation tests.
 *
 * Formula: p = (1 + #{permuted statistic ≥ observed})/(1 + permutations): the observed labelling counts as one of them, so p is never 0 and the test is exact at any number of permutations.
 * Assumes: labels exchangeable under the null, within each stratum when strata are given; signs of paired differences exchangeable.
 * Cost: permutations × statistic; 199 are the fewest for α = .05 with a margin, 999 for .01.
 * Lies when: observations of one Case stand on both sides without a stratum, or spreads differ and the statistic is a mean difference.
 * Reference: Fisher 1935, Pitman 1937; Phipson and Smyth 2010 (the plus one).
 */
import { checkLength, checkPositiveCount, checkSameLength, checkSample } from '../check.ts';
import { mean } from '../numeric/order.ts';
import { permuteWithin, strataOf } from '../numeric/permute.ts';
import type { Random } from '../numeric/random.ts';
import type { TestResult } from '../types.ts';

// Equal in exact arithmetic must count as equal after rounding, or the test becomes anticonservative on ties.
const TIE = 1e-12;

export interface PermutationRule {
  readonly random: Random;
  readonly permutations?: number;
  /** Stratum of each pooled observation, x first. */
  readonly strata?: readonly (string | number)[];
  /** Larger means more different; |mean difference| by default. */
  readonly statistic?: (x: readonly number[], y: readonly number[]) => number;
}

/** Two-sample permutation test. */
export function permutationTest(
  x: readonly number[],
  y: readonly number[],
  rule: PermutationRule,
): TestResult {
  const { random, permutations = 999, strata, statistic = (a, b) => Math.abs(mean(a) - mean(b)) } = rule;
  checkSample('x', x);
  checkSample('y', y);
  checkPositiveCount('permutations', permutations);
  const pooled = [...x, ...y];
  if (strata) checkSameLength('x and y', pooled, 'strata', strata);
  const groups = strata && strataOf(strata);
  const labels = Uint8Array.from(pooled, (_, i) => (i < x.length ? 1 : 0));
  const observed = statistic(x, y);
  let extreme = 1;
  for (let b = 0; b < permutations; b++) {
    permuteWithin(labels, groups, random);
    const left = pooled.filter((_, i) => labels[i] === 1);
    const right = pooled.filter((_, i) => labels[i] === 0);
    if (statistic(left, right) >= observed - TIE * Math.abs(observed)) extreme++;
  }
  return { statistic: observed, p: extreme / (permutations + 1), n: pooled.length };
}

/** Sign-flip test of paired differences, two-sided on the mean. */
export function signFlipTest(
  differences: readonly number[],
  { random, permutations = 999 }: { readonly random: Random; readonly permutations?: number },
): TestResult {
  checkLength('differences', differences);
  checkSample('differences', differences);
  checkPositiveCount('permutations', permutations);
  const n = differences.length;
  const total = differences.reduce((a, b) => a + b, 0);
  const size = differences.reduce((a, b) => a + Math.abs(b), 0);
  let extreme = 1;
  for (let b = 0; b < permutations; b++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += random() < 0.5 ? differences[i]! : -differences[i]!;
    if (Math.abs(sum) >= Math.abs(total) - TIE * size) extreme++;
  }
  return { statistic: total / n, p: extreme / (permutations + 1), n };
}
