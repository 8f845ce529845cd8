/**
 * Where the tail of a route's latency comes from, and what it costs those who wait.
 *
 * Formula: C² = Var(S)/E[S]²; wait in line W = ρ/(1−ρ)·(1+C²)/2·E[S] (Pollaczek-Khinchine, one place); a chain of n calls meets at least one of the slowest hundredth with 1 − .99ⁿ. Of the slowest hundredth, what is above the median is told apart: first token, length (tokens above the median at the median pace), pace (the rest). Tail index: Hill's estimate over the largest twentieth, in the older and the newer half. `useful`: the 99.5 % quantile of the tokens of answers that ended well, order statistics at 95 %.
 * Assumes: exchanges of one route in order of time, all that were answered; for W calls that come at random and one line.
 * Cost: O(n log n); 5,000 exchanges take about 5 ms.
 * Lies when: few exchanges: an upper end that the data do not reach is left out; when first tokens are unknown (whole answers), all of the excess is length and pace.
 * Reference: Kleinrock, "Queueing Systems", 1975; Hill, "A simple general approach to inference about the tail of a distribution", 1975.
 */

export interface TailSample {
  readonly totalMs: number;
  /** Absent for a whole answer. */
  readonly firstTokenMs?: number;
  readonly tokensOut: number;
  /** Ended well. */
  readonly good: boolean;
}

export interface TailReading {
  readonly n: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  /** p99/p50; above 10 is a finding. */
  readonly spread: number;
  readonly meanMs: number;
  readonly c2: number;
  /** C² of the shorter and of the longer half by tokens: what lanes by length would leave. */
  readonly c2Short: number;
  readonly c2Long: number;
  /** Shares of what the slowest hundredth takes above the median; they add up to 1. */
  readonly excess: { readonly firstToken: number; readonly length: number; readonly pace: number };
  /** Smaller is heavier. Absent below 40 values in each tail. */
  readonly tailIndex?: {
    readonly before: number;
    readonly after: number;
    /** The newer half is heavier by more than chance. */
    readonly heavier: boolean;
  };
  /** Tokens; absent without answers that ended well. `upper` absent where there are too few. */
  readonly useful?: { readonly tokens: number; readonly upper?: number; readonly n: number };
}

/** Undefined without a sample. */
export function readTail(samples: readonly TailSample[]): TailReading | undefined {
  const n = samples.length;
  if (n === 0) return undefined;
  const totals = samples.map(({ totalMs }) => totalMs);
  const sorted = totals.toSorted(ascending);
  const [p50, p95, p99] = [at(sorted, 0.5), at(sorted, 0.95), at(sorted, 0.99)];
  const middle = at(samples.map(({ tokensOut }) => tokensOut).toSorted(ascending), 0.5);
  const c2Of = (keep: (sample: TailSample) => boolean) =>
    squaredVariation(samples.filter(keep).map(({ totalMs }) => totalMs));
  const index = tailIndex(totals);
  const useful = usefulLength(samples);
  return {
    n,
    p50,
    p95,
    p99,
    spread: p99 / Math.max(p50, Number.MIN_VALUE),
    meanMs: mean(totals),
    c2: squaredVariation(totals),
    c2Short: c2Of(({ tokensOut }) => tokensOut <= middle),
    c2Long: c2Of(({ tokensOut }) => tokensOut > middle),
    excess: excessOf(samples, p99),
    ...(index && { tailIndex: index }),
    ...(useful && { useful }),
  };
}

/** Milliseconds in line at this load (0 ≤ ρ < 1) before a service that takes `meanMs`. */
export const queueWait = (load: number, c2: number, meanMs: number): number =>
  (load / (1 - load)) * ((1 + c2) / 2) * meanMs;

/** Chance that of so many calls at least one is among the slowest hundredth. */
export const chainRisk = (calls: number): number => 1 - 0.99 ** calls;

const ascending = (a: number, b: number) => a - b;
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const at = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;

function squaredVariation(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const m = mean(values);
  return m === 0 ? 0 : mean(values.map((x) => (x - m) ** 2)) / m ** 2;
}

function excessOf(samples: readonly TailSample[], p99: number): TailReading['excess'] {
  const first = ({ firstTokenMs = 0 }: TailSample) => firstTokenMs;
  const rest = (sample: TailSample) => sample.totalMs - first(sample);
  const median = (of: (sample: TailSample) => number) => at(samples.map(of).toSorted(ascending), 0.5);
  const [usualFirst, usualTokens] = [median(first), median(({ tokensOut }) => tokensOut)];
  const pace = median((sample) => rest(sample) / Math.max(1, sample.tokensOut));
  const sums = { firstToken: 0, length: 0, pace: 0 };
  for (const sample of samples) {
    if (sample.totalMs < p99) continue;
    sums.firstToken += Math.max(0, first(sample) - usualFirst);
    sums.length += Math.max(0, sample.tokensOut - usualTokens) * pace;
    sums.pace += Math.max(0, rest(sample) - sample.tokensOut * pace);
  }
  const all = sums.firstToken + sums.length + sums.pace || 1;
  return { firstToken: sums.firstToken / all, length: sums.length / all, pace: sums.pace / all };
}

const LEAST_TAIL = 40;

function tailIndex(totals: readonly number[]): TailReading['tailIndex'] {
  const half = Math.floor(totals.length / 2);
  const k = Math.floor(half / 20);
  if (k < LEAST_TAIL) return undefined;
  const hill = (values: readonly number[]) => {
    const top = values.toSorted(ascending).slice(-k - 1);
    const floor = Math.max(top[0] as number, Number.MIN_VALUE);
    return (
      k /
      Math.max(
        Number.MIN_VALUE,
        top.slice(1).reduce((sum, x) => sum + Math.log(x / floor), 0),
      )
    );
  };
  const [before, after] = [hill(totals.slice(0, half)), hill(totals.slice(half))];
  // Hill's estimate is asymptotically normal with deviation α/√k: three of the difference.
  const slack = 3 * Math.hypot(before, after) * Math.sqrt(1 / k);
  return { before, after, heavier: before - after > slack };
}

const USEFUL = 0.995;

function usefulLength(samples: readonly TailSample[]): TailReading['useful'] {
  const tokens = samples
    .filter(({ good, tokensOut }) => good && tokensOut > 0)
    .map(({ tokensOut }) => tokensOut)
    .toSorted(ascending);
  const n = tokens.length;
  if (n === 0) return undefined;
  const upper = tokens[Math.ceil(n * USEFUL + 1.96 * Math.sqrt(n * USEFUL * (1 - USEFUL)))];
  return { tokens: at(tokens, USEFUL), ...(upper !== undefined && { upper }), n };
}
