import { StatsError } from './error.ts';

// Guards return nothing and are called once per public entry: inner loops stay free of them. Every comparison is
// written so that NaN fails it.

export function checkFinite(argument: string, x: number): void {
  if (typeof x !== 'number' || !Number.isFinite(x))
    throw new StatsError(argument, `must be a finite number, got ${x}`);
}

export function checkPositive(argument: string, x: number): void {
  if (!(x > 0) || !Number.isFinite(x))
    throw new StatsError(argument, `must be a positive finite number, got ${x}`);
}

export function checkNonNegative(argument: string, x: number): void {
  if (!(x >= 0) || !Number.isFinite(x))
    throw new StatsError(argument, `must be finite and not negative, got ${x}`);
}

/** Closed unit interval: 0 and 1 are rates that can be observed. */
export function checkProbability(argument: string, p: number): void {
  if (!(p >= 0 && p <= 1)) throw new StatsError(argument, `must lie in [0, 1], got ${p}`);
}

/** Open unit interval: for rates whose logarithm is taken and for confidence levels. */
export function checkInnerProbability(argument: string, p: number): void {
  if (!(p > 0 && p < 1)) throw new StatsError(argument, `must lie strictly between 0 and 1, got ${p}`);
}

export function checkCount(argument: string, n: number): void {
  if (!Number.isSafeInteger(n) || n < 0)
    throw new StatsError(argument, `must be a whole number ≥ 0, got ${n}`);
}

export function checkPositiveCount(argument: string, n: number): void {
  if (!Number.isSafeInteger(n) || n < 1)
    throw new StatsError(argument, `must be a whole number ≥ 1, got ${n}`);
}

/** k successes of n trials, n ≥ 1. */
export function checkTrials(kName: string, k: number, nName: string, n: number): void {
  checkPositiveCount(nName, n);
  checkCount(kName, k);
  if (k > n) throw new StatsError(kName, `must not exceed ${nName}: ${k} > ${n}`);
}

export function checkLength(argument: string, list: ArrayLike<unknown>, min = 1): void {
  if (!list || typeof list.length !== 'number') throw new StatsError(argument, 'must be a list');
  if (list.length < min) {
    throw new StatsError(
      argument,
      min === 1 ? 'must not be empty' : `needs at least ${min} values, got ${list.length}`,
    );
  }
}

export function checkSameLength(a: string, x: ArrayLike<unknown>, b: string, y: ArrayLike<unknown>): void {
  if (x.length !== y.length) throw new StatsError(b, `must be as long as ${a}: ${y.length} ≠ ${x.length}`);
}

export function checkSample(argument: string, x: ArrayLike<number>, min = 1): void {
  checkLength(argument, x, min);
  for (let i = 0; i < x.length; i++) checkFinite(`${argument}[${i}]`, x[i]!);
}

export function checkProbabilities(argument: string, x: ArrayLike<number>, min = 1): void {
  checkLength(argument, x, min);
  for (let i = 0; i < x.length; i++) checkProbability(`${argument}[${i}]`, x[i]!);
}

export function checkCounts(argument: string, x: ArrayLike<number>, min = 1): void {
  checkLength(argument, x, min);
  for (let i = 0; i < x.length; i++) checkCount(`${argument}[${i}]`, x[i]!);
}

/** Non-negative weights with a positive sum. */
export function checkWeights(argument: string, w: ArrayLike<number>): void {
  checkLength(argument, w);
  let sum = 0;
  for (let i = 0; i < w.length; i++) {
    checkNonNegative(`${argument}[${i}]`, w[i]!);
    sum += w[i]!;
  }
  if (!(sum > 0)) throw new StatsError(argument, 'must not sum to zero');
}

export function checkAscending(argument: string, x: ArrayLike<number>): void {
  for (let i = 1; i < x.length; i++) {
    if (!(x[i]! >= x[i - 1]!))
      throw new StatsError(argument, `must be sorted ascending, breaks at index ${i}`);
  }
}
