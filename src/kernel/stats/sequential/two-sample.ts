/**
 * Two-sample e-process: has the rate changed between old and new, without a known baseline?
 *
 * Formula: per block of one old and one new observation E *= θ_A(x)·θ_B(y) / (θ_0(x)·θ_0(y)), θ_A, θ_B the running Beta(.18, .18) predictives from past blocks, θ_0 their mean; θ(1) = θ, θ(0) = 1 − θ. Evidence at 1/α.
 * Assumes: old and new observations independent with one common rate under the null; nothing about that rate.
 * Cost: four divisions and a logarithm per block; state four numbers.
 * Lies when: pairs are formed by looking at outcomes; when the old side is a rolling window that already holds the change. Needs more blocks than a test with a known baseline.
 * Reference: Turner, Ly and Grünwald, "Generic e-variables for exact sequential k-sample tests", 2024.
 */
import { checkInnerProbability, checkPositive } from '../check.ts';
import { StatsError } from '../error.ts';
import type { Sequential } from './sequential.ts';

export interface TwoSampleState {
  /** Blocks seen. */
  readonly n: number;
  readonly logE: number;
  readonly before: number;
  readonly after: number;
}

export interface Block {
  readonly before: number;
  readonly after: number;
}

export interface TwoSampleReading {
  readonly alarm: boolean;
  /** log E. */
  readonly statistic: number;
  readonly threshold: number;
  readonly n: number;
  /** Events so far on either side, each of n. */
  readonly before: number;
  readonly after: number;
}

/** e-process over blocks; may be read after every block. Alarm is P ≤ alpha over all time under the null. */
export function twoSampleRates(
  rule: { readonly alpha?: number; readonly prior?: number } = {},
): Sequential<TwoSampleState, Block, TwoSampleReading> {
  const { alpha = 0.05, prior = 0.18 } = rule;
  checkInnerProbability('alpha', alpha);
  checkPositive('prior', prior);
  const threshold = -Math.log(alpha);
  return Object.freeze({
    start: Object.freeze({ n: 0, logE: 0, before: 0, after: 0 }),
    step(state: TwoSampleState, { before: x, after: y }: Block): TwoSampleState {
      if (x !== 0 && x !== 1) throw new StatsError('observation.before', `must be 0 or 1, got ${x}`);
      if (y !== 0 && y !== 1) throw new StatsError('observation.after', `must be 0 or 1, got ${y}`);
      const weight = state.n + 2 * prior;
      const a = (state.before + prior) / weight;
      const b = (state.after + prior) / weight;
      const mid = (a + b) / 2;
      const gain =
        ((x === 1 ? a : 1 - a) * (y === 1 ? b : 1 - b)) /
        ((x === 1 ? mid : 1 - mid) * (y === 1 ? mid : 1 - mid));
      return {
        n: state.n + 1,
        logE: state.logE + Math.log(gain),
        before: state.before + x,
        after: state.after + y,
      };
    },
    read: (state: TwoSampleState) => ({
      alarm: state.logE >= threshold,
      statistic: state.logE,
      threshold,
      n: state.n,
      before: state.before,
      after: state.after,
    }),
  });
}
