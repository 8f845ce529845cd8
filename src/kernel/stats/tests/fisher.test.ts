import { expect, test } from 'bun:test';
import { fisherExact } from './fisher.ts';

test('Fisher: the lady tasting tea, and R ?fisher.test on convictions', () => {
  expect(fisherExact({ k1: 3, n1: 4, k2: 1, n2: 4 }, 'greater').p).toBeCloseTo(17 / 70, 12);
  expect(fisherExact({ k1: 3, n1: 4, k2: 1, n2: 4 }).p).toBeCloseTo(34 / 70, 12);
  expect(fisherExact({ k1: 2, n1: 17, k2: 10, n2: 13 }, 'less').p).toBeCloseTo(0.0004652, 7);
});
