import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { drawNormal, quantile, seededRandom } from '#kernel/stats';
import { decayingSketch } from './decaying-sketch.ts';

const HALF_LIFE = 60_000;
const sketch = decayingSketch({ alpha: 0.01, smallest: 1, halfLife: HALF_LIFE });

test('quantiles of a fresh sketch are within 1 % of an order statistic', () => {
  const random = seededRandom('sketch');
  for (let run = 0; run < 20; run++) {
    const state = sketch.create();
    const xs = Array.from({ length: 10_001 }, () => 500 * Math.exp(0.8 * drawNormal(random)));
    for (const x of xs) sketch.insert(state, 1e12, x);
    for (const q of [0.01, 0.5, 0.95, 0.99, 0.999])
      expect(Math.abs(sketch.quantile(state, q)! / quantile(xs, q) - 1)).toBeLessThan(0.0125);
    expect(sketch.quantile(state, 0.99)! / xs.toSorted((a, b) => a - b)[9_900]! - 1).toBeLessThan(0.0101);
  }
});

test('what is old counts less, and after many half-lives nothing, without overflow', () => {
  const state = sketch.create();
  for (let i = 0; i < 1_000; i++) sketch.insert(state, 1e12, 10);
  for (let i = 0; i < 250; i++) sketch.insert(state, 1e12 + 3 * HALF_LIFE, 1_000);
  // 125 of weight against 250.
  expect(sketch.quantile(state, 0.3)!).toBeCloseTo(10, 0);
  expect(sketch.quantile(state, 0.4)! / 1_000).toBeCloseTo(1, 1);
  expect(sketch.weight(state, 1e12 + 3 * HALF_LIFE)).toBeCloseTo(375, 6);
  for (let i = 0; i < 3_000; i++) sketch.insert(state, 1e12 + i * HALF_LIFE, 50);
  expect(Number.isFinite(state.total)).toBe(true);
  expect(sketch.weight(state, 1e12 + 2_999 * HALF_LIFE)).toBeCloseTo(2, 6);
  expect(sketch.quantile(state, 0.001)! / 50).toBeCloseTo(1, 1);
});

test('quantiles are monotone and within the values, total is the sum of the buckets, the state survives as JSON', () => {
  const values = fc.array(
    fc.record({ at: fc.integer({ min: 0, max: 1e7 }), x: fc.double({ min: 1, max: 8e6, noNaN: true }) }),
    { minLength: 1, maxLength: 100 },
  );
  fc.assert(
    fc.property(values, (list) => {
      let state = sketch.create();
      for (const { at, x } of list) sketch.insert(state, at, x);
      state = JSON.parse(JSON.stringify(state));
      const xs = list.map(({ x }) => x);
      let before = 0;
      for (const q of [0, 0.1, 0.5, 0.9, 1]) {
        const at = sketch.quantile(state, q)!;
        expect(at).toBeGreaterThanOrEqual(before);
        expect(at).toBeGreaterThan(Math.min(...xs) * 0.98);
        expect(at).toBeLessThan(Math.max(...xs) * 1.02);
        before = at;
      }
      const sum = state.buckets.reduce((a, b) => a + b, 0);
      expect(Math.abs(sum / state.total - 1)).toBeLessThan(1e-9);
    }),
    { seed: 61, numRuns: 100 },
  );
  expect(sketch.quantile(sketch.create(), 0.5)).toBeUndefined();
  expect(sketch.weight(sketch.create(), 5)).toBe(0);
});
