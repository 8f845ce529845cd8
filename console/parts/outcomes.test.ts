import { expect, test } from 'bun:test';
import { isGood, OUTCOMES } from '@midwatch/contracts';
import { badOnes, byFamily, OUTCOME_NAMES, outcomeInfo } from './outcomes.ts';

test('every outcome of the contract is known, and good means what the contract says', () => {
  expect([...OUTCOME_NAMES].sort()).toEqual([...OUTCOMES].sort());
  for (const outcome of OUTCOMES) expect(outcomeInfo(outcome).family === 'good').toBe(isGood(outcome));
});

test('an outcome of a newer server is never counted as good', () => {
  expect(outcomeInfo('some_new_end')).toMatchObject({ label: 'some new end', family: 'broken' });
  expect(byFamily({ complete: 3, tool: 2, some_new_end: 1, cancelled: 4 })).toEqual({
    good: 5,
    short: 0,
    withheld: 0,
    broken: 1,
    left: 4,
  });
});

test('what did not end well comes most frequent first, without what did not occur', () => {
  expect(badOnes({ complete: 90, cut: 2, length: 7, error: 0 })).toEqual([
    ['length', 7],
    ['cut', 2],
  ]);
});
