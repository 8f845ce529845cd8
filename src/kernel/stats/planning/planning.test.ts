import { expect, test } from 'bun:test';
import { drawNormal, seededRandom } from '../numeric/random.ts';
import { mannWhitney } from '../tests/mann-whitney.ts';
import {
  casesForGTest,
  casesForMcnemar,
  casesForRateInterval,
  casesForTrend,
  casesForTwoRates,
  labelsForJudge,
  mcnemarPower,
  powerForTwoRates,
} from './rates.ts';
import { casesBySimulation, designEffect } from './simulated.ts';
import { blocksForTwoSample, delayOfGaussianCusum, delayOfRateDetector, exchangesForMix } from './streams.ts';
import {
  casesForKendall,
  casesForKolmogorovSmirnov,
  casesForMannWhitney,
  casesForPairedMean,
  casesForTost,
  casesForTwoMeans,
  casesForWilcoxon,
} from './values.ts';

const within = (value: number, expected: number, share: number) =>
  expect(Math.abs(value / expected - 1)).toBeLessThan(share);

test('n per level to see .92 fall, power .8', () => {
  // The published figures are rounded to the nearest; these are the smallest n that suffice.
  [
    [0.86, 426],
    [0.82, 176],
    [0.8, 130],
    [0.72, 57],
    [0.6, 27],
  ].forEach(([p, n]) => {
    const planned = casesForTwoRates(0.92, p!);
    expect(planned - n!).toBeGreaterThanOrEqual(0);
    expect(planned - n!).toBeLessThanOrEqual(1);
    expect(powerForTwoRates(0.92, p!, planned)).toBeGreaterThanOrEqual(0.7999);
  });
});

test('McNemar power as simulated: 400 prompts one-sided .59 at 3 points, .94 at 5', () => {
  const power = (n: number, net: number, sides: 'one-sided' | 'two-sided') =>
    mcnemarPower(n, { forth: net + 0.01, back: 0.01 }, 0.01, sides);
  const table = [
    [200, 'one-sided', 0.21, 0.57, 0.98],
    [400, 'one-sided', 0.59, 0.94, 1],
    [1000, 'one-sided', 0.98, 1, 1],
    [200, 'two-sided', 0.14, 0.47, 0.97],
    [400, 'two-sided', 0.46, 0.89, 1],
    [1000, 'two-sided', 0.96, 1, 1],
  ] as const;
  for (const [n, sides, ...cells] of table) {
    for (const [i, cell] of cells.entries())
      expect(Math.abs(power(n, [0.03, 0.05, 0.1][i]!, sides) - cell)).toBeLessThan(0.04);
  }
  const n = casesForMcnemar({ forth: 0.06, back: 0.01 });
  expect(mcnemarPower(n, { forth: 0.06, back: 0.01 })).toBeGreaterThanOrEqual(0.8);
  expect(n).toBeGreaterThan(200);
  expect(n).toBeLessThan(400);
});

test('textbook sizes', () => {
  expect(casesForPairedMean({ difference: 0.5, sd: 1 })).toBe(32); // (1.96+.8416)²/.25 = 31.4
  expect(casesForTwoMeans({ difference: 0.5, sd: 1 })).toBe(63); // Cohen: 63 (64 with t)
  expect(casesForTost({ margin: 0.5, sd: 1 })).toBe(35); // (1.645+1.2816)²·4
  expect(casesForMannWhitney(0.7, { power: 0.9, alpha: 0.1 })).toBe(72); // Noether 1987, one-sided .05
  expect(casesForKendall(0.4)).toBe(22);
  expect(casesForWilcoxon(0.7)).toBe(66);
  expect(casesForRateInterval(0.5, 0.05)).toBeGreaterThan(370);
  expect(casesForRateInterval(0.5, 0.05)).toBeLessThan(386);
  expect(labelsForJudge(0.9, 0.06)).toBeGreaterThan(80);
  // G*Power: χ², w = .3, df 1, α .05, power .8 → 88; here through G, nearly the same.
  within(casesForGTest([0.5, 0.5], [0.65, 0.35]), 88, 0.05);
  expect(casesForTrend([0.92, 0.86, 0.8, 0.74, 0.68, 0.62])).toBeLessThan(40);
});

test('the planned size has the planned power', () => {
  const random = seededRandom('power');
  const n = casesForMannWhitney(0.714) / 2; // shift .8 of unit normals
  let found = 0;
  for (let i = 0; i < 400; i++) {
    const x = Array.from({ length: Math.ceil(n) }, () => 0.8 + drawNormal(random));
    const y = Array.from({ length: Math.ceil(n) }, () => drawNormal(random));
    if (mannWhitney(x, y).p < 0.05) found++;
  }
  expect(Math.abs(found / 400 - 0.8)).toBeLessThan(0.08);
  expect(casesForKolmogorovSmirnov(0.3)).toBeGreaterThan(40);
});

test('stream planners are of the right order', () => {
  within(delayOfRateDetector({ p0: 0.02, p1: 0.06, c: 5000 }), 181, 0.17);
  within(delayOfRateDetector({ p0: 0.02, p1: 0.1, c: 5000 }), 79, 0.17);
  within(blocksForTwoSample(0.02, 0.06), 420, 0.15);
  within(blocksForTwoSample(0.02, 0.1), 127, 0.2);
  within(blocksForTwoSample(0.9, 0.6), 39, 0.15);
  within(exchangesForMix([0.9, 0.08, 0.02], [0.8, 0.15, 0.05]), 166, 0.35);
  within(delayOfGaussianCusum({ k: Math.log(1.15) / 0.7, h: 19.6, shift: Math.log(1.15) / 0.35 }), 93, 0.1);
});

test('a simulated plan agrees with the formula, and clusters multiply it', () => {
  const random = seededRandom('plan');
  const n = casesBySimulation({
    random,
    runs: 300,
    rejects: (size) => {
      const draw = (shift: number) => Array.from({ length: size }, () => shift + drawNormal(random));
      return mannWhitney(draw(0.8), draw(0)).p < 0.05;
    },
  });
  within(n, casesForMannWhitney(0.714) / 2, 0.3);
  expect(designEffect(5, 0.25)).toBe(2);
  expect(() => designEffect(0.5, 0)).toThrow('meanSize');
  expect(() => casesBySimulation({ random, rejects: () => false, limit: 100 })).toThrow('power');
});

test('names the bad argument', () => {
  expect(() => casesForTwoRates(0.5, 0.5)).toThrow('p2');
  expect(() => casesForMcnemar({ forth: 0.01, back: 0.02 })).toThrow('forth');
  expect(() => casesForPairedMean({ difference: 0, sd: 1 })).toThrow('difference');
  expect(() => casesForTost({ margin: 0.1, sd: 1, difference: 0.2 })).toThrow('difference');
  expect(() => casesForTwoRates(0.5, 0.6, { power: 1 })).toThrow('power');
});
