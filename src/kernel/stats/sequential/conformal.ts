/**
 * Conformal p-value martingale: do today's distances still look like the calibration's?
 *
 * Formula: u_i = (#{cal > d_i} + U·(#{cal = d_i} + 1))/(m + 1), smoothed; evidence of a day L = Π_i κ·u_i^(κ−1) for κ ∈ {.3, .5, .7}, each κ its own Shiryaev–Roberts recursion, averaged after it; alarm at R ≥ c days.
 * Assumes: calibration and today's distances exchangeable under the null; U from a seeded source keyed by Probe and day, so that a replay is equal to the bit.
 * Cost: one logarithm per Probe and κ.
 * Lies when: one fixed calibration set serves for long: the daily p-values of a Probe then share its luck (simulated with 40 Probes: 3 % false alarms per 90 days at m = 5, 2 % at 10, 1.5 % at 20); renew it when a Probe is re-pinned, never during an open Finding.
 * Reference: Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World, 2005, chapter 7; Fedorova et al. 2012 (betting functions).
 */
import { checkFinite, checkInnerProbability, checkLength, checkSample } from '../check.ts';
import { StatsError } from '../error.ts';
import type { Random } from '../numeric/random.ts';
import { type EDetectorState, eDetector } from './e-detector.ts';
import type { AlarmReading, Sequential } from './sequential.ts';

/** Smoothed p-value in (0, 1] of one distance among m calibration distances; exactly uniform under exchangeability. */
export function conformalPValue(calibration: readonly number[], distance: number, random: Random): number {
  checkSample('calibration', calibration);
  checkFinite('distance', distance);
  let greater = 0;
  let equal = 0;
  for (const value of calibration) {
    if (value > distance) greater++;
    else if (value === distance) equal++;
  }
  // 1 − U lies in (0, 1], so that u is never 0 and its logarithm always exists.
  return (greater + (1 - random()) * (equal + 1)) / (calibration.length + 1);
}

export interface ConformalRule {
  /** Alarm threshold in days (or whatever one observation spans). */
  readonly c: number;
  readonly kappas?: readonly number[];
}

/** Detector whose observation is the list of one day's p-values; an empty day changes nothing. */
export function conformalDetector(
  rule: ConformalRule,
): Sequential<EDetectorState, readonly number[], AlarmReading> {
  const { c, kappas = [0.3, 0.5, 0.7] } = rule;
  checkLength('kappas', kappas);
  kappas.forEach((kappa, i) => {
    checkInnerProbability(`kappas[${i}]`, kappa);
  });
  const inner = eDetector({ c, sizes: kappas.length });
  return Object.freeze({
    start: inner.start,
    step(state: EDetectorState, pValues: readonly number[]) {
      if (pValues.length === 0) return state;
      let logs = 0;
      for (let i = 0; i < pValues.length; i++) {
        const u = pValues[i]!;
        if (!(u > 0 && u <= 1)) throw new StatsError(`observation[${i}]`, `must lie in (0, 1], got ${u}`);
        logs += Math.log(u);
      }
      const m = pValues.length;
      return inner.step(
        state,
        kappas.map((kappa) => m * Math.log(kappa) + (kappa - 1) * logs),
      );
    },
    read: inner.read,
  });
}
