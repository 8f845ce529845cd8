import { expect, test } from 'bun:test';
import { drawNormal, seededRandom } from '#kernel/stats';
import { chainRisk, queueWait, readTail, type TailSample } from './tail.ts';

const lognormal = (random: () => number, median: number, sigma: number) =>
  median * Math.exp(sigma * drawNormal(random));

/** First token, tokens and milliseconds a token. */
function world(seed: string, n: number, straggle: number, sigmaTokens: number): TailSample[] {
  const random = seededRandom(seed);
  return Array.from({ length: n }, () => {
    const firstTokenMs = lognormal(random, 400, 0.3) + (random() < straggle ? 15_000 : 0);
    const tokensOut = Math.round(lognormal(random, 100, sigmaTokens));
    return { firstTokenMs, tokensOut, totalMs: firstTokenMs + 20 * tokensOut, good: true };
  });
}

test('C², the wait it makes and the chance of a chain are what the books say', () => {
  // Always the same: no variance; two values of equal chance, 1 and 3: Var 1, mean 2.
  expect(readTail(Array.from({ length: 10 }, () => sample(5)))?.c2).toBe(0);
  expect(readTail([1, 3, 1, 3].map(sample))?.c2).toBeCloseTo(0.25, 12);
  const random = seededRandom('exp');
  const exponential = Array.from({ length: 50_000 }, () => sample(-1_000 * Math.log(1 - random())));
  expect(readTail(exponential)?.c2).toBeWithin(0.95, 1.05);
  // M/M/1 at a load of .8: four times the service; M/D/1 half of it.
  expect(queueWait(0.8, 1, 1_000)).toBeCloseTo(4_000, 9);
  expect(queueWait(0.8, 0, 1_000)).toBeCloseTo(2_000, 9);
  expect(chainRisk(10)).toBeCloseTo(0.0956, 4);
  expect(readTail([])).toBeUndefined();
});

test('the tail is told apart: stragglers are first tokens, long answers length, and lanes by length take the variance out', () => {
  const late = readTail(world('late', 5_000, 0.03, 0.2))!;
  expect(late.excess.firstToken).toBeGreaterThan(0.9);
  expect(late.spread).toBeGreaterThan(5);
  const long = readTail(world('long', 5_000, 0, 1.2))!;
  expect(long.excess.length).toBeGreaterThan(0.9);
  expect(long.excess.firstToken + long.excess.length + long.excess.pace).toBeCloseTo(1, 9);
  expect(long.c2Short).toBeLessThan(long.c2 / 2);
  const slow = readTail(
    world('slow', 5_000, 0, 0.2).map((one, i) => (i % 50 ? one : { ...one, totalMs: one.totalMs * 6 })),
  )!;
  expect(slow.excess.pace).toBeGreaterThan(0.9);
});

test('the useful length is that of answers that ended well, with an upper end where there are enough', () => {
  const samples = world('useful', 4_000, 0, 0.5).map((one, i) =>
    i % 10 === 0 ? { ...one, tokensOut: 100_000, good: false } : one,
  );
  const { useful } = readTail(samples)!;
  // exp(0.5·2.576)·100 = 362.
  expect(useful?.tokens).toBeWithin(320, 420);
  expect(useful?.upper).toBeGreaterThan(useful?.tokens as number);
  expect(useful?.n).toBe(3_600);
  expect(readTail(samples.slice(0, 100))?.useful?.upper).toBeUndefined();
});

test('a tail that grows heavier is found, one that only moves is not', () => {
  const pareto = (seed: string, alpha: number, factor: number) => {
    const random = seededRandom(seed);
    return Array.from({ length: 4_000 }, () => sample(factor * (1 - random()) ** (-1 / alpha)));
  };
  expect(readTail([...pareto('a', 3, 100), ...pareto('b', 1.2, 100)])?.tailIndex).toMatchObject({
    heavier: true,
  });
  let false_ = 0;
  for (let seed = 0; seed < 40; seed++)
    if (readTail([...pareto(`c${seed}`, 3, 100), ...pareto(`d${seed}`, 3, 400)])?.tailIndex?.heavier)
      false_++;
  expect(false_).toBeLessThan(2);
  expect(readTail(pareto('e', 3, 1).slice(0, 500))?.tailIndex).toBeUndefined();
});

const sample = (totalMs: number): TailSample => ({ totalMs, tokensOut: 1, good: true });
