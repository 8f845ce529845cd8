/**
 * Dirichlet–multinomial: shares of a mix with their uncertainty.
 *
 * Formula: posterior Dirichlet(a + n); mean (a_k + n_k)/Σ; marginal interval Beta(a_k + n_k, Σ − a_k − n_k); log evidence log B(a + n) − log B(a).
 * Assumes: exchangeable observations; prior a_k = ½ each unless declared.
 * Cost: two Beta quantiles per category.
 * Lies when: categories come in bursts: intervals are then too short by the root of the design effect.
 * Reference: Gelman et al., Bayesian Data Analysis, section 3.4; Jeffreys 1946 (a = ½).
 */
import { checkCounts, checkInnerProbability, checkPositive, checkSameLength } from '../check.ts';
import { betaQuantile } from '../numeric/beta.ts';
import { logGamma } from '../numeric/gamma.ts';
import { drawGamma, type Random } from '../numeric/random.ts';
import type { Estimate } from '../types.ts';

export interface MixRule {
  /** Prior weights, one per category; ½ each when absent. */
  readonly prior?: readonly number[];
  readonly confidence?: number;
}

function posterior(counts: readonly number[], prior?: readonly number[]): number[] {
  checkCounts('counts', counts, 2);
  const a = prior ?? counts.map(() => 0.5);
  checkSameLength('counts', counts, 'prior', a);
  a.forEach((x, k) => {
    checkPositive(`prior[${k}]`, x);
  });
  return counts.map((n, k) => n + a[k]!);
}

/** Posterior mean and credible interval of every share. */
export function mixShares(
  counts: readonly number[],
  { prior, confidence = 0.95 }: MixRule = {},
): readonly Estimate[] {
  const a = posterior(counts, prior);
  checkInnerProbability('confidence', confidence);
  const total = a.reduce((x, y) => x + y, 0);
  const n = counts.reduce((x, y) => x + y, 0);
  const side = (1 - confidence) / 2;
  return a.map((x) => ({
    estimate: x / total,
    lower: betaQuantile(side, x, total - x),
    upper: betaQuantile(1 - side, x, total - x),
    n,
  }));
}

/** log probability of a sequence with these counts under the prior: for comparing explanations of a mix. */
export function mixLogEvidence(counts: readonly number[], prior?: readonly number[]): number {
  const after = posterior(counts, prior);
  const before = posterior(
    counts.map(() => 0),
    prior,
  );
  const logB = (a: readonly number[]) =>
    a.reduce((sum, x) => sum + logGamma(x), 0) - logGamma(a.reduce((x, y) => x + y, 0));
  return logB(after) - logB(before);
}

/** One draw of the shares from the posterior: the piece a Monte-Carlo forecast needs. */
export function drawMix(
  random: Random,
  counts: readonly number[],
  prior?: readonly number[],
): readonly number[] {
  const gammas = posterior(counts, prior).map((a) => drawGamma(random, a));
  const total = gammas.reduce((x, y) => x + y, 0);
  return gammas.map((g) => g / total);
}
