/**
 * Gaussian CUSUM for a standardised level.
 *
 * Formula: S = max(0, S + clip(±z, ±clip) − k), alarm at S ≥ h; k = δ/2 for a shift of δ standard deviations; ARL0 ≈ (e^{2kh'} − 2kh' − 1)/(2k²), h' = h + 1.166.
 * Assumes: z is standard normal and independent while nothing has changed: residuals of log cost after regression, or log p95 minus its hour-of-week baseline over its scale.
 * Cost: a few additions per step; state three numbers.
 * Lies when: residuals are autocorrelated (the usual case for latency): then the ARL formula is wrong by an order of magnitude and (k, h) must come from block-bootstrap calibration; when σ was estimated with an outage in it; heavy tails without clipping.
 * Reference: Page 1954; Siegmund 1985 (ARL approximation); Montgomery, Statistical Quality Control, section 9.1.
 */
import { checkFinite, checkPositive } from '../check.ts';
import { StatsError } from '../error.ts';
import { CUSUM_START, type CusumState, cusumReading } from './cusum.ts';
import type { AlarmReading, Sequential } from './sequential.ts';

export interface GaussianCusumRule {
  /** Allowance per step, in standard deviations. */
  readonly k: number;
  readonly h: number;
  /** 'up' for dearer or slower, 'down' for savings. */
  readonly direction?: 'up' | 'down';
  /** Bound on |z|: one wild value must not raise an alarm alone. No bound when absent. */
  readonly clip?: number;
}

/** CUSUM over standardised observations z. */
export function gaussianCusum(rule: GaussianCusumRule): Sequential<CusumState, number, AlarmReading> {
  const { k, h, direction = 'up', clip = Number.MAX_VALUE } = rule;
  checkPositive('k', k);
  checkPositive('h', h);
  checkPositive('clip', clip);
  const sign = direction === 'up' ? 1 : -1;
  return Object.freeze({
    start: CUSUM_START,
    step(state: CusumState, z: number): CusumState {
      if (!Number.isFinite(z)) throw new StatsError('observation', `must be a finite number, got ${z}`);
      const n = state.n + 1;
      const sum = state.sum + Math.min(clip, Math.max(-clip, sign * z)) - k;
      return sum > 0 ? { n, sum, since: state.since } : { n, sum: 0, since: n };
    },
    read: (state: CusumState) => cusumReading(state, h),
  });
}

/** Siegmund's approximation of the mean observations to alarm when z has mean `shift` (0: ARL0). */
export function gaussianCusumArl(rule: { readonly k: number; readonly h: number }, shift = 0): number {
  checkPositive('k', rule.k);
  checkPositive('h', rule.h);
  checkFinite('shift', shift);
  const drift = rule.k - shift;
  const b = rule.h + 1.166;
  if (Math.abs(drift) < 1e-9) return b * b;
  const x = 2 * drift * b;
  return (Math.expm1(x) - x) / (2 * drift * drift);
}

/** Threshold h that gives the wanted ARL0 at allowance k, by bisection on Siegmund's formula. */
export function gaussianCusumThreshold({ k, arl }: { readonly k: number; readonly arl: number }): number {
  checkPositive('k', k);
  checkPositive('arl', arl);
  let lo = 1e-6;
  let hi = 1;
  if (gaussianCusumArl({ k, h: lo }) > arl)
    throw new StatsError('arl', 'is shorter than any threshold gives');
  while (gaussianCusumArl({ k, h: hi }) < arl) hi *= 2;
  for (let i = 0; i < 100; i++) {
    const h = (lo + hi) / 2;
    if (gaussianCusumArl({ k, h }) < arl) lo = h;
    else hi = h;
  }
  return hi;
}
