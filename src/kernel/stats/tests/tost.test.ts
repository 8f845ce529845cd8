import { expect, test } from 'bun:test';
import { drawNormal, seededRandom } from '../numeric/random.ts';
import { tostMeans, tostPaired, tostRates } from './tost.ts';

test('TOST: the interval at 1 − 2α inside the margin is the verdict', () => {
  const random = seededRandom('tost');
  for (let i = 0; i < 100; i++) {
    const d = Array.from({ length: 30 }, () => 0.1 + drawNormal(random));
    const r = tostPaired(d, { margin: 0.45 });
    expect(r.equivalent).toBe(r.lower > -0.45 && r.upper < 0.45);
  }
  expect(tostPaired([1, 1, 1], { margin: 2 }).equivalent).toBe(true);
  expect(tostMeans([1, 2, 3, 2], [1, 2, 3, 2], { margin: 0.1 }).equivalent).toBe(false);
  expect(tostRates({ k1: 900, n1: 1000, k2: 905, n2: 1000 }, { margin: 0.05 }).equivalent).toBe(true);
  expect(() => tostPaired([1, 2], { margin: 0 })).toThrow('margin');
});
