/**
 * TOST: two one-sided tests, to show that nothing relevant changed.
 *
 * Formula: equivalent at α when both (d + margin)/se and (margin − d)/se exceed the t (rates: normal) quantile 1−α; p is the larger of the two. The interval returned has confidence 1 − 2α and lies inside ±margin exactly then.
 * Assumes: independent values (pairs), means near normal; the margin fixed before looking.
 * Cost: O(n).
 * Lies when: the margin was chosen after the data; a large p is not proof of a difference, only lack of proof of equivalence.
 * Reference: Schuirmann 1987; Welch 1947 for unequal variances; Agresti and Caffo 2000 for rates.
 */
import { checkInnerProbability, checkPositive, checkSample, checkTrials } from '../check.ts';
import { studentCdf, studentQuantile } from '../numeric/beta.ts';
import { normalCdf, normalQuantile } from '../numeric/normal.ts';
import { mean, variance } from '../numeric/order.ts';
import type { Estimate } from '../types.ts';

export interface Equivalence extends Estimate {
  readonly p: number;
  readonly equivalent: boolean;
}

interface TostRule {
  readonly margin: number;
  readonly alpha?: number;
}

function judge(
  d: number,
  se: number,
  df: number | undefined,
  n: number,
  { margin, alpha = 0.05 }: TostRule,
): Equivalence {
  checkPositive('margin', margin);
  checkInnerProbability('alpha', alpha);
  if (se === 0) {
    const equivalent = Math.abs(d) < margin;
    return { estimate: d, lower: d, upper: d, n, p: equivalent ? 0 : 1, equivalent };
  }
  const tail = (t: number) => (df === undefined ? normalCdf(-t) : studentCdf(-t, df));
  const q = df === undefined ? normalQuantile(1 - alpha) : studentQuantile(1 - alpha, df);
  const p = Math.max(tail((d + margin) / se), tail((margin - d) / se));
  return { estimate: d, lower: d - q * se, upper: d + q * se, n, p, equivalent: p < alpha };
}

/** Paired differences against ±margin. */
export function tostPaired(differences: ArrayLike<number>, rule: TostRule): Equivalence {
  checkSample('differences', differences, 2);
  const n = differences.length;
  return judge(mean(differences), Math.sqrt(variance(differences) / n), n - 1, n, rule);
}

/** Difference of means x − y, unequal variances (Welch). */
export function tostMeans(x: ArrayLike<number>, y: ArrayLike<number>, rule: TostRule): Equivalence {
  checkSample('x', x, 2);
  checkSample('y', y, 2);
  const a = variance(x) / x.length;
  const b = variance(y) / y.length;
  const df = a + b > 0 ? (a + b) ** 2 / (a ** 2 / (x.length - 1) + b ** 2 / (y.length - 1)) : 1;
  return judge(mean(x) - mean(y), Math.sqrt(a + b), df, x.length + y.length, rule);
}

/** Difference of two rates k1/n1 − k2/n2, adjusted by one success and one failure a side. */
export function tostRates(
  { k1, n1, k2, n2 }: { readonly k1: number; readonly n1: number; readonly k2: number; readonly n2: number },
  rule: TostRule,
): Equivalence {
  checkTrials('k1', k1, 'n1', n1);
  checkTrials('k2', k2, 'n2', n2);
  const p1 = (k1 + 1) / (n1 + 2);
  const p2 = (k2 + 1) / (n2 + 2);
  const se = Math.sqrt((p1 * (1 - p1)) / (n1 + 2) + (p2 * (1 - p2)) / (n2 + 2));
  return judge(p1 - p2, se, undefined, n1 + n2, rule);
}
