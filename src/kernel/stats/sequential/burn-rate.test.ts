import { expect, test } from 'bun:test';
import { burnRate, burnReachable, cappedBurnPairs } from './burn-rate.ts';

const HOUR = 3_600_000;

test('an unreachable burn factor is refused by name', () => {
  expect(() => burnRate({ budget: 0.1 })).toThrow('pairs[0].factor');
  expect(burnReachable(14.4, 0.069)).toBe(true);
  expect(burnReachable(6, 0.167)).toBe(false);
  for (const budget of [0.05, 0.1, 0.2, 0.3]) {
    expect(() => burnRate({ budget, pairs: cappedBurnPairs(budget) })).not.toThrow();
  }
});

test('both windows have to burn, an idle gap forgets, and order of arrival does not matter', () => {
  const rule = burnRate({ budget: 0.05, pairs: [{ factor: 14.4, long: HOUR, short: HOUR / 12 }] });
  const at = 1.7e12;
  const minutes = Array.from({ length: 60 }, (_, m) => ({ at: at + m * 60_000, bad: 9, n: 10 }));
  const burning = minutes.reduce((s, o) => rule.step(s, o), rule.start);
  expect(rule.read(burning).alarm).toBe(true);
  expect(rule.read(burning).pairs[0]!.longBurn).toBeCloseTo(18, 9);
  const healed = Array.from({ length: 5 }, (_, m) => ({ at: at + (60 + m) * 60_000, bad: 0, n: 10 })).reduce(
    (s, o) => rule.step(s, o),
    burning,
  );
  expect(rule.read(healed).alarm).toBe(false);
  const idle = rule.step(burning, { at: at + 10 * HOUR, bad: 1, n: 1 });
  expect(rule.read(idle).pairs[0]!.n).toBe(1);
  const near = minutes.slice(56, 60);
  const swapped = [near[2]!, near[0]!, near[3]!, near[1]!].reduce((s, o) => rule.step(s, o), rule.start);
  expect(rule.read(swapped)).toEqual(rule.read(near.reduce((s, o) => rule.step(s, o), rule.start)));
});
