import { expect, test } from 'bun:test';
import { drawNormal, seededRandom } from '../stats/index.ts';
import { type DearnessState, dearer, NO_PAIRS, readDearness } from './dearness.ts';

/** Pairs of answers whose lengths differ by a factor of two or so, of which the second costs so many times the first. */
function pairs(seed: string, times: number, n: number, allowed?: number) {
  const random = seededRandom('dearness', seed);
  let state: DearnessState = NO_PAIRS;
  let reported: number | undefined;
  let covered = true;
  for (let i = 0; i < n; i++) {
    state = dearer(state, times * Math.exp(0.7 * drawNormal(random)), allowed);
    if (i % 10 < 9) continue;
    const read = readDearness(state, allowed);
    if (read?.verdict === 'BREACHED') reported ??= i + 1;
    if (read && !((read.low ?? 0) <= times && times <= (read.high ?? Number.POSITIVE_INFINITY)))
      covered = false;
  }
  return { read: readDearness(state, allowed), reported, covered };
}
const seeds = Array.from({ length: 100 }, (_, seed) => String(seed));

test('the interval holds the true ratio whenever it is looked at, in 95 of 100 edges', () => {
  const all = seeds.map((seed) => pairs(seed, 1.7, 200));
  expect(all.filter(({ covered }) => covered).length).toBeGreaterThanOrEqual(95);
  for (const { read } of all) {
    expect(read?.verdict).toBeUndefined();
    expect((read?.high ?? 9) - (read?.low ?? 0)).toBeLessThan(1.7);
  }
});

test('a fallback that costs twice what is allowed is reported within 60 pairs; one within it never', () => {
  const dear = seeds.map((seed) => pairs(seed, 3, 100, 1.5).reported ?? Number.POSITIVE_INFINITY);
  expect(dear.toSorted((a, b) => a - b)[94]).toBeLessThanOrEqual(60);
  for (const seed of seeds) {
    const { read, reported } = pairs(seed, 1, 400, 1.5);
    expect(reported).toBeUndefined();
    expect(read?.verdict).toBe('MET');
  }
});

test('exactly at what is allowed it is reported once in 20,000 pairs or more seldom', () => {
  // P(report within n) ≤ n / c = 2 %, of 100.
  expect(
    seeds.filter((seed) => pairs(seed, 1.5, 400, 1.5).reported !== undefined).length,
  ).toBeLessThanOrEqual(6);
});

test('another bound begins anew, few pairs say nothing, and what is kept has a bound', () => {
  const { read } = pairs('a', 3, 200, 1.5);
  expect(read?.verdict).toBe('BREACHED');
  let state: DearnessState = NO_PAIRS;
  for (let i = 0; i < 7; i++) state = dearer(state, 1, 2);
  expect(readDearness(state, 2)).toBeUndefined();
  for (let i = 0; i < 1_000; i++) state = dearer(state, 4, 2);
  expect(state.ratios).toHaveLength(400);
  expect(readDearness(state, 2)).toMatchObject({ n: 1_007, verdict: 'BREACHED', allowed: 2 });
  expect(readDearness(state, 5)).toMatchObject({ verdict: 'UNKNOWN', allowed: 5 });
});
