import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { decomposeChange, logarithmicMean } from './lmdi.ts';

describe('LMDI', () => {
  const factor = fc.oneof(
    { weight: 9, arbitrary: fc.double({ min: 1e-3, max: 1e3, noNaN: true }) },
    { weight: 1, arbitrary: fc.constant(0) },
  );
  const segment = fc.record({
    before: fc.tuple(factor, factor, factor),
    after: fc.tuple(factor, factor, factor),
  });

  test('leaves no residual, zeros included', () => {
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 6 }), (segments) => {
        const d = decomposeChange(segments);
        const sum = d.effects.reduce((a, b) => a + b, 0);
        expect(Math.abs(sum - d.change)).toBeLessThanOrEqual(1e-9 * Math.max(1, d.before, d.after));
        expect(d.effects.every(Number.isFinite)).toBe(true);
      }),
      { seed: 22, numRuns: 300 },
    );
  });

  test('one factor doubled is the whole change; a new segment goes to what was zero', () => {
    expect(decomposeChange([{ before: [10, 2], after: [20, 2] }]).effects).toEqual([20, 0]);
    expect(decomposeChange([{ before: [0, 2], after: [5, 2] }]).effects).toEqual([10, 0]);
    expect(logarithmicMean(2, 2)).toBe(2);
    expect(logarithmicMean(1, Math.E)).toBeCloseTo(Math.E - 1, 12);
    expect(logarithmicMean(1 + 1e-6, 1)).toBeCloseTo(1 + 5e-7, 12);
  });
});
