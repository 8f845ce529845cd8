/**
 * Judge correction: the true rate behind an imperfect judge.
 *
 * Formula: Rogan–Gladen p = (a + Sp − 1)/(Se + Sp − 1), a the share the judge called positive; interval of Lang and Reiczigel: Wilson-like adjusted a, Se, Sp, variance by the delta method, shifted by Δ.
 * Assumes: sensitivity and specificity measured on independent labelled positives and negatives, and the same on live data.
 * Cost: O(1).
 * Lies when: the judge behaves differently on live data than on the labelled set (then the correction makes it worse); when Se + Sp is near 1 nothing can be corrected and it throws.
 * Reference: Rogan and Gladen 1978; Lang and Reiczigel, Preventive Veterinary Medicine 113 (2014).
 */
import { checkInnerProbability, checkTrials } from '../check.ts';
import { StatsError } from '../error.ts';
import { normalQuantile } from '../numeric/normal.ts';
import type { Estimate } from '../types.ts';

export interface JudgedCounts {
  /** Called positive by the judge, of `n` live items. */
  readonly positive: number;
  readonly n: number;
  /** Labelled positives the judge called positive, of all labelled positives. */
  readonly truePositive: number;
  readonly positives: number;
  /** Labelled negatives the judge called negative, of all labelled negatives. */
  readonly trueNegative: number;
  readonly negatives: number;
}

/** True positive rate with its interval, clipped to [0, 1]. */
export function judgeCorrectedRate(
  counts: JudgedCounts,
  confidence = 0.95,
): Estimate & { readonly apparent: number } {
  const { positive, n, truePositive, positives, trueNegative, negatives } = counts;
  checkTrials('positive', positive, 'n', n);
  checkTrials('truePositive', truePositive, 'positives', positives);
  checkTrials('trueNegative', trueNegative, 'negatives', negatives);
  checkInnerProbability('confidence', confidence);
  const youden = truePositive / positives + trueNegative / negatives - 1;
  if (!(youden > 0.01))
    throw new StatsError('truePositive', 'and trueNegative must show a judge better than chance');
  const z = normalQuantile((1 + confidence) / 2);
  const a = (positive + (z * z) / 2) / (n + z * z);
  const se = (truePositive + 1) / (positives + 2);
  const sp = (trueNegative + 1) / (negatives + 2);
  const informed = se + sp - 1;
  if (!(informed > 0.01)) throw new StatsError('positives', 'and negatives are too few to know the judge');
  const centre = (a + sp - 1) / informed;
  const varSe = (se * (1 - se)) / (positives + 2);
  const varSp = (sp * (1 - sp)) / (negatives + 2);
  const shift = 2 * z * z * (centre * varSe - (1 - centre) * varSp);
  const sd =
    Math.sqrt((a * (1 - a)) / (n + z * z) + centre ** 2 * varSe + (1 - centre) ** 2 * varSp) / informed;
  const clip = (x: number) => Math.min(1, Math.max(0, x));
  return {
    estimate: clip((positive / n + trueNegative / negatives - 1) / youden),
    lower: clip(centre + shift - z * sd),
    upper: clip(centre + shift + z * sd),
    n,
    apparent: positive / n,
  };
}
