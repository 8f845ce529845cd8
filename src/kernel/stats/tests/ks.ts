/**
 * Kolmogorov–Smirnov test of two samples.
 *
 * Formula: D = sup |F_x − F_y|; exact p by counting lattice paths that stay below D when n·m ≤ 10,000 and no value is shared, else Kolmogorov's series at √(nm/(n+m))·D.
 * Assumes: two independent samples of independent values; continuous, for the p-value.
 * Cost: O((n+m) log(n+m)); exact p O(n·m).
 * Lies when: values repeat (p is then too large, so it misses), or with very many data, where every difference is significant and D is what to read.
 * Reference: Kolmogorov 1933, Smirnov 1939; Hodges 1957 (exact count).
 */
import { checkSample } from '../check.ts';
import { kolmogorovTail } from '../numeric/kolmogorov.ts';
import { sorted } from '../numeric/order.ts';
import type { TestResult } from '../types.ts';

function exactTail(n: number, m: number, d: number): number {
  // Share of monotone paths from (0,0) to (n,m) that touch |i/n − j/m| ≥ d, scaled step by step to stay finite.
  const limit = d - 1e-9 / (n * m);
  const row = new Float64Array(m + 1);
  row[0] = 1;
  for (let j = 1; j <= m; j++) row[j] = j / m < limit ? row[j - 1]! : 0;
  for (let i = 1; i <= n; i++) {
    const w = i / (i + m);
    row[0] = i / n < limit ? row[0]! * w : 0;
    for (let j = 1; j <= m; j++) {
      row[j] = Math.abs(i / n - j / m) < limit ? row[j]! * w + row[j - 1]! : 0;
    }
  }
  return 1 - row[m]!;
}

/** D and p; `n` is the number of values on both sides. */
export function kolmogorovSmirnov(x: ArrayLike<number>, y: ArrayLike<number>): TestResult {
  checkSample('x', x);
  checkSample('y', y);
  const a = sorted(x);
  const b = sorted(y);
  const n = a.length;
  const m = b.length;
  let i = 0;
  let j = 0;
  let d = 0;
  let shared = false;
  while (i < n && j < m) {
    const v = Math.min(a[i]!, b[j]!);
    shared ||= a[i] === b[j];
    while (i < n && a[i] === v) i++;
    while (j < m && b[j] === v) j++;
    d = Math.max(d, Math.abs(i / n - j / m));
  }
  const exact = n * m <= 10_000 && !shared;
  const p = exact ? exactTail(n, m, d) : kolmogorovTail(Math.sqrt((n * m) / (n + m)) * d);
  return { statistic: d, p: Math.min(1, Math.max(0, p)), n: n + m };
}
