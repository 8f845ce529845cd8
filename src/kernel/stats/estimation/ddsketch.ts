/**
 * DDSketch: quantiles of a stream with a relative error.
 *
 * Formula: γ = (1+α)/(1−α), bucket ⌈log_γ x⌉, estimate 2γ^i/(γ+1); merging adds bucket counts.
 * Assumes: finite values; negative ones are allowed, magnitudes below 1e-9 count as zero.
 * Cost: insert about 30 ns, quantile and merge O(buckets); 1 ms to 600 s at α = .01 needs at most 667 buckets, an hour of latencies about 150 and 0.6 KB of JSON.
 * Lies when: the quantile falls where there are no data between two modes; α is relative, so a p99 of 600 s is off by up to 6 s.
 * Reference: Masson, Rim and Lee, "DDSketch", VLDB 2019; buckets by @datadog/sketches-js.
 */
import { DDSketch } from '@datadog/sketches-js';
import {
  checkCount,
  checkFinite,
  checkInnerProbability,
  checkPositiveCount,
  checkProbability,
} from '../check.ts';
import { StatsError } from '../error.ts';

/** Bucket counts from `offset` upwards; an entry −g stands for g empty buckets. Neither begins nor ends with a gap. */
export interface SketchBuckets {
  readonly offset: number;
  readonly counts: readonly number[];
}

/**
 * Plain JSON of a sketch. There is no sum in it on purpose: a floating sum would make a merge depend on its order,
 * while counts, minimum and maximum merge exactly.
 */
export interface SketchState {
  readonly alpha: number;
  readonly zeros: number;
  readonly positive: SketchBuckets;
  readonly negative: SketchBuckets;
  /** Absent while the sketch is empty. */
  readonly min?: number;
  readonly max?: number;
}

/** A live sketch: mutable, because an insert has to cost nanoseconds. Keep its `state()`. */
export interface Sketch {
  insert(x: number, count?: number): void;
  readonly n: number;
  /** Throws StatsError on an empty sketch. */
  quantile(q: number): number;
  /** Number of values that the sketch places at or below x; exact up to the bucket of x. */
  countUpTo(x: number): number;
  state(): SketchState;
}

type Store = DDSketch['store'];

// Nothing here is measured to a billionth; without a floor one 1e-300 would cost thirty thousand empty buckets.
const SMALLEST = 1e-9;

function buckets(store: Store): SketchBuckets {
  const counts: number[] = [];
  let offset = 0;
  let gap = 0;
  for (let i = 0; i < store.bins.length; i++) {
    const count = store.bins[i]!;
    if (count === 0) {
      gap++;
      continue;
    }
    if (counts.length === 0) offset = store.offset + i;
    else if (gap > 0) counts.push(-gap);
    counts.push(count);
    gap = 0;
  }
  return { offset, counts };
}

function fill(store: Store, { offset, counts }: SketchBuckets, name: string): void {
  checkFinite(`${name}.offset`, offset);
  let key = offset;
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i]!;
    if (!Number.isSafeInteger(count))
      throw new StatsError(`${name}.counts[${i}]`, `must be a whole number, got ${count}`);
    if (count < 0) key -= count;
    else store.add(key++, count);
  }
}

function wrap(inner: DDSketch, alpha: number): Sketch {
  const n = () => inner.store.count + inner.negativeStore.count + inner.zeroCount;
  return {
    insert(x, count = 1) {
      if (!Number.isFinite(x)) throw new StatsError('x', `must be a finite number, got ${x}`);
      if (count !== 1) checkPositiveCount('count', count);
      if (x < SMALLEST && x > -SMALLEST) {
        inner.zeroCount += count;
        inner.min = Math.min(inner.min, x);
        inner.max = Math.max(inner.max, x);
      } else inner.accept(x, count);
    },
    get n() {
      return n();
    },
    quantile(q) {
      checkProbability('q', q);
      if (n() === 0) throw new StatsError('sketch', 'is empty');
      // The extremes are known exactly, and an estimate outside them would be absurd.
      if (q === 0) return inner.min;
      if (q === 1) return inner.max;
      inner.count = n();
      return Math.min(inner.max, Math.max(inner.min, inner.getValueAtQuantile(q)));
    },
    countUpTo(x) {
      checkFinite('x', x);
      let sum = 0;
      const { mapping, store, negativeStore } = inner;
      const key = mapping.key(Math.max(SMALLEST, Math.abs(x)));
      for (let i = 0; i < negativeStore.bins.length; i++) {
        if (x >= 0 || i + negativeStore.offset >= key) sum += negativeStore.bins[i]!;
      }
      if (x >= 0) sum += inner.zeroCount;
      if (x > 0) for (let i = 0; i < store.bins.length && i + store.offset <= key; i++) sum += store.bins[i]!;
      return sum;
    },
    state: () => ({
      alpha,
      zeros: inner.zeroCount,
      positive: buckets(inner.store),
      negative: buckets(inner.negativeStore),
      ...(n() > 0 && { min: inner.min, max: inner.max }),
    }),
  };
}

/** Empty sketch with relative error alpha. */
export function sketch(alpha = 0.01): Sketch {
  checkInnerProbability('alpha', alpha);
  return wrap(new DDSketch({ relativeAccuracy: alpha }), alpha);
}

/** Live sketch from saved states, merged if several. All must have the same alpha. */
export function restoreSketch(...states: readonly SketchState[]): Sketch {
  if (states.length === 0) throw new StatsError('states', 'must not be empty');
  const { alpha } = states[0]!;
  checkInnerProbability('states[0].alpha', alpha);
  const inner = new DDSketch({ relativeAccuracy: alpha });
  states.forEach((state, i) => {
    const name = `states[${i}]`;
    if (state.alpha !== alpha)
      throw new StatsError(`${name}.alpha`, `must equal ${alpha} to be merged, got ${state.alpha}`);
    // The library's own merge drops negative values and misplaces a bucket 0 at the edge, so counts are added here.
    fill(inner.store, state.positive, `${name}.positive`);
    fill(inner.negativeStore, state.negative, `${name}.negative`);
    checkCount(`${name}.zeros`, state.zeros);
    inner.zeroCount += state.zeros;
    if (state.min !== undefined) inner.min = Math.min(inner.min, state.min);
    if (state.max !== undefined) inner.max = Math.max(inner.max, state.max);
  });
  inner.count = inner.store.count + inner.negativeStore.count + inner.zeroCount;
  return wrap(inner, alpha);
}

/** Exact merge: the state that one sketch would have had over all the data, whatever the order or grouping. */
export function mergeSketches(...states: readonly SketchState[]): SketchState {
  return restoreSketch(...states).state();
}
