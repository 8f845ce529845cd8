import { expect, test } from 'bun:test';
import { divideAlarmBudget } from './budget.ts';

test('the budget over monitors adds up', () => {
  const parts = divideAlarmBudget(2, [
    { id: 'a', observationsPerMonth: 1000 },
    { id: 'b', observationsPerMonth: 50_000 },
    { id: 'c', observationsPerMonth: 7, weight: 2 },
  ]);
  expect(parts[0]!.c).toBe(2000);
  const monthly = [1000, 50_000, 7].reduce((sum, n, j) => sum + n / parts[j]!.c, 0);
  expect(monthly).toBeCloseTo(2, 12);
});
