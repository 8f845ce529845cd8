/**
 * Pairwise covering arrays: every pair of values of any two axes in few rows.
 *
 * Formula: all axes binary: Kleitman–Spencer, N rows for up to C(N−1, ⌈N/2⌉) axes (6 rows for 5 to 10 axes), the optimum; mixed: greedy rows, each axis in turn taking the value that covers most pairs still open.
 * Assumes: any row can be run (no forbidden combinations).
 * Cost: binary O(rows · axes); greedy O(rows · (Σ levels)²).
 * Lies when: taken to identify a culprit: it detects that some pair fails, locating it needs more rows or the adaptive bisect; with a noisy test one pass of a row proves little.
 * Reference: Kleitman and Spencer 1973; Katona 1973; Cohen et al. 1997 (AETG).
 */
import { checkLength } from '../check.ts';
import { StatsError } from '../error.ts';

function choose(n: number, k: number): number {
  let out = 1;
  for (let i = 0; i < k; i++) out = (out * (n - i)) / (i + 1);
  return Math.round(out);
}

function binaryArray(axes: number): number[][] {
  let rows = 4;
  while (choose(rows - 1, Math.ceil(rows / 2)) < axes) rows++;
  // Each axis is a distinct ⌈N/2⌉-subset of rows 2 … N; row 1 is all zero.
  const size = Math.ceil(rows / 2);
  const array = Array.from({ length: rows }, () => new Array<number>(axes).fill(0));
  const subset = Array.from({ length: size }, (_, i) => i);
  for (let axis = 0; axis < axes; axis++) {
    for (const i of subset) array[i + 1]![axis] = 1;
    let i = size - 1;
    while (i >= 0 && subset[i] === rows - 1 - size + i) i--;
    if (i < 0) break;
    subset[i]!++;
    for (let j = i + 1; j < size; j++) subset[j] = subset[j - 1]! + 1;
  }
  return array;
}

function greedyArray(levels: readonly number[]): number[][] {
  const axes = levels.length;
  const open = new Map<number, Set<number>>(); // axis pair → open value pairs
  const at = (i: number, j: number) => i * axes + j;
  let left = 0;
  for (let i = 0; i < axes; i++) {
    for (let j = i + 1; j < axes; j++) {
      const pairs = new Set<number>();
      for (let v = 0; v < levels[i]! * levels[j]!; v++) pairs.add(v);
      open.set(at(i, j), pairs);
      left += pairs.size;
    }
  }
  const isOpen = (i: number, v: number, j: number, w: number) =>
    i < j ? open.get(at(i, j))!.has(v * levels[j]! + w) : open.get(at(j, i))!.has(w * levels[i]! + v);
  const array: number[][] = [];
  const order = levels.map((_, i) => i).sort((a, b) => levels[b]! - levels[a]!);
  while (left > 0) {
    const row = new Array<number>(axes).fill(-1);
    // Seed with an open pair, so that every row covers at least one.
    seed: for (const [key, pairs] of open) {
      for (const pair of pairs) {
        const j = key % axes;
        row[(key - j) / axes] = Math.floor(pair / levels[j]!);
        row[j] = pair % levels[j]!;
        break seed;
      }
    }
    for (const axis of order) {
      if (row[axis]! >= 0) continue;
      let best = 0;
      let most = -1;
      for (let v = 0; v < levels[axis]!; v++) {
        let gain = 0;
        for (let other = 0; other < axes; other++) {
          if (other === axis) continue;
          if (row[other]! >= 0) gain += isOpen(axis, v, other, row[other]!) ? axes : 0;
          else
            for (let w = 0; w < levels[other]!; w++)
              gain += isOpen(axis, v, other, w) ? 1 / levels[other]! : 0;
        }
        if (gain > most) {
          most = gain;
          best = v;
        }
      }
      row[axis] = best;
    }
    for (let i = 0; i < axes; i++) {
      for (let j = i + 1; j < axes; j++)
        if (open.get(at(i, j))!.delete(row[i]! * levels[j]! + row[j]!)) left--;
    }
    array.push(row);
  }
  return array;
}

/** Rows of level indices for axes with the given numbers of levels (each ≥ 2). Deterministic. */
export function coveringArray(levels: readonly number[]): readonly (readonly number[])[] {
  checkLength('levels', levels, 2);
  levels.forEach((count, i) => {
    if (!Number.isSafeInteger(count) || count < 2 || count > 1000)
      throw new StatsError(`levels[${i}]`, `must be a whole number in 2…1000, got ${count}`);
  });
  return levels.every((count) => count === 2) ? binaryArray(levels.length) : greedyArray(levels);
}
