/**
 * Mann–Whitney U test (Wilcoxon rank sum): does one sample tend to be larger?
 *
 * Formula: U = Σ ranks of x − n(n+1)/2; exact p without ties up to 50 a side, else normal with tie and continuity correction. `effect` = U/(nm) estimates P(X > Y) + ½P(X = Y).
 * Assumes: independent values; for a statement about medians also equal shapes.
 * Cost: O((n+m) log(n+m)); exact p O(n²m).
 * Lies when: spreads differ but medians do not, or values come paired or clustered.
 * Reference: Mann and Whitney 1947; conventions of R's wilcox.test.
 */
import { checkSample } from '../check.ts';
import { normalCdf } from '../numeric/normal.ts';
import { midRanks } from '../numeric/order.ts';
import type { Alternative, TestResult } from '../types.ts';

/** P(U ≤ u) of n and m values without ties: Gaussian binomial coefficients, kept as probabilities. */
function uCdf(u: number, n: number, m: number): number {
  const size = n * m + 1;
  const mass = new Float64Array(size);
  mass[0] = 1;
  for (let i = 1; i <= n; i++) {
    for (let v = size - 1; v >= m + i; v--) mass[v]! -= mass[v - m - i]!;
    for (let v = i; v < size; v++) mass[v]! += mass[v - i]!;
    // Dividing by (m+i)/i as we go keeps every number below 1.
    for (let v = 0; v < size; v++) mass[v]! *= i / (m + i);
  }
  let sum = 0;
  for (let v = 0; v <= u; v++) sum += mass[v]!;
  return Math.min(1, Math.max(0, sum));
}

/** 'greater': values of x tend to be greater than those of y. */
export function mannWhitney(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  alternative: Alternative = 'two-sided',
): TestResult & { readonly effect: number } {
  checkSample('x', x);
  checkSample('y', y);
  const n = x.length;
  const m = y.length;
  const { ranks, ties } = midRanks([...Array.from(x), ...Array.from(y)]);
  let sum = 0;
  for (let i = 0; i < n; i++) sum += ranks[i]!;
  const u = sum - (n * (n + 1)) / 2;
  const result = (p: number) => ({ statistic: u, p: Math.min(1, p), n: n + m, effect: u / (n * m) });
  if (ties === 0 && n <= 50 && m <= 50) {
    const below = uCdf(u, n, m);
    const above = uCdf(n * m - u, n, m);
    return result(
      alternative === 'less' ? below : alternative === 'greater' ? above : 2 * Math.min(below, above),
    );
  }
  const total = n + m;
  const variance = ((n * m) / 12) * (total + 1 - ties / (total * (total - 1)));
  if (!(variance > 0)) return result(1);
  const z = (shift: number) => normalCdf((u - (n * m) / 2 + shift) / Math.sqrt(variance));
  const below = z(0.5);
  const above = 1 - z(-0.5);
  return result(
    alternative === 'less' ? below : alternative === 'greater' ? above : 2 * Math.min(below, above),
  );
}
