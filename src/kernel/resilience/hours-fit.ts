/**
 * What is normal in each hour of the week, out of some weeks of it.
 *
 * Formula: own_h = median over the weeks, shrunk by κ observations to near_h; near_h = median of the same hour of all workdays or all weekend days over the weeks, shrunk likewise to the mean of its hours ±1 and that to the mean of everything. v = 1.3·s²/W, the variance of a median of W weeks, s = 1.4826·MAD of the weeks around their own medians; τ² = mean (own − near)² − v, what days really differ by; level_h = own_h + clip((near_h − own_h)·v/(v + τ²), ±1.5·√v).
 * Assumes: values on a scale where noise is additive (ln of a latency).
 * Cost: 100 µs, once an hour.
 * Lies when: less than two weeks are known: nothing tells noise from days that differ, and every cell keeps its own.
 * Reference: James and Stein 1961; Efron and Morris 1972 (limited translation): one day that is unlike the others keeps its own hours to within 1.5 standard errors, however alike the rest is.
 */
import { HOURS_OF_WEEK, median } from '#kernel/stats';
import type { HoursCell } from './hours.ts';

const PER_SIGMA = 1.4826;
/** Of a median of four or five, times their number, over that of one. */
const MEDIAN = 1.3;
const LIMIT = 1.5;

/** Row of the hour among those of workdays (0…23) or weekend days (24…47). */
const rowOf = (hour: number): number => (hour >= 120 ? 24 : 0) + (hour % 24);

/** ln levels of all 168 cells; `prior` in observations. */
export function fitCells(cells: readonly HoursCell[], prior: number): number[] {
  const near = nearOf(cells, prior);
  const own = cells.map(({ own, n }, h) => (n * own + prior * near[h]!) / (n + prior));
  const variance = varianceOf(cells);
  if (variance === undefined) return own;
  let squares = 0;
  let seen = 0;
  cells.forEach(({ n }, h) => {
    if (n === 0) return;
    squares += (own[h]! - near[h]!) ** 2;
    seen++;
  });
  const apart = Math.max(0, squares / seen - variance);
  const share = variance / (variance + apart || 1);
  const most = LIMIT * Math.sqrt(variance);
  return own.map((x, h) => x + Math.max(-most, Math.min(most, share * (near[h]! - x))));
}

/** What hours like each one are. */
function nearOf(cells: readonly HoursCell[], prior: number): number[] {
  const counts = new Array<number>(48).fill(0);
  const sums = new Array<number>(48).fill(0);
  const levels = Array.from({ length: 48 }, (): number[] => []);
  let total = 0;
  let weighted = 0;
  cells.forEach((cell, h) => {
    const row = rowOf(h);
    counts[row]! += cell.n;
    sums[row]! += cell.n * cell.own;
    levels[row]!.push(...cell.levels);
    total += cell.n;
    weighted += cell.n * cell.own;
  });
  const overall = total > 0 ? weighted / total : 0;
  const rows = levels.map((all, row) => {
    const first = row - (row % 24);
    let n = 0;
    let sum = 0;
    for (const d of [23, 24, 25]) {
      n += counts[first + ((row + d) % 24)]!;
      sum += sums[first + ((row + d) % 24)]!;
    }
    const around = (sum + prior * overall) / (n + prior);
    const own = counts[row]!;
    return all.length > 0 ? (own * median(all) + prior * around) / (own + prior) : around;
  });
  return cells.map((_, h) => rows[rowOf(h)]!);
}

/** Of a cell's own median; undefined while no hour was seen in two weeks. */
function varianceOf(cells: readonly HoursCell[]): number | undefined {
  const distances: number[] = [];
  let weeks = 0;
  let seen = 0;
  for (const { levels, own } of cells) {
    const n = levels.length;
    weeks += n;
    if (n > 0) seen++;
    if (n > 1) for (const level of levels) distances.push(Math.abs(level - own) * Math.sqrt(n / (n - 1)));
  }
  if (distances.length < HOURS_OF_WEEK) return undefined;
  const s = PER_SIGMA * median(distances);
  return (s * s * MEDIAN) / Math.max(MEDIAN, weeks / seen);
}
