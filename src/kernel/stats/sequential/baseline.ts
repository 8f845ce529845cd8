/**
 * Baseline of a rate that cannot swallow the change it should show.
 *
 * Formula: counts with exponential forgetting, k ← k·2^(−1/H) + x and n likewise; the bound is Clopper–Pearson on the whole-number effective counts, rounded against the detector; nothing is learned while the evidence of a change stands at or above `freezeAt` or a Finding is open.
 * Assumes: the stretch learned from was healthy.
 * Cost: two multiplications per step, one Beta quantile per reading.
 * Lies when: the rate creeps so slowly that evidence never rises: pair it with a declared limit.
 * Reference: Clopper and Pearson 1934; the freeze is the usual guard against contaminated rolling baselines.
 */
import { checkInnerProbability, checkPositive } from '../check.ts';
import { StatsError } from '../error.ts';
import { clopperPearsonLower, clopperPearsonUpper } from '../intervals/clopper-pearson.ts';
import type { Sequential } from './sequential.ts';

export interface RateBaselineState {
  readonly events: number;
  readonly weight: number;
  readonly frozen: boolean;
}

export interface BaselineObservation {
  readonly x: number;
  /** Statistic of the detector that watches this stream, log(1 + R). */
  readonly evidence: number;
  /** A Finding on this stream is open. */
  readonly open?: boolean;
}

export interface RateBaselineReading {
  /** Absent before the first observation. */
  readonly rate?: number;
  readonly lower: number;
  readonly upper: number;
  readonly n: number;
  readonly frozen: boolean;
  /** 'bound': give the detector the bound; 'two-sample': fewer than 50/rate observations, use the two-sample form. */
  readonly use: 'bound' | 'two-sample';
}

export interface RateBaselineRule {
  /** Observations after which half the weight is forgotten; none is when absent. */
  readonly halfLife?: number;
  /** Level of log(1 + R) from which nothing is learned. */
  readonly freezeAt?: number;
  /** One-sided confidence of either bound. */
  readonly confidence?: number;
}

export function rateBaseline(
  rule: RateBaselineRule = {},
): Sequential<RateBaselineState, BaselineObservation, RateBaselineReading> {
  const { halfLife, freezeAt = Math.log(100), confidence = 0.975 } = rule;
  if (halfLife !== undefined) checkPositive('halfLife', halfLife);
  checkPositive('freezeAt', freezeAt);
  checkInnerProbability('confidence', confidence);
  const keep = halfLife === undefined ? 1 : 2 ** (-1 / halfLife);
  return Object.freeze({
    start: Object.freeze({ events: 0, weight: 0, frozen: false }),
    step(state: RateBaselineState, { x, evidence, open = false }: BaselineObservation): RateBaselineState {
      if (x !== 0 && x !== 1) throw new StatsError('observation.x', `must be 0 or 1, got ${x}`);
      if (!(evidence >= 0)) throw new StatsError('observation.evidence', `must be ≥ 0, got ${evidence}`);
      if (open || evidence >= freezeAt) return state.frozen ? state : { ...state, frozen: true };
      return { events: state.events * keep + x, weight: state.weight * keep + 1, frozen: false };
    },
    read(state: RateBaselineState): RateBaselineReading {
      const n = Math.floor(state.weight + 1e-9);
      if (n === 0) return { lower: 0, upper: 1, n: 0, frozen: state.frozen, use: 'two-sample' };
      const rate = state.events / state.weight;
      const k = rate * n;
      return {
        rate,
        lower: clopperPearsonLower(Math.floor(k + 1e-9), n, confidence),
        upper: clopperPearsonUpper(Math.min(n, Math.ceil(k - 1e-9)), n, confidence),
        n,
        frozen: state.frozen,
        use: n * rate < 50 ? 'two-sample' : 'bound',
      };
    },
  });
}
