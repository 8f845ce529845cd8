/** What a metric is, said once: the page of the reference and the head of each family come from here. */
export interface Metric {
  /** As Prometheus knows it: base units, counters end in `_total`. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** In the order in which their values come. */
  readonly labels: readonly string[];
  /** Upper bounds of a histogram, without the last one, infinity. */
  readonly buckets?: readonly number[];
}

/** A value of each label; an empty one is the same as none. */
export type LabelValues = readonly string[];

export interface Sample {
  readonly labels: LabelValues;
  readonly value: number;
}

/** Counts by bucket, not yet summed up, the one of infinity last; and the sum of what was observed. */
export interface Distribution {
  readonly labels: LabelValues;
  readonly counts: ArrayLike<number>;
  readonly sum: number;
}

export type Family =
  | { readonly metric: Metric; readonly samples: readonly Sample[] }
  | { readonly metric: Metric; readonly distributions: readonly Distribution[] };
