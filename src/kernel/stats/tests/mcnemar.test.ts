import { expect, test } from 'bun:test';
import { mcnemar } from './mcnemar.ts';

test('McNemar: Agresti, approval of the prime minister, 150 against 86 discordant', () => {
  // scipy 1.17.1: binomtest(86, 236).pvalue
  expect(mcnemar(150, 86).p).toBeCloseTo(3.7159361395713866e-5, 12);
  expect(mcnemar(86, 150).p).toBe(mcnemar(150, 86).p);
  expect(mcnemar(3, 0, 'one-sided').p).toBeCloseTo(0.125, 12);
  expect(mcnemar(0, 0)).toEqual({ statistic: 0, p: 1, n: 0 });
});
