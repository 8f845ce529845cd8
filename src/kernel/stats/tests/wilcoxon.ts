/**
 * Wilcoxon signed-rank test: paired values of the same Cases.
 *
 * Formula: V = Σ ranks of |d| over positive d; exact p without ties and zeros up to 50 pairs, else normal with tie and continuity correction; zero differences are dropped.
 * Assumes: differences independent and symmetric around their centre.
 * Cost: O(n log n); exact p O(n³).
 * Lies when: differences are skewed (it then tests symmetry as well), or Cases are clustered.
 * Reference: Wilcoxon 1945; conventions of R's wilcox.test(paired = TRUE).
 */
import { checkSample } from '../check.ts';
import { normalCdf } from '../numeric/normal.ts';
import { midRanks } from '../numeric/order.ts';
import type { Alternative, TestResult } from '../types.ts';

function signedRankCdf(v: number, n: number): number {
  const size = (n * (n + 1)) / 2 + 1;
  const mass = new Float64Array(size);
  mass[0] = 1;
  for (let i = 1; i <= n; i++) {
    for (let s = size - 1; s >= 0; s--) mass[s] = (mass[s]! + (s >= i ? mass[s - i]! : 0)) / 2;
  }
  let sum = 0;
  for (let s = 0; s <= v; s++) sum += mass[s]!;
  return Math.min(1, sum);
}

/** 'greater': differences tend to be positive. n counts the non-zero differences; with none p = 1. */
export function wilcoxonSignedRank(
  differences: ArrayLike<number>,
  alternative: Alternative = 'two-sided',
): TestResult {
  checkSample('differences', differences);
  const d = Array.from(differences).filter((value) => value !== 0);
  const n = d.length;
  if (n === 0) return { statistic: 0, p: 1, n };
  const { ranks, ties } = midRanks(d.map(Math.abs));
  let v = 0;
  d.forEach((value, i) => {
    if (value > 0) v += ranks[i]!;
  });
  let below: number;
  let above: number;
  if (ties === 0 && n <= 50 && n === differences.length) {
    below = signedRankCdf(v, n);
    above = signedRankCdf((n * (n + 1)) / 2 - v, n);
  } else {
    const sd = Math.sqrt((n * (n + 1) * (2 * n + 1)) / 24 - ties / 48);
    const centred = v - (n * (n + 1)) / 4;
    below = normalCdf((centred + 0.5) / sd);
    above = 1 - normalCdf((centred - 0.5) / sd);
  }
  const p = alternative === 'less' ? below : alternative === 'greater' ? above : 2 * Math.min(below, above);
  return { statistic: v, p: Math.min(1, p), n };
}
