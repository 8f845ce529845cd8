/**
 * Whether a target has left its usual week for good, beyond what its hours and its weather do.
 *
 * Formula: once an hour r = ln p95 of the hour − ln of the p95 that is normal for it (p75 of fewer than 200 answers); z = (r − median r)/(1.4826·MAD r), both by sketches of half-life two weeks, the scale at least 0.04; S = max(0, S + clip(z, ±4) − k), k = 1.25; found at S ≥ h = 8, over when S has fallen to 4 from a bound of 12.
 * Assumes: told hour by hour, at least 20 answers each, what a baseline of at least four weeks says of it.
 * Cost: 2 µs an hour.
 * Lies when: fewer than 60 answers come in an hour: p95 is then noise, and the scale widens until a change of a fifth is not seen; a change has lasted for three weeks, and is the baseline.
 * Reference: F56; Page 1954; `gaussianCusum` of `#kernel/stats`, whose threshold a correlated load noise would make too low at k = 0.5.
 */
import type { RegimeCause } from '#contracts';
import { type DecayingSketchState, decayingSketch } from './decaying-sketch.ts';

export interface RegimeState {
  /** exp of residuals, so that they are positive. */
  readonly ratios: DecayingSketchState;
  /** Distances from their median, likewise. */
  readonly distances: DecayingSketchState;
  n: number;
  sum: number;
  /** Hour since 1970 in which the sum last left zero, and epoch ms of the finding; 0: none goes on. */
  left: number;
  foundAt: number;
}

export interface RegimeReading {
  readonly statistic: number;
  readonly threshold: number;
  /** Present while the change goes on, epoch ms. */
  readonly found?: { readonly since: number; readonly at: number };
}

const HOUR = 3_600_000;
const K = 1.25;
const H = 8;
const MOST = 12;
const ENDS = 4;
const CLIP = 4;
const PER_SIGMA = 1.4826;
const LEAST_SCALE = 0.04;
/** Hours that a scale is worth something after: three days. */
const ENOUGH = 72;

const sketch = decayingSketch({ alpha: 0.01, smallest: 0.001, halfLife: 14 * 24 * HOUR });

export const createRegime = (): RegimeState => ({
  ratios: sketch.create(),
  distances: sketch.create(),
  n: 0,
  sum: 0,
  left: 0,
  foundAt: 0,
});

/** One hour is over: `ratio` is its p95, or p75, over its normal. `acts`: its baseline is old enough to be judged by. */
export function observeRegime(state: RegimeState, hour: number, ratio: number, acts: boolean): void {
  const middle = Math.log(sketch.quantile(state.ratios, 0.5) ?? 1);
  const r = Math.log(ratio);
  const mad = sketch.quantile(state.distances, 0.5) ?? 0;
  const scale = Math.max(LEAST_SCALE, PER_SIGMA * mad);
  const at = hour * HOUR;
  if (acts && state.n >= ENOUGH) {
    if (state.sum === 0) state.left = hour;
    const z = (r - middle) / scale;
    state.sum = Math.min(MOST, Math.max(0, state.sum + Math.min(CLIP, Math.max(-CLIP, z)) - K));
    if (state.foundAt === 0 && state.sum >= H) state.foundAt = at + HOUR;
    else if (state.foundAt > 0 && state.sum <= ENDS) state.foundAt = 0;
  }
  // What is no longer usual does not teach what is.
  if (state.foundAt > 0) return;
  state.n++;
  sketch.insert(state.ratios, at, ratio);
  sketch.insert(state.distances, at, Math.abs(r - middle));
}

/**
 * Whose the change is: the provider's where the same small thing, asked again and again, takes longer too; ours where it does not;
 * not known where nobody asks it.
 */
export function regimeCause(probe: RegimeState | undefined): RegimeCause {
  if (!probe || probe.n < ENOUGH) return 'unknown';
  return probe.foundAt > 0 || probe.sum >= ENDS ? 'provider' : 'ours';
}

export const readRegime = ({ sum, left, foundAt }: RegimeState): RegimeReading => ({
  statistic: sum,
  threshold: H,
  ...(foundAt > 0 && { found: { since: left * HOUR, at: foundAt } }),
});
