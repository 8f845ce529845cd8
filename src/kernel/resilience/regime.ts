/**
 * Whether a target has left its usual week for good, beyond what its hours and its weather do.
 *
 * Formula: once an hour r = ln of how its answers stand to what is normal for it; m = median r, s = 1.4826·MAD r at least 0.04, ρ = 1 − (1.4826·median |r_t − r_{t−1}|)²/(2s²) in [0, 0.8], all by sketches of half-life two weeks; y = (r − m)/s, and e = (y_t − ρ·clip(y_{t−1}, ±2.5))/√(1 − ρ²) is what the hour before does not explain. For each size of change δ (ln, two of them): g = δ/(s·√(1 − ρ²)), times 1 − ρ after its first hour; S = max(0, S + clip(e·g − g²/2, [−3, 2.75])). Found when one S ≥ h, over when all have fallen to h/2 from a bound of 1.6·h.
 * Assumes: told hour by hour what a baseline of at least four weeks says of it; noise that remembers from one hour to the next.
 * Cost: 4 µs an hour.
 * Lies when: the noise remembers for days (ρ above 0.8): it is then found as a change, and is one for as long; a change has lasted for three weeks, and is the baseline. Less than three hours of anything, however bad, are no regime.
 * Reference: F56; Page 1954 on the log-likelihood ratio of innovations (Basseville and Nikiforov 1993, 7.2); robust ρ after Gnanadesikan and Kettenring 1972. By the raw z of hourly p95 the same false alarms cost twice the hours: docs/decisions/022-hours.md.
 */
import type { RegimeCause } from '#contracts';
import { type DecayingSketchState, decayingSketch } from './decaying-sketch.ts';

export interface RegimeState {
  /** exp of residuals, so that they are positive. */
  readonly ratios: DecayingSketchState;
  /** Distances from their median, and from one hour to the next. */
  readonly distances: DecayingSketchState;
  readonly steps: DecayingSketchState;
  n: number;
  /** One a size of change, and the hour since 1970 in which it last left zero. */
  readonly sums: number[];
  readonly left: number[];
  /** Residuals of the last hours, oldest first. */
  readonly trail: [hour: number, r: number][];
  /** Epoch ms of the finding and of the beginning of its first hour; 0: none goes on. */
  foundAt: number;
  since: number;
}

export interface RegimeReading {
  readonly statistic: number;
  readonly threshold: number;
  /** Present while the change goes on, epoch ms. */
  readonly found?: { readonly since: number; readonly at: number };
}

const HOUR = 3_600_000;
/** A fifth, which takes half a day, and two fifths, which must not. */
const CHANGES = [0.18, 0.35] as const;
const MOST = 1.6;
const ENDS = 0.5;
/** Three hours at least: 2 × UP lies below every threshold. */
const UP = 2.75;
const DOWN = 3;
/** An hour further out than this is no noise, and does not explain the next one. */
const EXPLAINS = 2.5;
const REMEMBERS = 0.8;
const PER_SIGMA = 1.4826;
const LEAST_SCALE = 0.04;
/** Hours that a scale is worth something after: three days. */
const ENOUGH = 72;
/** Hours that a cause is looked for in. */
const TRAIL = 72;
/** Standard errors from half as much. */
const SURE = 1.2;

const sketch = decayingSketch({ alpha: 0.01, smallest: 0.001, halfLife: 14 * 24 * HOUR });

export const createRegime = (): RegimeState => ({
  ratios: sketch.create(),
  distances: sketch.create(),
  steps: sketch.create(),
  n: 0,
  sums: CHANGES.map(() => 0),
  left: CHANGES.map(() => 0),
  trail: [],
  foundAt: 0,
  since: 0,
});

const clip = (x: number, least: number, most: number): number => Math.max(least, Math.min(most, x));

/**
 * One hour is over, and its answers stood to their normal as e^r. `acts`: the baseline is old enough to be judged by.
 * `threshold`: how sure to be.
 */
export function observeRegime(
  state: RegimeState,
  hour: number,
  r: number,
  acts: boolean,
  threshold: number,
): void {
  const { sums, trail } = state;
  const middle = Math.log(sketch.quantile(state.ratios, 0.5) ?? 1);
  const before = trail.at(-1);
  const next = before !== undefined && before[0] === hour - 1;
  if (acts && state.n >= ENOUGH) {
    const scale = scaleOf(state);
    const step = PER_SIGMA * (sketch.quantile(state.steps, 0.5) ?? 0);
    const rho = next ? clip(1 - (step * step) / (2 * scale * scale), 0, REMEMBERS) : 0;
    const spread = Math.sqrt(1 - rho * rho);
    const expected = next ? rho * clip((before[1] - middle) / scale, -EXPLAINS, EXPLAINS) : 0;
    const e = ((r - middle) / scale - expected) / spread;
    CHANGES.forEach((change, i) => {
      const fresh = sums[i] === 0;
      const g = ((change / scale) * (fresh ? 1 : 1 - rho)) / spread;
      if (fresh) state.left[i] = hour;
      sums[i] = clip((sums[i] as number) + clip(e * g - (g * g) / 2, -DOWN, UP), 0, MOST * threshold);
    });
    const most = Math.max(...sums);
    if (state.foundAt === 0 && most >= threshold) {
      state.foundAt = (hour + 1) * HOUR;
      state.since = (state.left[sums.indexOf(most)] as number) * HOUR;
    } else if (state.foundAt > 0 && most <= ENDS * threshold) state.foundAt = 0;
  }
  trail.push([hour, Math.round(r * 1e4) / 1e4]);
  if (trail.length > TRAIL) trail.shift();
  // What is no longer usual does not teach what is.
  if (state.foundAt > 0) return;
  state.n++;
  const at = hour * HOUR;
  sketch.insert(state.ratios, at, Math.exp(r));
  sketch.insert(state.distances, at, Math.abs(r - middle));
  if (next) sketch.insert(state.steps, at, Math.abs(r - before[1]));
}

const scaleOf = ({ distances }: RegimeState): number =>
  Math.max(LEAST_SCALE, PER_SIGMA * (sketch.quantile(distances, 0.5) ?? 0));

/**
 * Whose the change is: the provider's where the same small thing, asked again and again, takes longer by at least half as much
 * over the same hours; ours where it does not; unclear while that lies within
 * its noise; not known where nobody asks it.
 */
export function regimeCause(own: RegimeState, probe: RegimeState | undefined): RegimeCause {
  if (!probe || probe.n < ENOUGH) return 'unknown';
  // In the middle between none of it and all of it.
  const mine = Math.log(sketch.quantile(own.ratios, 0.5) ?? 1);
  const its = Math.log(sketch.quantile(probe.ratios, 0.5) ?? 1);
  const hours = new Map(probe.trail);
  const scale = scaleOf(probe);
  let moved = 0;
  let shared = 0;
  for (const [hour, r] of own.trail) {
    const other = hours.get(hour);
    if (hour * HOUR < own.since || other === undefined) continue;
    shared++;
    moved += other - its - (r - mine) / 2;
  }
  if (Math.abs(moved) < SURE * scale * Math.sqrt(shared)) return 'unclear';
  return moved > 0 ? 'provider' : 'ours';
}

export const readRegime = ({ sums, since, foundAt }: RegimeState, threshold: number): RegimeReading => ({
  statistic: Math.max(...sums),
  threshold,
  ...(foundAt > 0 && { found: { since, at: foundAt } }),
});
