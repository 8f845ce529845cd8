/**
 * G-test: counts against declared shares, or two categorical axes against independence.
 *
 * Formula: G = 2·Σ O·ln(O/E), χ² with K−1 or (r−1)(c−1) degrees of freedom.
 * Assumes: independent observations; expected counts of about 5 and more.
 * Cost: O(cells).
 * Lies when: expected counts are small – the result says so in `smallestExpected` –, or exchanges come in bursts (divide by the design effect 1 + (m̄−1)ρ).
 * Reference: Sokal and Rohlf, Biometry, chapter 17; Wilks 1938.
 */
import { checkCounts, checkLength, checkNonNegative, checkSameLength } from '../check.ts';
import { StatsError } from '../error.ts';
import { chiSquareTail } from '../numeric/gamma.ts';
import type { TestResult } from '../types.ts';

export interface GTestResult extends TestResult {
  readonly df: number;
  readonly smallestExpected: number;
}

/** Goodness of fit of counts to shares (scaled to sum 1). An observed category with share 0 throws. */
export function gTest(counts: readonly number[], shares: readonly number[]): GTestResult {
  checkCounts('counts', counts, 2);
  checkSameLength('counts', counts, 'shares', shares);
  shares.forEach((share, i) => {
    checkNonNegative(`shares[${i}]`, share);
    if (share === 0 && counts[i]! > 0)
      throw new StatsError(`shares[${i}]`, 'is 0 for a category that was seen');
  });
  const n = counts.reduce((a, b) => a + b, 0);
  const whole = shares.reduce((a, b) => a + b, 0);
  if (n === 0) throw new StatsError('counts', 'must not all be zero');
  if (!(whole > 0)) throw new StatsError('shares', 'must not sum to zero');
  let g = 0;
  let smallestExpected = Infinity;
  let live = 0;
  counts.forEach((observed, i) => {
    const expected = (n * shares[i]!) / whole;
    if (expected === 0) return;
    live++;
    smallestExpected = Math.min(smallestExpected, expected);
    if (observed > 0) g += 2 * observed * Math.log(observed / expected);
  });
  if (live < 2) throw new StatsError('shares', 'must leave at least two categories');
  const statistic = Math.max(0, g);
  return { statistic, p: chiSquareTail(statistic, live - 1), n, df: live - 1, smallestExpected };
}

/** Independence of rows and columns. Empty rows and columns are left out. */
export function gTestIndependence(table: readonly (readonly number[])[]): GTestResult {
  checkLength('table', table, 2);
  table.forEach((row, i) => {
    checkCounts(`table[${i}]`, row);
    checkSameLength('table[0]', table[0]!, `table[${i}]`, row);
  });
  const rows = table.map((row) => row.reduce((a, b) => a + b, 0));
  const columns = table[0]!.map((_, j) => table.reduce((sum, row) => sum + row[j]!, 0));
  const n = rows.reduce((a, b) => a + b, 0);
  const r = rows.filter((sum) => sum > 0).length;
  const c = columns.filter((sum) => sum > 0).length;
  if (r < 2 || c < 2) throw new StatsError('table', 'needs two non-empty rows and columns');
  let g = 0;
  let smallestExpected = Infinity;
  table.forEach((row, i) => {
    row.forEach((observed, j) => {
      const expected = (rows[i]! * columns[j]!) / n;
      if (expected === 0) return;
      smallestExpected = Math.min(smallestExpected, expected);
      if (observed > 0) g += 2 * observed * Math.log(observed / expected);
    });
  });
  const df = (r - 1) * (c - 1);
  const statistic = Math.max(0, g);
  return { statistic, p: chiSquareTail(statistic, df), n, df, smallestExpected };
}
