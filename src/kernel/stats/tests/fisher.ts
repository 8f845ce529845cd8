/**
 * Fisher's exact test of a 2×2 table.
 *
 * Formula: with all margins fixed the first cell is hypergeometric; two-sided p sums the tables no likelier than the one seen.
 * Assumes: independent observations in both rows.
 * Cost: O(width of the support), about 0.1 µs per table in it.
 * Lies when: read after every few observations until it falls below α; it is conservative for small tables (its true size at .05 is often near .02).
 * Reference: Fisher 1935; two-sided rule as in R's fisher.test.
 */
import { checkCount } from '../check.ts';
import { StatsError } from '../error.ts';
import { logFactorial } from '../numeric/gamma.ts';
import type { Alternative, TestResult } from '../types.ts';

export interface FisherTable {
  /** Events and trials of the first group. */
  readonly k1: number;
  readonly n1: number;
  readonly k2: number;
  readonly n2: number;
}

/** 'greater': the first group's rate is greater. The statistic is the sample difference of rates. */
export function fisherExact(
  { k1, n1, k2, n2 }: FisherTable,
  alternative: Alternative = 'two-sided',
): TestResult {
  for (const [name, k, n] of [
    ['k1', k1, n1],
    ['k2', k2, n2],
  ] as const) {
    checkCount(name === 'k1' ? 'n1' : 'n2', n);
    checkCount(name, k);
    if (k > n) throw new StatsError(name, `must not exceed its trials: ${k} > ${n}`);
  }
  if (n1 === 0) throw new StatsError('n1', 'must be at least 1');
  if (n2 === 0) throw new StatsError('n2', 'must be at least 1');
  const events = k1 + k2;
  const lo = Math.max(0, events - n2);
  const hi = Math.min(n1, events);
  const fixed =
    logFactorial(n1) +
    logFactorial(n2) +
    logFactorial(events) +
    logFactorial(n1 + n2 - events) -
    logFactorial(n1 + n2);
  const mass = (k: number) =>
    Math.exp(
      fixed -
        logFactorial(k) -
        logFactorial(n1 - k) -
        logFactorial(events - k) -
        logFactorial(n2 - events + k),
    );
  const seen = mass(k1);
  let p = 0;
  for (let k = lo; k <= hi; k++) {
    const m = mass(k);
    const counts =
      alternative === 'greater' ? k >= k1 : alternative === 'less' ? k <= k1 : m <= seen * (1 + 1e-7);
    if (counts) p += m;
  }
  return { statistic: k1 / n1 - k2 / n2, p: Math.min(1, p), n: n1 + n2 };
}
