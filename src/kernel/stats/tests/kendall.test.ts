import { expect, test } from 'bun:test';
import { kendall, kendallNullSd } from './kendall.ts';

test('Kendall: Hollander and Wolfe p. 187, tuna lightness', () => {
  const r = kendall(
    [44.4, 45.9, 41.9, 53.3, 44.7, 44.1, 50.7, 45.2, 60.1],
    [2.6, 3.1, 2.5, 5.0, 3.6, 4.0, 5.2, 2.8, 3.8],
  );
  expect(r.statistic).toBeCloseTo(0.4444444, 7);
  expect(r.p).toBeCloseTo(0.1194, 4);
  expect(kendallNullSd(10)).toBeCloseTo(0.25, 2);
});
