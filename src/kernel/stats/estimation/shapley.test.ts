import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { shapley } from './shapley.ts';

test('Shapley: the glove game and additivity', () => {
  // One left glove (axis 0), two right gloves (1, 2): 2/3, 1/6, 1/6.
  const glove = shapley(3, (mask) => (mask & 1 && mask & 6 ? 1 : 0));
  expect(glove[0]).toBeCloseTo(2 / 3, 12);
  expect(glove[1]).toBeCloseTo(1 / 6, 12);
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 16, maxLength: 16 }),
      (v) => {
        const sum = shapley(4, (mask) => v[mask]!).reduce((a, b) => a + b, 0);
        expect(sum).toBeCloseTo(v[15]! - v[0]!, 9);
      },
    ),
    { seed: 23 },
  );
  expect(() => shapley(20, () => 0)).toThrow('k ');
  expect(() => shapley(1, () => Number.NaN)).toThrow('value(0)');
});
