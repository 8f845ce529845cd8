import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { ewma } from './ewma.ts';

test('order of arrival changes nothing but rounding', () => {
  const rule = ewma({ halfLife: 100 });
  const observations = fc.array(
    fc.record({ at: fc.integer({ min: 0, max: 1000 }), x: fc.double({ min: -10, max: 10, noNaN: true }) }),
    { minLength: 1, maxLength: 30 },
  );
  fc.assert(
    fc.property(observations, (xs) => {
      const a = xs.reduce((s, o) => rule.step(s, o), rule.start);
      const b = xs.toReversed().reduce((s, o) => rule.step(s, o), rule.start);
      expect(Math.abs(a.mean - b.mean)).toBeLessThan(1e-9);
      expect(a.at).toBe(b.at);
    }),
    { seed: 7 },
  );
});

test('an idle gap leaves no stale weight', () => {
  const rule = ewma({ halfLife: 60 });
  let state = rule.start;
  for (let t = 0; t < 1000; t++) state = rule.step(state, { at: t, x: 100 });
  state = rule.step(state, { at: 1000 + 60 * 40, x: 1 });
  expect(state.mean).toBeCloseTo(1, 6);
  expect(state.weight).toBeCloseTo(1, 6);
});

test('the first observation is the mean', () => {
  const rule = ewma({ halfLife: 60 });
  expect(rule.step(rule.start, { at: 5, x: 7 }).mean).toBe(7);
});
