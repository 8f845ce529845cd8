/**
 * Rule of three: what zero failures prove.
 *
 * Formula: failure rate ≤ 1 − α^(1/n) ≈ 3/n at α = .05; success rate ≥ α^(1/n); n needed = ⌈ln α / ln p⌉: 59 for 95 %, 299 for 99 %.
 * Assumes: n independent trials, none of which failed.
 * Cost: O(1).
 * Lies when: the trials were retried until they passed, or a failed one was left out: then nothing was proven at all.
 * Reference: Hanley and Lippman-Hand 1983.
 */
import { checkInnerProbability, checkPositiveCount } from '../check.ts';

/** Upper bound of the failure rate after n trials without a failure. */
export function ruleOfThree(n: number, alpha = 0.05): number {
  checkPositiveCount('n', n);
  checkInnerProbability('alpha', alpha);
  return -Math.expm1(Math.log(alpha) / n);
}

/** Trials without a failure that prove a success rate ≥ p at level alpha. */
export function trialsToProve(p: number, alpha = 0.05): number {
  checkInnerProbability('p', p);
  checkInnerProbability('alpha', alpha);
  return Math.ceil(Math.log(alpha) / Math.log(p) - 1e-12);
}
