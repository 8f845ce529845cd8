import { expect, test } from 'bun:test';
import { rateBaseline } from './baseline.ts';

test('a baseline freezes while the evidence stands and says when it is too thin', () => {
  const rule = rateBaseline();
  let state = rule.start;
  for (let i = 0; i < 2000; i++) state = rule.step(state, { x: i % 50 === 0 ? 1 : 0, evidence: 0 });
  expect(rule.read(state).rate).toBeCloseTo(0.02, 12);
  expect(rule.read(state).use).toBe('two-sample');
  let frozen = state;
  for (let i = 0; i < 500; i++) frozen = rule.step(frozen, { x: 1, evidence: 20 });
  frozen = rule.step(frozen, { x: 1, evidence: 0, open: true });
  expect(rule.read(frozen)).toEqual({ ...rule.read(state), frozen: true });
  for (let i = 0; i < 1000; i++) state = rule.step(state, { x: i % 50 === 0 ? 1 : 0, evidence: 0 });
  expect(rule.read(state).use).toBe('bound');
  expect(rule.read(state).upper).toBeGreaterThan(0.02);
});
