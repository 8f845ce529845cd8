import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { StatsError } from '../error.ts';
import { clopperPearson } from './clopper-pearson.ts';
import { wilson } from './wilson.ts';

// Newcombe, Statistics in Medicine 17 (1998) 857–872, table I, methods 3 (score) and 5 (exact).
const NEWCOMBE = [
  { k: 81, n: 263, score: [0.2553, 0.3662], exact: [0.2527, 0.3676] },
  { k: 15, n: 148, score: [0.0624, 0.1605], exact: [0.0578, 0.1617] },
  { k: 0, n: 20, score: [0, 0.1611], exact: [0, 0.1684] },
  { k: 1, n: 29, score: [0.0061, 0.1718], exact: [0.0009, 0.1776] },
] as const;

test('Newcombe 1998, table I', () => {
  for (const { k, n, score, exact } of NEWCOMBE) {
    const w = wilson(k, n);
    expect(w.lower).toBeCloseTo(score[0], 4);
    expect(w.upper).toBeCloseTo(score[1], 4);
    const c = clopperPearson(k, n);
    expect(c.lower).toBeCloseTo(exact[0], 4);
    expect(c.upper).toBeCloseTo(exact[1], 4);
  }
});

test('the widths promised for p̂ = .8', () => {
  for (const [n, lower, upper] of [
    [50, 0.67, 0.89],
    [100, 0.71, 0.87],
    [200, 0.74, 0.85],
  ] as const) {
    const w = wilson(0.8 * n, n);
    expect(w.lower).toBeCloseTo(lower, 2);
    expect(w.upper).toBeCloseTo(upper, 2);
  }
});

test('contains its estimate, stays in [0, 1], mirrors under k → n − k', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), fc.double({ min: 0, max: 1, noNaN: true }), (n, share) => {
      const k = Math.round(share * n);
      for (const method of [wilson, clopperPearson]) {
        const a = method(k, n);
        const b = method(n - k, n);
        expect(a.lower).toBeLessThanOrEqual(a.estimate + 1e-15);
        expect(a.upper).toBeGreaterThanOrEqual(a.estimate - 1e-15);
        expect(a.lower).toBeGreaterThanOrEqual(0);
        expect(a.upper).toBeLessThanOrEqual(1);
        expect(Math.abs(a.lower - (1 - b.upper))).toBeLessThan(1e-11);
      }
    }),
    { seed: 1, numRuns: 300 },
  );
});

test('impossible counts throw and name the argument', () => {
  for (const [k, n, argument] of [
    [-1, 5, 'k'],
    [6, 5, 'k'],
    [0, 0, 'n'],
    [1, -3, 'n'],
    [Number.NaN, 5, 'k'],
    [1.5, 5, 'k'],
  ] as const) {
    for (const method of [wilson, clopperPearson]) {
      try {
        method(k, n);
        expect.unreachable();
      } catch (error) {
        expect(error).toBeInstanceOf(StatsError);
        expect((error as StatsError).argument).toBe(argument);
      }
    }
  }
  expect(() => wilson(1, 5, 1)).toThrow('confidence');
});
