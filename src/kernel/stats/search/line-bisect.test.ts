import { expect, test } from 'bun:test';
import { drawIndex, seededRandom } from '../numeric/random.ts';
import { lineAdvise, lineStart, lineTell } from './line-bisect.ts';

test('noisy bisection on a line: right at 5 % flakes, and the credible run holds the truth', () => {
  const random = seededRandom('line');
  let right = 0;
  let runs = 0;
  for (let i = 0; i < 60; i++) {
    const n = 200;
    const truth = 1 + drawIndex(random, n - 1);
    let state = lineStart(n);
    let advice = lineAdvise(state, { stop: 0.99 });
    let used = 0;
    for (; !advice.decided && used < 300; used++) {
      const bad = advice.next >= truth !== random() < 0.05;
      state = lineTell(state, advice.next, bad ? { passed: 0, failed: 1 } : { passed: 1, failed: 0 });
      advice = lineAdvise(state, { stop: 0.99 });
    }
    runs += used;
    if (advice.best === truth) right++;
    expect(advice.credible.from).toBeLessThanOrEqual(advice.best);
  }
  expect(right).toBeGreaterThanOrEqual(57);
  expect(runs / 60).toBeLessThan(40);
});
