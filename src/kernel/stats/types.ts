/** A closed interval; `lower ≤ upper`. */
export interface Interval {
  readonly lower: number;
  readonly upper: number;
}

/** An estimate that never travels without its interval and its n. */
export interface Estimate extends Interval {
  readonly estimate: number;
  readonly n: number;
}

/** Outcome of a classical test. */
export interface TestResult {
  readonly statistic: number;
  readonly p: number;
  readonly n: number;
}

/** Which alternative a p-value speaks about: the first named quantity is greater, is less, or differs. */
export type Alternative = 'two-sided' | 'greater' | 'less';
