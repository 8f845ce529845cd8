import {
  type AlarmReading,
  quantile,
  type Random,
  type Sequential,
  seededRandom as streamOf,
} from '#kernel/stats';

/**
 * One measured figure beside what is promised for it.
 * - delay: within 10 %, or within twice the combined standard error (the published figure is a simulation too);
 *   where both are whole days or hours, one of them is rounding
 * - share: within three combined binomial errors, or half a point of rounding
 *   (three, because more than a hundred such cells are judged at once)
 * - bound: at or under the promise, up to two binomial errors
 * - most: at or under, no allowance
 * - shown: printed beside for the reader; nothing is promised
 */
export interface Row {
  readonly name: string;
  readonly measured: number;
  readonly expected?: number;
  readonly judge: 'delay' | 'share' | 'bound' | 'most' | 'shown';
  /** Standard error of the measured figure. */
  readonly error?: number;
  /** Both figures are whole numbers of this unit: one of it is rounding. */
  readonly grain?: number;
  /** Runs behind the measured and behind the published figure. */
  readonly runs?: number;
  readonly published?: number;
  readonly unit?: '%' | 'ns' | 'µs' | 'ms' | 'B' | '';
  /** Why a figure may differ, or what stands beside it. */
  readonly why?: string;
}

export interface Section {
  readonly id: string;
  readonly title: string;
  /** The model in words: every free parameter written down. */
  readonly model: string;
  /** Runs behind the published figures of this section, where its rows do not say; as many as here when absent. */
  readonly published?: number;
  /** `scale` multiplies the number of runs; 1 in the whole bench, less in the quick subset. */
  readonly run: (scale: number) => readonly Row[];
}

/** Standard error of measured and published figure together. */
function combinedError(row: Row): number {
  const { error = 0, runs, published, expected = 0 } = row;
  if (row.judge === 'share' && published !== undefined) {
    const p = (expected * published + 1) / (published + 2);
    return Math.sqrt(error ** 2 + (p * (1 - p)) / published);
  }
  return error * Math.sqrt(1 + (runs !== undefined && published !== undefined ? runs / published : 1));
}

export function passes(row: Row): boolean | undefined {
  const { measured, expected, error = 0 } = row;
  if (row.judge === 'shown' || expected === undefined) return undefined;
  switch (row.judge) {
    case 'delay':
      return (
        Math.abs(measured - expected) <=
        Math.max(0.1 * Math.abs(expected), 2 * combinedError(row), row.grain ?? 0)
      );
    case 'share':
      return Math.abs(measured - expected) <= Math.max(0.0051, 3 * combinedError(row));
    case 'bound':
      return measured <= expected + 2 * error;
    case 'most':
      return measured <= expected;
  }
}

/** Rows of a section with its published number of runs filled in. */
export function runSection(section: Section, scale: number): readonly Row[] {
  const { published } = section;
  return section
    .run(scale)
    .map((row) => (published === undefined || row.published !== undefined ? row : { ...row, published }));
}

export const runsOf = (runs: number, scale: number): number => Math.max(20, Math.round(runs * scale));

/** Mean, 95th percentile and median with standard errors. */
export function summary(times: readonly number[]): {
  mean: number;
  meanError: number;
  p95: number;
  p95Error: number;
  median: number;
  medianError: number;
} {
  const n = times.length;
  const mean = times.reduce((a, b) => a + b, 0) / n;
  const sd = Math.sqrt(times.reduce((a, b) => a + (b - mean) ** 2, 0) / (n - 1));
  // Standard error of a quantile from the order statistics two binomial deviations to either side: whole-day figures
  // repeat, and one deviation would often see no spread at all.
  const spread = (q: number) => {
    const d = Math.sqrt((q * (1 - q)) / n);
    return (quantile(times, Math.min(1, q + 2 * d)) - quantile(times, Math.max(0, q - 2 * d))) / 4;
  };
  return {
    mean,
    meanError: sd / Math.sqrt(n),
    p95: quantile(times, 0.95),
    p95Error: spread(0.95),
    median: quantile(times, 0.5),
    medianError: spread(0.5),
  };
}

/** Observations until the alarm; `limit` + 1 when none came. */
export function alarmTime<S, O>(
  detector: Sequential<S, O, AlarmReading>,
  draw: (t: number) => O,
  limit = 10_000_000,
): number {
  let state = detector.start;
  for (let t = 1; t <= limit; t++) {
    state = detector.step(state, draw(t));
    if (detector.read(state).alarm) return t;
  }
  return limit + 1;
}

export function repeat<T>(runs: number, one: (run: number) => T): T[] {
  return Array.from({ length: runs }, (_, run) => one(run));
}

export const bit = (random: Random, p: number): number => (random() < p ? 1 : 0);

/** Share of true answers with its binomial error, never zero so that 0 of n is not called exact. */
export function share(hits: readonly boolean[]): { value: number; error: number } {
  const n = hits.length;
  const value = hits.filter(Boolean).length / n;
  const smoothed = (value * n + 1) / (n + 2);
  return { value, error: Math.sqrt((smoothed * (1 - smoothed)) / n) };
}

/** Two rows, mean and 95th percentile, of one delay cell. */
export function delayRows(
  name: string,
  times: readonly number[],
  mean: number,
  p95: number,
  why?: string,
): Row[] {
  const s = summary(times);
  const note = why === undefined ? {} : { why };
  return [
    {
      name: `${name}, mean`,
      measured: s.mean,
      expected: mean,
      judge: 'delay',
      error: s.meanError,
      runs: times.length,
      ...note,
    },
    {
      name: `${name}, p95`,
      measured: s.p95,
      expected: p95,
      judge: 'delay',
      error: s.p95Error,
      runs: times.length,
      ...note,
    },
  ];
}

export function shareRow(
  name: string,
  hits: readonly boolean[],
  expected: number,
  judge: 'share' | 'bound' = 'share',
  why?: string,
): Row {
  const { value, error } = share(hits);
  return {
    name,
    measured: value,
    expected,
    judge,
    error,
    runs: hits.length,
    unit: '%',
    ...(why !== undefined && { why }),
  };
}

let salt: string | undefined;

/** Other streams for the same models: a table that holds for one seed only does not hold. */
export function setSeed(seed: string | undefined): void {
  salt = seed;
}

export const seededRandom = (...keys: (string | number)[]): Random =>
  salt === undefined ? streamOf(...keys) : streamOf(salt, ...keys);
