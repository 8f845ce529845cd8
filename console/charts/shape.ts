/** Pure arithmetic behind the charts. */

/**
 * Series of one stack as bars that are drawn over each other, outermost first: [sum of all, …, first alone]. The first
 * given series lies at the bottom.
 */
export const stack = (series: readonly (readonly number[])[]): number[][] => {
  const sums: number[][] = [];
  for (const values of series) {
    const below = sums[0];
    sums.unshift(values.map((value, at) => value + (below?.[at] ?? 0)));
  }
  return sums;
};

export interface Band {
  readonly from: number;
  readonly to: number;
}
const HOUR = 3_600_000;
/** The midwatches of a window: midnight to four, local time. None when the window is too short or too long to show them. */
export const midwatches = (from: number, to: number): readonly Band[] => {
  const span = to - from;
  if (span < 6 * HOUR || span > 10 * 24 * HOUR) return [];
  const bands: Band[] = [];
  const first = new Date(from);
  for (let day = -1; day <= span / (24 * HOUR) + 1; day += 1) {
    const start = new Date(first.getFullYear(), first.getMonth(), first.getDate() + day).getTime();
    const end = new Date(first.getFullYear(), first.getMonth(), first.getDate() + day, 4).getTime();
    if (end > from && start < to) bands.push({ from: Math.max(from, start), to: Math.min(to, end) });
  }
  return bands;
};

export interface Cluster<T> {
  /** Share of the window, 0 to 1. */
  readonly x: number;
  readonly members: readonly T[];
}
/** Marks that would touch become one mark with a number. `gap` is the least distance as a share of the window. */
export const cluster = <T extends { readonly at: number }>(
  marks: readonly T[],
  window: Band,
  gap: number,
): readonly Cluster<T>[] => {
  const span = window.to - window.from;
  const inside = marks
    .filter((mark) => mark.at >= window.from && mark.at <= window.to)
    .sort((a, b) => a.at - b.at);
  const clusters: { x: number; members: T[] }[] = [];
  for (const mark of inside) {
    const x = (mark.at - window.from) / span;
    const last = clusters.at(-1);
    if (last && x - last.x < gap) last.members.push(mark);
    else clusters.push({ x, members: [mark] });
  }
  return clusters;
};

const STEPS = [
  1_000,
  5_000,
  15_000,
  30_000,
  60_000,
  5 * 60_000,
  10 * 60_000,
  15 * 60_000,
  30 * 60_000,
  HOUR,
  2 * HOUR,
  4 * HOUR,
  12 * HOUR,
  24 * HOUR,
  2 * 24 * HOUR,
  7 * 24 * HOUR,
] as const;
/** Ticks on round local times, four-hour watches included, no more than `most`. */
export const timeTicks = (
  from: number,
  to: number,
  most: number,
): { readonly at: readonly number[]; readonly step: number } => {
  const step = STEPS.find((each) => (to - from) / each <= most) ?? 30 * 24 * HOUR;
  const offset = new Date(from).getTimezoneOffset() * 60_000;
  const at: number[] = [];
  for (let t = Math.ceil((from - offset) / step) * step + offset; t <= to; t += step) at.push(t);
  return { at, step };
};

/** 1, 2 and 5 of each decade between two positive ends; only the ones when there are many decades. */
export const logTicks = (min: number, max: number): readonly number[] => {
  if (!(min > 0) || !(max > min)) return [];
  const decades = Math.log10(max / min);
  const digits = decades < 1.2 ? [1, 2, 3, 5, 7] : decades < 2.4 ? [1, 3] : [1];
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(min)); power <= Math.ceil(Math.log10(max)); power += 1) {
    for (const digit of digits) {
      const tick = digit * 10 ** power;
      if (tick >= min && tick <= max) ticks.push(Number(tick.toPrecision(3)));
    }
  }
  return ticks;
};

/** Indices of values with nothing measured on either side. */
export const lonely = (values: ArrayLike<number | null | undefined>): readonly number[] => {
  const found: number[] = [];
  for (let at = 0; at < values.length; at += 1) {
    if (values[at] != null && values[at - 1] == null && values[at + 1] == null) found.push(at);
  }
  return found;
};
