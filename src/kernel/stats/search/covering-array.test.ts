import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { coveringArray } from './covering-array.ts';

describe('covering arrays', () => {
  const covers = (levels: readonly number[], rows: readonly (readonly number[])[]) => {
    for (let i = 0; i < levels.length; i++) {
      for (let j = i + 1; j < levels.length; j++) {
        const seen = new Set(rows.map((row) => row[i]! * levels[j]! + row[j]!));
        if (seen.size !== levels[i]! * levels[j]!) return false;
      }
    }
    return rows.every((row) => row.length === levels.length && row.every((v, i) => v >= 0 && v < levels[i]!));
  };

  test('five binary axes in six rows, and the optimum beyond', () => {
    for (const [axes, rows] of [
      [2, 4],
      [3, 4],
      [4, 5],
      [5, 6],
      [10, 6],
      [11, 7],
      [15, 7],
      [35, 8],
    ] as const) {
      const levels = new Array(axes).fill(2);
      const array = coveringArray(levels);
      expect(covers(levels, array)).toBe(true);
      expect(array).toHaveLength(rows);
    }
  });

  test('mixed levels cover every pair', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 2, max: 5 }), { minLength: 2, maxLength: 7 }), (levels) => {
        const array = coveringArray(levels);
        expect(covers(levels, array)).toBe(true);
        const [a, b] = levels.toSorted((x, y) => y - x) as [number, number];
        expect(array.length).toBeLessThanOrEqual(2.2 * a * b);
      }),
      { seed: 32, numRuns: 60 },
    );
    expect(() => coveringArray([2, 1])).toThrow('levels[1]');
  });
});
