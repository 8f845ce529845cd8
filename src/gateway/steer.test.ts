import { expect, test } from 'bun:test';
import type { Turn } from '#contracts';
import type { Step } from './plan.ts';
import { reasonOf, turned } from './steer.ts';

const plan = ['primary', 'candidate', 'primary', 'spare'].map((name) => ({ tier: { name } }) as Step);
const names = (turn: Partial<Turn> & { readonly tier: string }) =>
  turned(plan, { by: 'rule', reason: 'flag', ...turn }).map((s) => s.tier.name);

test('the chosen tier comes first, the others catch it in their own order', () => {
  expect(names({ tier: 'candidate' })).toEqual(['candidate', 'primary', 'primary', 'spare']);
});

test('a tier that is ruled out is asked by nobody', () => {
  expect(names({ tier: 'primary', without: ['candidate'] })).toEqual(['primary', 'primary', 'spare']);
});

test('failures have their names in the tier mix', () => {
  expect(reasonOf('timeout_first_token')).toBe('timeout');
  expect(reasonOf('rate_limited')).toBe('rate_limit');
  expect(reasonOf('over_budget')).toBe('budget');
  expect(reasonOf('cut')).toBe('error');
});
