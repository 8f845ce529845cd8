/**
 * Multinomial e-process: does the whole mix still follow the declared shares?
 *
 * Formula: E_n = [B(a+n)/B(a)] / Π θ0_k^(n_k); step for observed k: E *= ((a_k + n_k)/(Σa + n)) / θ0_k. Prior a = s·θ0, s = 20 by default.
 * Assumes: independent exchanges with shares exactly θ0 under the null. Two-sided: any departure counts, also a share that vanishes.
 * Cost: one logarithm per step; state K + 2 numbers.
 * Lies when: bursts make exchanges dependent (test on 5-minute blocks or thin by the design effect); when θ0 was estimated instead of declared; a flat prior makes it slow for small shifts (2,243 instead of 1,600 exchanges for 90/8/2 to 87/10/3).
 * Reference: Ville 1939; Robbins 1970 (mixture martingales); Lindon and Malek 2022 (multinomial form).
 */
import { checkInnerProbability, checkLength, checkPositive } from '../check.ts';
import { StatsError } from '../error.ts';
import type { Sequential } from './sequential.ts';

export interface MultinomialState {
  readonly n: number;
  readonly logE: number;
  readonly counts: readonly number[];
}

export interface MultinomialReading {
  readonly alarm: boolean;
  readonly statistic: number;
  readonly threshold: number;
  readonly n: number;
  readonly counts: readonly number[];
}

export interface MultinomialRule {
  /** Declared shares, each > 0, summing to 1. */
  readonly shares: readonly number[];
  readonly alpha?: number;
  /** Weight s of the prior a = s·θ0. */
  readonly strength?: number;
}

/** e-process over category indices 0…K−1. */
export function multinomialMix(
  rule: MultinomialRule,
): Sequential<MultinomialState, number, MultinomialReading> {
  const { shares, alpha = 0.01, strength = 20 } = rule;
  checkLength('shares', shares, 2);
  if (shares.length > 100) throw new StatsError('shares', 'must have at most 100 categories');
  shares.forEach((share, k) => {
    checkInnerProbability(`shares[${k}]`, share);
  });
  if (Math.abs(shares.reduce((a, b) => a + b, 0) - 1) > 1e-9) throw new StatsError('shares', 'must sum to 1');
  checkInnerProbability('alpha', alpha);
  checkPositive('strength', strength);
  const theta = [...shares];
  const threshold = -Math.log(alpha);
  return Object.freeze({
    start: Object.freeze({ n: 0, logE: 0, counts: Object.freeze(theta.map(() => 0)) }),
    step(state: MultinomialState, category: number): MultinomialState {
      const share = theta[category];
      if (share === undefined)
        throw new StatsError(
          'observation',
          `must be a category index below ${theta.length}, got ${category}`,
        );
      const seen = state.counts[category]!;
      const gain = (strength * share + seen) / ((strength + state.n) * share);
      const counts = state.counts.slice();
      counts[category] = seen + 1;
      return { n: state.n + 1, logE: state.logE + Math.log(gain), counts };
    },
    read: (state: MultinomialState) => ({
      alarm: state.logE >= threshold,
      statistic: state.logE,
      threshold,
      n: state.n,
      counts: state.counts,
    }),
  });
}
