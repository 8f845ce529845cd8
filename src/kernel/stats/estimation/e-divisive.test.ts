import { describe, expect, test } from 'bun:test';
import { drawNormal, seededRandom } from '../numeric/random.ts';
import { changePoints } from './e-divisive.ts';

describe('change points', () => {
  const noisy = (random: () => number, levels: readonly number[], each: number) =>
    levels.flatMap((level) => Array.from({ length: each }, () => level + drawNormal(random)));

  test('finds two steps where they are and nothing in noise', () => {
    const random = seededRandom('divisive');
    const points = changePoints(noisy(random, [0, 3, 1], 60));
    expect(points).toHaveLength(2);
    expect(Math.abs(points[0]!.index - 60)).toBeLessThanOrEqual(2);
    expect(Math.abs(points[1]!.index - 120)).toBeLessThanOrEqual(3);
    let falsePoints = 0;
    for (let i = 0; i < 20; i++) falsePoints += changePoints(noisy(random, [0], 200)).length;
    expect(falsePoints).toBeLessThanOrEqual(3);
  });

  test('ranks withstand heavy tails; the minimum magnitude silences small moves', () => {
    const random = seededRandom('ranks');
    const heavy = (scale: number) =>
      Array.from({ length: 60 }, () => scale * Math.exp(1.2 * drawNormal(random)));
    const series = [...heavy(1), ...heavy(6)];
    const points = changePoints(series, { ranks: true });
    expect(points.length).toBeGreaterThanOrEqual(1);
    expect(Math.abs(points[0]!.index - 60)).toBeLessThanOrEqual(6);
    const small = noisy(random, [100, 102], 60);
    expect(changePoints(small, { minMagnitude: 0.05 })).toEqual([]);
    expect(changePoints(small).length).toBe(1);
  });

  test('a constant series and a clean step', () => {
    expect(changePoints(new Array(100).fill(3))).toEqual([]);
    expect(changePoints([...new Array(20).fill(1), ...new Array(20).fill(2)]).map((p) => p.index)).toEqual([
      20,
    ]);
  });
});
