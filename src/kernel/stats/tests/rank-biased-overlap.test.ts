import { expect, test } from 'bun:test';
import { rankBiasedOverlap } from './rank-biased-overlap.ts';

test('rank-biased overlap: identical 1, disjoint 0, the top weighs more', () => {
  const list = ['a', 'b', 'c', 'd'];
  expect(rankBiasedOverlap(list, list)).toBeCloseTo(1, 12);
  expect(rankBiasedOverlap(list, ['w', 'x', 'y', 'z'])).toBe(0);
  const top = rankBiasedOverlap(list, ['b', 'a', 'c', 'd']);
  const bottom = rankBiasedOverlap(list, ['a', 'b', 'd', 'c']);
  expect(top).toBeLessThan(bottom);
  expect(() => rankBiasedOverlap(['a', 'a'], list)).toThrow('a ');
});
