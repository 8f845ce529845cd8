import { expect, test } from 'bun:test';
import { seededRandom } from '../numeric/random.ts';
import { sprt, sprtExpectedRuns } from './sprt.ts';

test('SPRT: .90 against .60 takes 11 runs on average when bad is true', () => {
  const rule = { good: 0.9, bad: 0.6 };
  const random = seededRandom('sprt');
  let runs = 0;
  let wrong = 0;
  for (let i = 0; i < 2000; i++) {
    const test = sprt(rule);
    let state = test.start;
    while (state.decision === 'open') state = test.step(state, random() < 0.6 ? 1 : 0);
    runs += state.n;
    if (state.decision === 'good') wrong++;
  }
  expect(Math.abs(runs / 2000 - 11)).toBeLessThan(1.1);
  expect(wrong / 2000).toBeLessThan(0.06);
  // Wald neglects the overshoot, so his figure is a little short.
  expect(Math.abs(sprtExpectedRuns(rule, 0.6) - 9.4)).toBeLessThan(1);
});

test('SPRT ends at its maximum n and stays ended', () => {
  const test = sprt({ good: 0.9, bad: 0.6, maxN: 2 });
  let state = test.step(test.step(test.start, 1), 1);
  expect(state.decision).toBe('insufficient');
  state = test.step(state, 0);
  expect(state.n).toBe(2);
});
