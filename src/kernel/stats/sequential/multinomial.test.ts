import { expect, test } from 'bun:test';
import { multinomialMix } from './multinomial.ts';

test('multinomial evidence is the ratio of the closed form', () => {
  const rule = multinomialMix({ shares: [0.5, 0.5], strength: 2 });
  // Beta(1,1) prior against a fair coin after 3 heads of 3: B(4,1)/B(1,1) / 2^-3 = 8/4.
  const state = [0, 0, 0].reduce((s, x) => rule.step(s, x), rule.start);
  expect(Math.exp(state.logE)).toBeCloseTo(2, 12);
});

test('multinomial mix notices the share that vanished', () => {
  const rule = multinomialMix({ shares: [0.9, 0.1] });
  let state = rule.start;
  while (!rule.read(state).alarm && state.n < 500) state = rule.step(state, 0);
  expect(state.n).toBeLessThan(120);
});
