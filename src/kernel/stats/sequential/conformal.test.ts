import { expect, test } from 'bun:test';
import { seededRandom } from '../numeric/random.ts';
import { conformalDetector, conformalPValue } from './conformal.ts';

test('conformal p-values are uniform under exchangeability', () => {
  const random = seededRandom('conformal');
  const bins = new Array<number>(10).fill(0);
  for (let i = 0; i < 20_000; i++) {
    const cal = Array.from({ length: 9 }, () => Math.floor(random() * 5)); // ties on purpose
    const u = conformalPValue(cal, Math.floor(random() * 5), random);
    bins[Math.min(9, Math.floor(u * 10))]!++;
  }
  const chi = bins.reduce((sum, count) => sum + (count - 2000) ** 2 / 2000, 0);
  expect(chi).toBeLessThan(27.9); // χ²_9, p = .001
});

test('a day without Probes is no evidence', () => {
  const rule = conformalDetector({ c: 100 });
  expect(rule.step(rule.start, [])).toBe(rule.start);
});
