import { clopperPearsonLower, clopperPearsonUpper, quantile } from '#kernel/stats';

/** What one seed leaves for one expectation. Measures of several seeds are pooled before anything is judged. */
export type Measure =
  /** Cases looked at, and those that broke the rule. */
  | {
      readonly kind: 'count';
      readonly broken: number;
      readonly n: number;
      readonly examples?: readonly string[];
    }
  | { readonly kind: 'rate'; readonly events: number; readonly n: number }
  | { readonly kind: 'values'; readonly values: readonly number[] };

/** What must hold of the pooled measure. */
export type Goal =
  /** Not one case breaks the rule. */
  | { readonly kind: 'never' }
  /** The rate lies in the band with its whole interval. */
  | { readonly kind: 'rate'; readonly atLeast?: number; readonly atMost?: number }
  /** A quantile of the values, by its distribution-free interval. */
  | { readonly kind: 'quantile'; readonly q: number; readonly atLeast?: number; readonly atMost?: number }
  /** Every single value. */
  | { readonly kind: 'every'; readonly atLeast?: number; readonly atMost?: number };

export type DrillVerdict = 'good' | 'bad' | 'unknown';

/** A pooled measure with its n, its interval and what follows from it. */
export interface Judged {
  readonly value: number;
  /** 95 %; of the rate for a count, of the quantile for values. Infinite where the data reach no bound. */
  readonly low: number;
  readonly high: number;
  readonly n: number;
  readonly verdict: DrillVerdict;
  readonly examples?: readonly string[];
}

/** Two-sided 95 % for every interval shown. */
const TAIL = 0.025;
const EXAMPLES = 5;

export const never = (broken: number, n: number, examples: readonly string[] = []): Measure => ({
  kind: 'count',
  broken,
  n,
  examples,
});

/** Two measures of the same thing as one. @throws RangeError when they are of different kinds. */
export function pool(a: Measure, b: Measure): Measure {
  if (a.kind === 'count' && b.kind === 'count')
    return never(a.broken + b.broken, a.n + b.n, [...(a.examples ?? []), ...(b.examples ?? [])]);
  if (a.kind === 'rate' && b.kind === 'rate')
    return { kind: 'rate', events: a.events + b.events, n: a.n + b.n };
  if (a.kind === 'values' && b.kind === 'values')
    return { kind: 'values', values: [...a.values, ...b.values] };
  throw new RangeError(`a ${a.kind} and a ${b.kind} cannot be pooled`);
}

/** Measures of one expectation, one a seed, put together. @throws RangeError when their kinds differ or do not fit the goal. */
export function judge(goal: Goal, measures: readonly Measure[]): Judged {
  switch (goal.kind) {
    case 'never':
      return judgeNever(of('count', measures));
    case 'rate':
      return judgeRate(goal, of('rate', measures));
    case 'quantile':
      return judgeQuantile(goal, valuesOf(measures));
    case 'every':
      return judgeEvery(goal, valuesOf(measures));
  }
}

const NOTHING: Judged = { value: Number.NaN, low: Number.NaN, high: Number.NaN, n: 0, verdict: 'unknown' };

function judgeNever(counts: readonly (Measure & { kind: 'count' })[]): Judged {
  const n = sum(counts.map((c) => c.n));
  const broken = sum(counts.map((c) => c.broken));
  if (n === 0) return NOTHING;
  const examples = [...new Set(counts.flatMap((c) => c.examples ?? []))].slice(0, EXAMPLES);
  return {
    value: broken,
    // None of n proves no more than a small rate, so even a clean sheet is shown with what it does not rule out.
    ...exact(broken, n),
    n,
    verdict: broken === 0 ? 'good' : 'bad',
    ...(examples.length > 0 && { examples }),
  };
}

function judgeRate(band: Band, rates: readonly (Measure & { kind: 'rate' })[]): Judged {
  const n = sum(rates.map((r) => r.n));
  const events = sum(rates.map((r) => r.events));
  if (n === 0) return NOTHING;
  const { low, high } = exact(events, n);
  return { value: events / n, low, high, n, verdict: within(band, low, high) };
}

const exact = (k: number, n: number) => ({
  low: clopperPearsonLower(k, n, 1 - TAIL),
  high: clopperPearsonUpper(k, n, 1 - TAIL),
});

function judgeQuantile(goal: Band & { readonly q: number }, values: readonly number[]): Judged {
  const n = values.length;
  if (n === 0) return NOTHING;
  const sorted = [...values].sort((a, b) => a - b);
  const { low, high } = orderInterval(sorted, goal.q);
  return { value: quantileOf(sorted, goal.q), low, high, n, verdict: within(goal, low, high) };
}

/** What never came is a value too, the largest; nothing lies between it and another, so there the nearest rank is told. */
const quantileOf = (sorted: readonly number[], q: number): number =>
  Number.isFinite(sorted.at(-1)) ? quantile(sorted, q) : (sorted[Math.ceil(q * sorted.length) - 1] as number);

function judgeEvery(band: Band, values: readonly number[]): Judged {
  if (values.length === 0) return NOTHING;
  const low = Math.min(...values);
  const high = Math.max(...values);
  const outside = values.find((value) => within(band, value, value) === 'bad');
  return {
    value: outside ?? values[0]!,
    low,
    high,
    n: values.length,
    verdict: outside === undefined ? 'good' : 'bad',
  };
}

/** Normal quantile of 1 - TAIL. */
const Z = 1.959964;

/**
 * Distribution-free interval of a quantile: the order statistics between whose ranks a binomial(n, q) falls with the
 * stated confidence, by its normal approximation. Where n is too small to reach a rank, that end is open.
 */
function orderInterval(
  sorted: readonly number[],
  q: number,
): { readonly low: number; readonly high: number } {
  const n = sorted.length;
  const half = Z * Math.sqrt(n * q * (1 - q));
  return {
    low: sorted[Math.floor(n * q - half) - 1] ?? Number.NEGATIVE_INFINITY,
    high: sorted[Math.ceil(n * q + half)] ?? Number.POSITIVE_INFINITY,
  };
}

interface Band {
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** Good with the whole interval inside, bad with all of it outside; what straddles a bound is not known. */
function within({ atLeast = -Infinity, atMost = Infinity }: Band, low: number, high: number): DrillVerdict {
  if (low >= atLeast && high <= atMost) return 'good';
  return high < atLeast || low > atMost ? 'bad' : 'unknown';
}

function of<K extends Measure['kind']>(kind: K, measures: readonly Measure[]): (Measure & { kind: K })[] {
  const fitting = measures.filter((m): m is Measure & { kind: K } => m.kind === kind);
  if (fitting.length !== measures.length) throw new RangeError(`a measure is not a ${kind}`);
  return fitting;
}

const valuesOf = (measures: readonly Measure[]): number[] =>
  of('values', measures).flatMap((m) => [...m.values]);
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
