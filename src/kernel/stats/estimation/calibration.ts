/**
 * Calibration of stated confidence: ECE, Brier score, reliability curve.
 *
 * Formula: ECE = Σ_b (n_b/n)·|acc_b − conf_b| over equal-mass bins; Brier = mean (c − y)² = reliability − resolution + uncertainty (+ within-bin rest); the curve gives each bin its Wilson interval.
 * Assumes: labels independent; report per domain, since pooling hides opposite errors.
 * Cost: O(n log n).
 * Lies when: n is small: with perfect calibration ECE is still about √(2/π)·Σ_b (n_b/n)·√(acc(1−acc)/n_b) – `eceByChance` beside it says how much is chance.
 * Reference: Guo et al. 2017; Brier 1950; Murphy 1973; Nixon et al. 2019 (equal mass).
 */
import { checkPositiveCount, checkProbabilities, checkSameLength } from '../check.ts';
import { StatsError } from '../error.ts';
import { wilson } from '../intervals/wilson.ts';
import type { Estimate } from '../types.ts';

export interface ReliabilityBin extends Estimate {
  /** Mean stated confidence in the bin; `estimate` is the accuracy. */
  readonly confidence: number;
}

export interface CalibrationReport {
  readonly ece: number;
  /** ECE that a perfectly calibrated model would show at this n by chance. */
  readonly eceByChance: number;
  readonly brier: number;
  readonly reliability: number;
  readonly resolution: number;
  readonly uncertainty: number;
  readonly bins: readonly ReliabilityBin[];
  readonly n: number;
}

/** `confidences` in [0, 1], `correct` 0 or 1 for the same items. Equal confidences are never split between bins. */
export function calibration(
  confidences: readonly number[],
  correct: readonly number[],
  bins = 10,
): CalibrationReport {
  checkProbabilities('confidences', confidences);
  checkSameLength('confidences', confidences, 'correct', correct);
  checkPositiveCount('bins', bins);
  correct.forEach((y, i) => {
    if (y !== 0 && y !== 1) throw new StatsError(`correct[${i}]`, `must be 0 or 1, got ${y}`);
  });
  const n = confidences.length;
  const order = confidences.map((_, i) => i).sort((a, b) => confidences[a]! - confidences[b]!);
  const curve: ReliabilityBin[] = [];
  for (let b = 0, from = 0; from < n; b++) {
    const wanted = Math.max(from + 1, Math.round(((b + 1) * n) / bins));
    const tied = (at: number) => at < n && confidences[order[at]!] === confidences[order[at - 1]!];
    let to = wanted;
    while (tied(to)) to++;
    let back = wanted;
    while (back > from && tied(back)) back--;
    if (back > from && wanted - back < to - wanted) to = back;
    let stated = 0;
    let right = 0;
    for (let i = from; i < to; i++) {
      stated += confidences[order[i]!]!;
      right += correct[order[i]!]!;
    }
    curve.push({ ...wilson(right, to - from), confidence: stated / (to - from) });
    from = to;
  }
  const base = correct.reduce((a, y) => a + y, 0) / n;
  const over = (f: (bin: ReliabilityBin) => number) =>
    curve.reduce((sum, bin) => sum + (bin.n / n) * f(bin), 0);
  return {
    ece: over((bin) => Math.abs(bin.estimate - bin.confidence)),
    eceByChance: over((bin) => Math.sqrt((2 / Math.PI) * ((bin.confidence * (1 - bin.confidence)) / bin.n))),
    brier: confidences.reduce((sum, c, i) => sum + (c - correct[i]!) ** 2, 0) / n,
    reliability: over((bin) => (bin.estimate - bin.confidence) ** 2),
    resolution: over((bin) => (bin.estimate - base) ** 2),
    uncertainty: base * (1 - base),
    bins: curve,
    n,
  };
}
