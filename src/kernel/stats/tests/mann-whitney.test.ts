import { expect, test } from 'bun:test';
import { wilcoxonRankSum } from 'simple-statistics';
import { mannWhitney } from './mann-whitney.ts';

test('Mann–Whitney: Hollander and Wolfe p. 69, membrane permeability', () => {
  const x = [0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
  const y = [1.15, 0.88, 0.9, 0.74, 1.21];
  const r = mannWhitney(x, y, 'greater');
  expect(r.statistic).toBe(35);
  expect(r.p).toBeCloseTo(0.1272, 4);
  expect(wilcoxonRankSum(x, y)).toBe(r.statistic + 55);
});
