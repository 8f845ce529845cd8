import { expect, test } from 'bun:test';
import { seededRandom } from '../numeric/random.ts';
import { quantileSequence } from './quantile-sequence.ts';
import { rateSequence } from './rate-sequence.ts';

test('confidence sequences cover at all times at once', () => {
  const rule = rateSequence({ confidence: 0.9 });
  const random = seededRandom('cs');
  let broken = 0;
  let brokenQuantile = 0;
  for (let run = 0; run < 200; run++) {
    let state = rule.start;
    const sample: number[] = [];
    let miss = false;
    let missQuantile = false;
    for (let t = 1; t <= 300; t++) {
      state = rule.step(state, random() < 0.3 ? 1 : 0);
      sample.push(random());
      if (t % 10 !== 0) continue;
      const { lower, upper } = rule.read(state);
      if (lower > 0.3 || upper < 0.3) miss = true;
      const q = quantileSequence(
        sample.slice().sort((a, b) => a - b),
        0.9,
        0.9,
      );
      if ((q.lower ?? 0) > 0.9 || (q.upper ?? 1) < 0.9) missQuantile = true;
    }
    broken += Number(miss);
    brokenQuantile += Number(missQuantile);
  }
  expect(broken / 200).toBeLessThan(0.15);
  expect(brokenQuantile / 200).toBeLessThan(0.15);
});
