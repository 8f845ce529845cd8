/**
 * How many observations for a stream: delay of a detector before it is switched on?
 *
 * Formula: e-detector ≈ log(1 + c·I)/I observations after the change, I = KL(p1‖p0): the recursion sums over about 1/I starting points, so the level it has to climb is c·I and not c; Gaussian CUSUM ≈ h/(shift − k); two-sample e-process ≈ (log(1/α) + 1.5)/(KL(pA‖m) + KL(pB‖m)) blocks, m the mean rate; multinomial ≈ (log(1/α) + ½(K−1)·log n)/KL(actual‖declared), solved for n.
 * Assumes: the planned shift; a mixture that holds it near one of its sizes.
 * Cost: O(1).
 * Lies when: taken for more than a plan: within a sixth of the simulated delays at p0 = .02 and .05, c = 1,000 to 450,000; the 95th percentile is about twice the mean.
 * Reference: Lorden 1971; Shin, Ramdas and Rinaldo 2023; the 1.5 nats are fitted to simulated medians.
 */
import { checkInnerProbability, checkPositive, checkSameLength } from '../check.ts';
import { StatsError } from '../error.ts';

/** Kullback–Leibler divergence of two Bernoulli rates in nats. */
export function bernoulliDivergence(p: number, q: number): number {
  checkInnerProbability('p', p);
  checkInnerProbability('q', q);
  return p * Math.log(p / q) + (1 - p) * Math.log((1 - p) / (1 - q));
}

/** About how many observations from a change p0 → p1 to the alarm of an e-detector with threshold c. */
export function delayOfRateDetector({
  p0,
  p1,
  c,
}: {
  readonly p0: number;
  readonly p1: number;
  readonly c: number;
}): number {
  checkPositive('c', c);
  const gain = bernoulliDivergence(p1, p0);
  if (gain === 0) throw new StatsError('p1', 'must differ from p0');
  return Math.ceil(Math.log1p(c * gain) / gain);
}

/** About how many observations for a Gaussian CUSUM with threshold h whose z moved by `shift` standard deviations. */
export function delayOfGaussianCusum({
  k,
  h,
  shift,
}: {
  readonly k: number;
  readonly h: number;
  readonly shift: number;
}): number {
  checkPositive('k', k);
  checkPositive('h', h);
  if (!(shift > k)) throw new StatsError('shift', 'must exceed k, or nothing drives the sum up');
  return Math.ceil(h / (shift - k));
}

/** About how many blocks for the two-sample e-process to tell `before` from `after`. */
export function blocksForTwoSample(before: number, after: number, alpha = 0.05): number {
  checkInnerProbability('alpha', alpha);
  const mid = (before + after) / 2;
  const gain = bernoulliDivergence(before, mid) + bernoulliDivergence(after, mid);
  if (gain === 0) throw new StatsError('after', 'must differ from before');
  return Math.ceil((Math.log(1 / alpha) + 1.5) / gain);
}

/** About how many exchanges for the multinomial e-process to leave the declared shares. */
export function exchangesForMix(
  declared: readonly number[],
  actual: readonly number[],
  alpha = 0.01,
): number {
  checkSameLength('declared', declared, 'actual', actual);
  checkInnerProbability('alpha', alpha);
  let gain = 0;
  declared.forEach((q, i) => {
    checkInnerProbability(`declared[${i}]`, q);
    const p = actual[i]!;
    if (!(p >= 0 && p <= 1)) throw new StatsError(`actual[${i}]`, `must lie in [0, 1], got ${p}`);
    if (p > 0) gain += p * Math.log(p / q);
  });
  if (!(gain > 1e-12)) throw new StatsError('actual', 'must differ from declared');
  let n = Math.log(1 / alpha) / gain;
  for (let i = 0; i < 50; i++)
    n = (Math.log(1 / alpha) + 0.5 * (declared.length - 1) * Math.log(1 + n / 20)) / gain;
  return Math.ceil(n);
}
