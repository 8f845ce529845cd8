import { expect, test } from 'bun:test';
import { median, quantile, Samples } from './samples.ts';

test('quantiles by nearest rank, in whatever order values come and however many', () => {
  const samples = new Samples();
  for (let i = 0; i < 100_000; i++) samples.add((i * 7_919) % 100_000);
  expect(samples.spread()).toEqual({ n: 100_000, p50: 49_999, p95: 94_999, p99: 98_999, max: 99_999 });
  expect(quantile([5], 0.99)).toBe(5);
  expect(quantile([], 0.5)).toBeNaN();
});

test('the median of rounds', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(median([])).toBeNaN();
});
