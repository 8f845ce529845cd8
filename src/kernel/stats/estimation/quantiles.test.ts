import { expect, test } from 'bun:test';
import {
  medianAbsoluteDeviation as madOracle,
  median as medianOracle,
  quantile as quantileOracle,
} from 'simple-statistics';
import { median, medianAbsoluteDeviation, quantile } from './quantiles.ts';

test('median, MAD and quantile agree with simple-statistics', () => {
  const x = [3, 1, 4, 1, 5, 9, 2.6];
  expect(median(x)).toBe(medianOracle(x));
  expect(medianAbsoluteDeviation(x)).toBeCloseTo(madOracle(x), 12);
  expect(quantile(x, 1)).toBe(quantileOracle(x, 1));
  // R: quantile(c(1, 2, 3, 4), .3) is 1.9.
  expect(quantile([4, 2, 1, 3], 0.3)).toBeCloseTo(1.9, 12);
  expect(() => quantile([], 0.5)).toThrow('x ');
  expect(() => quantile([1, Number.NaN], 0.5)).toThrow('x[1]');
});
