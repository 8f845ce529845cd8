import { checkProbability, checkSample } from '../check.ts';

/** Ascending copy as doubles. */
export function sorted(x: ArrayLike<number>): Float64Array {
  return Float64Array.from(x).sort();
}

/** Mid-ranks (1-based) and the tie term Σ(t³ − t) that rank tests subtract from their variance. */
export function midRanks(x: ArrayLike<number>): { ranks: Float64Array; ties: number } {
  const n = x.length;
  const order = Array.from({ length: n }, (_, i) => i).sort((a, b) => x[a]! - x[b]!);
  const ranks = new Float64Array(n);
  let ties = 0;
  for (let i = 0; i < n; ) {
    let j = i + 1;
    while (j < n && x[order[j]!]! === x[order[i]!]!) j++;
    const t = j - i;
    ties += t * t * t - t;
    for (let k = i; k < j; k++) ranks[order[k]!] = (i + j + 1) / 2;
    i = j;
  }
  return { ranks, ties };
}

export function mean(x: ArrayLike<number>): number {
  checkSample('x', x);
  let m = 0;
  for (let i = 0; i < x.length; i++) m += (x[i]! - m) / (i + 1);
  return m;
}

/** Unbiased sample variance, n ≥ 2 (Welford). */
export function variance(x: ArrayLike<number>): number {
  checkSample('x', x, 2);
  let m = 0;
  let s = 0;
  for (let i = 0; i < x.length; i++) {
    const d = x[i]! - m;
    m += d / (i + 1);
    s += d * (x[i]! - m);
  }
  return s / (x.length - 1);
}

/** Quantile of an ascending list, Hyndman–Fan type 7. */
export function sortedQuantile(ascending: ArrayLike<number>, q: number): number {
  checkProbability('q', q);
  const h = (ascending.length - 1) * q;
  const i = Math.floor(h);
  const low = ascending[i]!;
  const high = ascending[Math.min(i + 1, ascending.length - 1)]!;
  return low + (h - i) * (high - low);
}
