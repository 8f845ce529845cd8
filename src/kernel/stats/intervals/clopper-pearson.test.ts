import { expect, test } from 'bun:test';
import { binomialTail, incompleteBeta } from '../numeric/beta.ts';
import { clopperPearson, clopperPearsonLower, clopperPearsonUpper } from './clopper-pearson.ts';

// scipy 1.17.1, scipy.stats.binomtest(k, n).proportion_ci(method='exact').
const SCIPY: readonly (readonly [number, number, number, number])[] = [
  [0, 1, 0.0, 0.975],
  [1, 1, 0.025000000000000022, 1.0],
  [1, 10, 0.0025285785444625728, 0.44501611702819543],
  [5, 10, 0.1870860284474045, 0.8129139715525955],
  [3, 100, 0.006229971538306227, 0.08517605297428028],
  [97, 100, 0.9148239470257197, 0.9937700284616938],
  [50, 1000, 0.03733539760466063, 0.06539048791549365],
  [20, 1000, 0.012258267972406896, 0.03072003268260907],
  [1, 100000, 2.5317842743932826e-7, 5.571516034432556e-5],
  [31415, 100000, 0.3112734807757287, 0.317037301996932],
  [500000, 1000000, 0.4990195191953118, 0.5009804808046883],
];

test('scipy vectors to 1e-10', () => {
  for (const [k, n, lower, upper] of SCIPY) {
    const c = clopperPearson(k, n);
    expect(Math.abs(c.lower - lower)).toBeLessThan(1e-10);
    expect(Math.abs(c.upper - upper)).toBeLessThan(1e-10);
  }
});

test('the bounds are where the exact tails equal α', () => {
  for (const [k, n] of [
    [1, 2],
    [3, 100],
    [250, 500],
    [17, 100_000],
  ] as const) {
    expect(binomialTail(k, n, clopperPearsonLower(k, n, 0.99))).toBeCloseTo(0.01, 10);
    expect(incompleteBeta(1 - clopperPearsonUpper(k, n, 0.99), n - k, k + 1)).toBeCloseTo(0.01, 10);
  }
});

test('certainty at the ends', () => {
  expect(clopperPearson(0, 9).lower).toBe(0);
  expect(clopperPearson(9, 9).upper).toBe(1);
});
