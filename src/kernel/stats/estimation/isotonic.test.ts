import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { isotonic } from './isotonic.ts';

describe('isotonic', () => {
  test('Robertson, Wright and Dykstra style example', () => {
    expect(isotonic([1, 3, 2, 4, 3.5, 6])).toEqual([1, 2.5, 2.5, 3.75, 3.75, 6]);
    expect(isotonic([0.9, 0.95, 0.5], [1, 3, 2], 'falling')[0]).toBeCloseTo(0.9375, 12);
  });

  test('is monotone, keeps the weighted mean, changes nothing when monotone already', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 1, maxLength: 40 }),
        (x) => {
          const fit = isotonic(x);
          for (let i = 1; i < fit.length; i++) expect(fit[i]!).toBeGreaterThanOrEqual(fit[i - 1]!);
          const sum = (v: readonly number[]) => v.reduce((a, b) => a + b, 0);
          expect(sum(fit)).toBeCloseTo(sum(x), 6);
          const ascending = x.toSorted((a, b) => a - b);
          for (const [i, v] of isotonic(ascending).entries()) expect(v).toBeCloseTo(ascending[i]!, 9);
        },
      ),
      { seed: 21 },
    );
  });
});
