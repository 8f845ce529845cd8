/**
 * Calibration by block bootstrap: (k, h) of a CUSUM from the stream's own healthy history.
 *
 * Formula: glue random blocks of the baseline residuals to synthetic healthy stretches; for each allowance k the smallest h of the grid whose false alarms per stretch stay within the budget; of those pairs the one that finds the design shift soonest (median over stretches with the shift added).
 * Assumes: the history was healthy; blocks are long enough to carry the dependence (a day for hourly data).
 * Cost: O(ks · stretches · length) for alarms of all h in one pass each; a second at the defaults.
 * Lies when: the history holds an outage, is shorter than about ten blocks, or the stream's dependence changes; it cannot promise fewer alarms than about 3 per total bootstrapped time.
 * Reference: Künsch 1989 (moving blocks); Page 1954.
 */
import {
  checkAscending,
  checkFinite,
  checkLength,
  checkNonNegative,
  checkPositive,
  checkPositiveCount,
  checkSample,
} from '../check.ts';
import { StatsError } from '../error.ts';
import { drawIndex, type Random } from '../numeric/random.ts';

export interface CalibrationRule {
  /** Standardised healthy residuals in time order. */
  readonly residuals: readonly number[];
  readonly blockLength: number;
  /** Observations of one synthetic stretch, for instance 168 hours. */
  readonly length: number;
  readonly stretches: number;
  /** Allowed mean false alarms per stretch. */
  readonly budget: number;
  /** Shift of z to be found soon, in standard deviations. */
  readonly shift: number;
  readonly ks: readonly number[];
  /** Ascending. */
  readonly hs: readonly number[];
  readonly clip?: number;
}

export interface CalibratedPair {
  readonly k: number;
  readonly h: number;
  /** Measured mean false alarms per stretch. */
  readonly alarmsPerStretch: number;
  /** Median observations to find the shift; `length` when more than half were missed. */
  readonly delay: number;
}

/** One bootstrapped stretch: circular moving blocks of the history. */
export function blockBootstrap(
  series: readonly number[],
  blockLength: number,
  length: number,
  random: Random,
): Float64Array {
  checkSample('series', series);
  checkPositiveCount('blockLength', blockLength);
  checkPositiveCount('length', length);
  const out = new Float64Array(length);
  for (let at = 0; at < length; ) {
    const from = drawIndex(random, series.length);
    for (let i = 0; i < blockLength && at < length; i++) out[at++] = series[(from + i) % series.length]!;
  }
  return out;
}

function firstAlarm(
  z: Float64Array,
  k: number,
  h: number,
  clip: number,
  shift: number,
  from: number,
): number {
  let s = 0;
  for (let i = from; i < z.length; i++) {
    s = Math.max(0, s + Math.min(clip, Math.max(-clip, z[i]! + shift)) - k);
    if (s >= h) return i;
  }
  return -1;
}

function countAlarms(z: Float64Array, k: number, h: number, clip: number): number {
  let count = 0;
  for (let from = 0; ; count++) {
    const at = firstAlarm(z, k, h, clip, 0, from);
    if (at < 0) return count;
    from = at + 1;
  }
}

/** All admissible pairs, soonest first; throws StatsError('budget') when no pair of the grid meets the budget. */
export function calibrateCusum(rule: CalibrationRule, random: Random): readonly CalibratedPair[] {
  const { residuals, blockLength, length, stretches, budget, shift, ks, hs, clip = 4 } = rule;
  checkPositiveCount('stretches', stretches);
  checkNonNegative('budget', budget);
  checkFinite('shift', shift);
  checkSample('ks', ks);
  checkSample('hs', hs);
  checkAscending('hs', hs);
  checkPositive('clip', clip);
  checkLength('residuals', residuals, 2 * blockLength);
  const healthy = Array.from({ length: stretches }, () =>
    blockBootstrap(residuals, blockLength, length, random),
  );
  const pairs: CalibratedPair[] = [];
  for (const k of ks) {
    for (const h of hs) {
      let alarms = 0;
      for (const z of healthy) alarms += countAlarms(z, k, h, clip);
      const alarmsPerStretch = alarms / stretches;
      if (alarmsPerStretch > budget) continue;
      const delays = healthy
        .map((z) => firstAlarm(z, k, h, clip, shift, 0))
        .map((at) => (at < 0 ? length : at + 1))
        .sort((a, b) => a - b);
      pairs.push({ k, h, alarmsPerStretch, delay: delays[delays.length >> 1]! });
      break;
    }
  }
  if (pairs.length === 0) throw new StatsError('budget', 'is met by no pair of ks and hs');
  return pairs.sort((a, b) => a.delay - b.delay || a.alarmsPerStretch - b.alarmsPerStretch);
}
