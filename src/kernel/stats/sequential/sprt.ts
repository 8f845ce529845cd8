/**
 * Wald's sequential probability ratio test between two rates.
 *
 * Formula: Λ = Σ log(bad likelihood / good likelihood) over passes and failures; accept bad at Λ ≥ log((1−β)/α), good at Λ ≤ log(β/(1−α)).
 * Assumes: the true pass rate is one of the two, observations independent; error at most about α (calling good bad) and β (calling bad good).
 * Cost: one addition per step; state three fields.
 * Lies when: the true rate lies between the two: it then takes long and either answer is as good as a coin; when hypotheses are chosen after the first runs.
 * Reference: Wald 1945; Wald and Wolfowitz 1948 (no test with these errors needs fewer runs on average).
 */
import { checkInnerProbability, checkPositiveCount } from '../check.ts';
import { StatsError } from '../error.ts';
import type { Sequential } from './sequential.ts';

export interface SprtRule {
  /** Pass rate if good; must exceed `bad`. */
  readonly good: number;
  readonly bad: number;
  readonly alpha?: number;
  readonly beta?: number;
  /** Runs after which an open test ends as 'insufficient'. Fixed before the first run. */
  readonly maxN?: number;
}

export type SprtDecision = 'good' | 'bad' | 'open' | 'insufficient';

export interface SprtState {
  readonly n: number;
  readonly ratio: number;
  readonly decision: SprtDecision;
}

/** Test over single runs, 1 = passed. A decision is final: later runs change nothing. */
export function sprt(
  rule: SprtRule,
): Sequential<SprtState, number, SprtState & { upper: number; lower: number }> {
  const { good, bad, alpha = 0.05, beta = 0.05, maxN = Number.MAX_SAFE_INTEGER } = rule;
  checkInnerProbability('good', good);
  checkInnerProbability('bad', bad);
  if (!(good > bad)) throw new StatsError('bad', 'must be below good');
  checkInnerProbability('alpha', alpha);
  checkInnerProbability('beta', beta);
  if (alpha + beta >= 1) throw new StatsError('beta', 'must leave alpha + beta below 1');
  checkPositiveCount('maxN', maxN);
  const onPass = Math.log(bad / good);
  const onFail = Math.log1p(-bad) - Math.log1p(-good);
  const upper = Math.log((1 - beta) / alpha);
  const lower = Math.log(beta / (1 - alpha));
  return Object.freeze({
    start: Object.freeze({ n: 0, ratio: 0, decision: 'open' as const }),
    step(state: SprtState, passed: number): SprtState {
      if (passed !== 0 && passed !== 1) throw new StatsError('observation', `must be 0 or 1, got ${passed}`);
      if (state.decision !== 'open') return state;
      const n = state.n + 1;
      const ratio = state.ratio + (passed === 1 ? onPass : onFail);
      const decision = ratio >= upper ? 'bad' : ratio <= lower ? 'good' : n >= maxN ? 'insufficient' : 'open';
      return { n, ratio, decision };
    },
    read: (state: SprtState) => ({ ...state, upper, lower }),
  });
}

/** Wald's approximation of the mean number of runs when the true pass rate is `rate`. */
export function sprtExpectedRuns(rule: SprtRule, rate: number): number {
  const test = sprt(rule).read({ n: 0, ratio: 0, decision: 'open' });
  checkInnerProbability('rate', rate);
  const onPass = Math.log(rule.bad / rule.good);
  const onFail = Math.log1p(-rule.bad) - Math.log1p(-rule.good);
  const drift = rate * onPass + (1 - rate) * onFail;
  const spread = rate * onPass ** 2 + (1 - rate) * onFail ** 2;
  if (Math.abs(drift) < 1e-9 * Math.sqrt(spread)) return (-test.upper * test.lower) / spread;
  // P(accept bad) from the exponent t with E[e^{tΛ}] = 1, found by bisection away from the trivial root 0.
  const mgf = (t: number) => Math.log(rate * Math.exp(t * onPass) + (1 - rate) * Math.exp(t * onFail));
  const sign = drift < 0 ? 1 : -1;
  let hi = sign;
  while (mgf(hi) < 0) hi *= 2;
  let lo = hi;
  while (mgf(lo) > 0) lo /= 2;
  for (let i = 0; i < 200; i++) {
    const mid = (lo + hi) / 2;
    if (mgf(mid) < 0) lo = mid;
    else hi = mid;
  }
  const pBad = -Math.expm1(hi * test.lower) / (Math.exp(hi * test.upper) - Math.exp(hi * test.lower));
  return (pBad * test.upper + (1 - pBad) * test.lower) / drift;
}
