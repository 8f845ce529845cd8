import { expect, test } from 'bun:test';
import { seededRandom } from '../numeric/random.ts';
import { predictionPoweredMean } from './prediction-powered.ts';

test('prediction-powered mean: covers, and is shorter than labels alone', () => {
  const random = seededRandom('ppi');
  let covered = 0;
  let width = 0;
  let alone = 0;
  for (let i = 0; i < 200; i++) {
    const item = () => {
      const y = random() < 0.3 ? 1 : 0;
      return { y, f: random() < 0.9 ? y : 1 - y };
    };
    const labelled = Array.from({ length: 100 }, item);
    const r = predictionPoweredMean({
      labels: labelled.map(({ y }) => y),
      predicted: labelled.map(({ f }) => f),
      unlabelled: Array.from({ length: 2000 }, () => item().f),
    });
    if (r.lower <= 0.3 && r.upper >= 0.3) covered++;
    width += r.upper - r.lower;
    alone += 2 * 1.96 * Math.sqrt(0.21 / 100);
  }
  expect(covered / 200).toBeGreaterThan(0.9);
  expect(width).toBeLessThan(0.8 * alone);
});
