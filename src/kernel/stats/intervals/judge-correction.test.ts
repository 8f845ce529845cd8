import { expect, test } from 'bun:test';
import { drawBinomial, seededRandom } from '../numeric/random.ts';
import { judgeCorrectedRate } from './judge-correction.ts';

test('judge correction covers the truth that the raw rate misses', () => {
  const random = seededRandom('judge');
  let covered = 0;
  let raw = 0;
  for (let i = 0; i < 500; i++) {
    const n = 400;
    const truth = 0.2;
    const hits = drawBinomial(random, drawBinomial(random, n, truth), 0.85);
    const positives = drawBinomial(random, n, truth);
    const positive = hits + drawBinomial(random, n - positives, 0.1);
    const r = judgeCorrectedRate({
      positive: Math.min(n, positive),
      n,
      truePositive: drawBinomial(random, 100, 0.85),
      positives: 100,
      trueNegative: drawBinomial(random, 100, 0.9),
      negatives: 100,
    });
    if (r.lower <= truth && r.upper >= truth) covered++;
    if (Math.abs(r.apparent - truth) < 0.02) raw++;
  }
  expect(covered / 500).toBeGreaterThan(0.92);
  expect(raw / 500).toBeLessThan(0.3);
  expect(() =>
    judgeCorrectedRate({
      positive: 1,
      n: 10,
      truePositive: 5,
      positives: 10,
      trueNegative: 5,
      negatives: 10,
    }),
  ).toThrow('truePositive');
});
