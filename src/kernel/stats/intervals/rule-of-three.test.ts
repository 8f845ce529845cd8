import { expect, test } from 'bun:test';
import { clopperPearsonUpper } from './clopper-pearson.ts';
import { ruleOfThree, trialsToProve } from './rule-of-three.ts';

test('59 and 299 trials without a failure prove 95 % and 99 %', () => {
  expect(trialsToProve(0.95)).toBe(59);
  expect(trialsToProve(0.99)).toBe(299);
  expect(ruleOfThree(59)).toBeLessThanOrEqual(0.05);
  expect(ruleOfThree(58)).toBeGreaterThan(0.05);
});

test('is the one-sided exact bound at k = 0', () => {
  for (const n of [1, 7, 100, 12345]) expect(ruleOfThree(n)).toBeCloseTo(clopperPearsonUpper(0, n, 0.95), 12);
});

test('names the bad argument', () => {
  expect(() => ruleOfThree(0)).toThrow('n ');
  expect(() => trialsToProve(1)).toThrow('p ');
});
