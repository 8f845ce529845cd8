import { expect, test } from 'bun:test';
import { quantileSequenceRanks } from './quantile-sequence.ts';

test('quantile ranks close in on the quantile', () => {
  const width = (n: number) => {
    const { lower, upper } = quantileSequenceRanks({ n, quantile: 0.5 });
    return (upper - lower) / n;
  };
  expect(quantileSequenceRanks({ n: 1, quantile: 0.5 })).toEqual({ lower: 0, upper: 2 });
  expect(width(10_000)).toBeLessThan(width(1000) / 2);
  expect(width(10_000)).toBeLessThan(0.05);
});
