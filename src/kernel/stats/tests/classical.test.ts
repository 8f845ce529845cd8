import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { wilcoxonRankSum } from 'simple-statistics';
import { bootstrap, clusterBootstrap, pairedBootstrap } from '../intervals/bootstrap.ts';
import { judgeCorrectedRate } from '../intervals/judge-correction.ts';
import { drawBinomial, drawNormal, seededRandom } from '../numeric/random.ts';
import { cochranArmitage } from './cochran-armitage.ts';
import { energyDistance, energyTest } from './energy-distance.ts';
import { fisherExact } from './fisher.ts';
import { gTest, gTestIndependence } from './g-test.ts';
import { kendall, kendallNullSd } from './kendall.ts';
import { mannWhitney } from './mann-whitney.ts';
import { mcnemar } from './mcnemar.ts';
import { benjaminiHochberg, eBenjaminiHochberg, holm, LOND_START, lond } from './multiplicity.ts';
import { permutationTest, signFlipTest } from './permutation.ts';
import { populationStability } from './psi.ts';
import { rankBiasedOverlap } from './rank-biased-overlap.ts';
import { tostMeans, tostPaired, tostRates } from './tost.ts';
import { compareVerdict } from './verdict.ts';
import { wilcoxonSignedRank } from './wilcoxon.ts';

describe('published examples', () => {
  test('McNemar: Agresti, approval of the prime minister, 150 against 86 discordant', () => {
    // scipy 1.17.1: binomtest(86, 236).pvalue
    expect(mcnemar(150, 86).p).toBeCloseTo(3.7159361395713866e-5, 12);
    expect(mcnemar(86, 150).p).toBe(mcnemar(150, 86).p);
    expect(mcnemar(3, 0, 'one-sided').p).toBeCloseTo(0.125, 12);
    expect(mcnemar(0, 0)).toEqual({ statistic: 0, p: 1, n: 0 });
  });

  test('Fisher: the lady tasting tea, and R ?fisher.test on convictions', () => {
    expect(fisherExact({ k1: 3, n1: 4, k2: 1, n2: 4 }, 'greater').p).toBeCloseTo(17 / 70, 12);
    expect(fisherExact({ k1: 3, n1: 4, k2: 1, n2: 4 }).p).toBeCloseTo(34 / 70, 12);
    expect(fisherExact({ k1: 2, n1: 17, k2: 10, n2: 13 }, 'less').p).toBeCloseTo(0.0004652, 7);
  });

  test('Cochran–Armitage: R ?prop.trend.test, smokers', () => {
    const levels = [83, 90, 129, 70].map((k, i) => ({ k, n: [86, 93, 136, 82][i]! }));
    const r = cochranArmitage(levels);
    expect(r.statistic ** 2).toBeCloseTo(8.2249, 4);
    expect(r.statistic).toBeGreaterThan(0);
    expect(r.p).toBeCloseTo(0.004132, 6);
  });

  test('Kendall: Hollander and Wolfe p. 187, tuna lightness', () => {
    const r = kendall(
      [44.4, 45.9, 41.9, 53.3, 44.7, 44.1, 50.7, 45.2, 60.1],
      [2.6, 3.1, 2.5, 5.0, 3.6, 4.0, 5.2, 2.8, 3.8],
    );
    expect(r.statistic).toBeCloseTo(0.4444444, 7);
    expect(r.p).toBeCloseTo(0.1194, 4);
    expect(kendallNullSd(10)).toBeCloseTo(0.25, 2);
  });

  test('Mann–Whitney: Hollander and Wolfe p. 69, membrane permeability', () => {
    const x = [0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
    const y = [1.15, 0.88, 0.9, 0.74, 1.21];
    const r = mannWhitney(x, y, 'greater');
    expect(r.statistic).toBe(35);
    expect(r.p).toBeCloseTo(0.1272, 4);
    expect(wilcoxonRankSum(x, y)).toBe(r.statistic + 55);
  });

  test('Wilcoxon: Hollander and Wolfe p. 29, depression scores', () => {
    const x = [1.83, 0.5, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.3];
    const y = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29];
    const r = wilcoxonSignedRank(
      x.map((v, i) => v - y[i]!),
      'greater',
    );
    expect(r.statistic).toBe(40);
    expect(r.p).toBeCloseTo(0.01953, 5);
  });

  test('Benjamini and Hochberg 1995: 4 rejections where Holm has 3', () => {
    const p = [
      0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528,
      0.759, 1,
    ];
    expect(benjaminiHochberg(p).filter((q) => q <= 0.05)).toHaveLength(4);
    expect(holm(p).filter((q) => q <= 0.05)).toHaveLength(3);
    // R: p.adjust(c(.01,.02,.03,.04), "holm") and "BH".
    for (const [i, q] of holm([0.01, 0.02, 0.03, 0.04]).entries())
      expect(q).toBeCloseTo(i === 0 ? 0.04 : 0.06, 12);
    for (const q of benjaminiHochberg([0.01, 0.02, 0.03, 0.04])) expect(q).toBeCloseTo(0.04, 12);
  });

  test('scipy vectors with ties, large samples and tables', () => {
    expect(mannWhitney([1, 2, 2, 3, 4, 4, 4, 7], [2, 3, 3, 5, 6, 6, 8, 9, 9]).p).toBeCloseTo(
      0.08939977810716093,
      12,
    );
    expect(mannWhitney([0.1, 0.5, 0.9, 1.4, 2.2], [0.2, 1.1, 1.5, 2.4, 3.3, 4.1]).p).toBeCloseTo(
      0.17748917748917747,
      12,
    );
    expect(wilcoxonSignedRank([1, -2, 2, 3, 3, -4, 5, 6, -6, 7, 8]).p).toBeCloseTo(0.16753575108952157, 12);
    expect(kendall([1, 2, 2, 3, 4, 5, 5, 6], [2, 1, 3, 3, 5, 4, 6, 6]).statistic).toBeCloseTo(
      0.7692307692307694,
      12,
    );
    expect(kendall([1, 2, 2, 3, 4, 5, 5, 6], [2, 1, 3, 3, 5, 4, 6, 6]).p).toBeCloseTo(
      0.010747577580460075,
      6,
    );
    expect(gTest([30, 14, 34, 45, 57, 20], [1, 1, 1, 1, 1, 1]).statistic).toBeCloseTo(38.471564429489995, 10);
    expect(gTest([30, 14, 34, 45, 57, 20], [1, 1, 1, 1, 1, 1]).p).toBeCloseTo(3.033480479312433e-7, 12);
    expect(
      gTestIndependence([
        [10, 20, 30],
        [6, 9, 17],
      ]).p,
    ).toBeCloseTo(0.8719586542812721, 12);
    expect(fisherExact({ k1: 8, n1: 40, k2: 20, n2: 200 }).p).toBeCloseTo(0.1009667171784033, 12);
    expect(
      tostMeans([1.2, 1.9, 0.7, 1.4, 1.1, 1.6], [1.3, 1.5, 0.9, 1.2, 1.8], { margin: 0.6 }).p,
    ).toBeCloseTo(0.01585708258832436, 10);
  });
});

test('p-values stay in [0, 1] and mirror when the samples are swapped', () => {
  const sample = fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(sample, sample, (x, y) => {
      const a = mannWhitney(x, y);
      const b = mannWhitney(y, x);
      expect(a.p).toBeCloseTo(b.p, 10);
      expect(a.p >= 0 && a.p <= 1).toBe(true);
      expect(mannWhitney(x, y, 'greater').p).toBeCloseTo(mannWhitney(y, x, 'less').p, 10);
      const d = wilcoxonSignedRank(x);
      expect(d.p >= 0 && d.p <= 1).toBe(true);
      expect(d.p).toBeCloseTo(wilcoxonSignedRank(x.map((v) => -v)).p, 10);
    }),
    { seed: 11, numRuns: 200 },
  );
});

test('e-BH: Wang and Ramdas by hand', () => {
  expect(eBenjaminiHochberg([50, 1, 90, 10, 0], 0.1)).toEqual([2, 0]);
  expect(eBenjaminiHochberg([1, 1, 1])).toEqual([]);
  expect(() => eBenjaminiHochberg([Number.NaN])).toThrow('e[0]');
});

test('LOND spends less than alpha without discoveries and more after one', () => {
  let state = LOND_START;
  let spent = 0;
  for (let i = 0; i < 1000; i++) {
    const r = lond(state, 1);
    spent += r.level;
    state = r.state;
  }
  expect(spent).toBeLessThan(0.05);
  const after = lond(lond(LOND_START, 0).state, 1).level;
  expect(after).toBeCloseTo(2 * lond({ tests: 1, discoveries: 0 }, 1).level, 12);
});

test('PSI is symmetric, zero for equal shares and chance-level by its p', () => {
  expect(populationStability([10, 20, 30], [10, 20, 30]).statistic).toBe(0);
  expect(populationStability([50, 50], [90, 10]).statistic).toBeCloseTo(
    populationStability([90, 10], [50, 50]).statistic,
    12,
  );
  expect(populationStability([100, 100, 0], [100, 0, 100]).p).toBeLessThan(1e-6);
  const random = seededRandom('psi');
  let low = 0;
  for (let i = 0; i < 500; i++) {
    const draw = () => {
      const k = drawBinomial(random, 200, 0.3);
      const m = drawBinomial(random, 200 - k, 0.5);
      return [k, m, 200 - k - m];
    };
    if (populationStability(draw(), draw()).p < 0.05) low++;
  }
  expect(low / 500).toBeLessThan(0.09);
});

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

test('permutation tests: exact size, and power where there is a shift', () => {
  const random = seededRandom('perm');
  const normals = (n: number, shift = 0) => Array.from({ length: n }, () => shift + drawNormal(random));
  let low = 0;
  for (let i = 0; i < 300; i++)
    if (permutationTest(normals(6), normals(8), { random, permutations: 99 }).p <= 0.05) low++;
  expect(low / 300).toBeLessThan(0.09);
  expect(permutationTest(normals(20), normals(20, 3), { random }).p).toBe(0.001);
  expect(signFlipTest(normals(20, 3), { random }).p).toBeLessThan(0.01);
  expect(signFlipTest([0, 0, 0], { random }).p).toBe(1);
  // Stratified: the whole difference lies between the strata, none within.
  const x = [1, 1, 1, 1, 5];
  const y = [5, 5, 5, 5, 1];
  const strata = [...x, ...y];
  expect(permutationTest(x, y, { random, strata }).p).toBe(1);
});

test('energy distance: zero on equal clouds, Székely on the line, test finds a shift', () => {
  expect(energyDistance([[1], [2]], [[1], [2]])).toBe(0);
  expect(energyDistance([[0]], [[3]])).toBe(6);
  const random = seededRandom('energy');
  const cloud = (n: number, shift: number) =>
    Array.from({ length: n }, () =>
      Array.from({ length: 8 }, (_, k) => (k ? 0 : shift) + drawNormal(random)),
    );
  expect(energyTest(cloud(20, 0), cloud(20, 3), { random }).p).toBe(0.005);
  expect(energyTest(cloud(20, 0), cloud(20, 0), { random }).p).toBeGreaterThan(0.01);
  expect(() => energyDistance([[1, 2]], [[1]])).toThrow('y[0]');
});

test('rank-biased overlap: identical 1, disjoint 0, the top weighs more', () => {
  const list = ['a', 'b', 'c', 'd'];
  expect(rankBiasedOverlap(list, list)).toBeCloseTo(1, 12);
  expect(rankBiasedOverlap(list, ['w', 'x', 'y', 'z'])).toBe(0);
  const top = rankBiasedOverlap(list, ['b', 'a', 'c', 'd']);
  const bottom = rankBiasedOverlap(list, ['a', 'b', 'd', 'c']);
  expect(top).toBeLessThan(bottom);
  expect(() => rankBiasedOverlap(['a', 'a'], list)).toThrow('a ');
});

test('bootstrap: covers, and clusters widen it', () => {
  const random = seededRandom('boot');
  let covered = 0;
  for (let i = 0; i < 200; i++) {
    const before = Array.from({ length: 40 }, () => drawNormal(random));
    const r = pairedBootstrap(
      before,
      before.map((x) => x + 0.5 + drawNormal(random)),
      { random, runs: 300 },
    );
    if (r.lower <= 0.5 && r.upper >= 0.5) covered++;
  }
  expect(covered / 200).toBeGreaterThan(0.88);
  const clusters = Array.from({ length: 30 }, () => {
    const level = drawNormal(random);
    return Array.from({ length: 10 }, () => level + 0.1 * drawNormal(random));
  });
  const honest = clusterBootstrap(clusters, { random, runs: 500 });
  const rows = clusters.flat();
  const naive = pairedBootstrap(
    rows.map(() => 0),
    rows,
    { random, runs: 500 },
  );
  expect(honest.upper - honest.lower).toBeGreaterThan(2 * (naive.upper - naive.lower));
  expect(honest.estimate).toBeCloseTo(naive.estimate, 12);
  expect(() => bootstrap([1, 2], () => Number.NaN, { random })).toThrow('statistic');
});

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

test('the three verdicts', () => {
  const d = (lower: number, upper: number, n: number) => ({ estimate: (lower + upper) / 2, lower, upper, n });
  expect(compareVerdict(d(0.01, 0.05, 10), 100)).toMatchObject({ verdict: 'better', which: 'after' });
  expect(compareVerdict(d(-0.05, -0.01, 200), 100)).toMatchObject({ verdict: 'better', which: 'before' });
  expect(compareVerdict(d(-0.01, 0.01, 200), 100).verdict).toBe('no difference shown');
  expect(compareVerdict(d(-0.01, 0.01, 60), 100)).toMatchObject({ verdict: 'insufficient', missing: 40 });
  expect(() => compareVerdict(d(0.2, 0.1, 5), 10)).toThrow('difference.lower');
});

test('names the bad argument', () => {
  expect(() => mcnemar(-1, 2)).toThrow('b ');
  expect(() => fisherExact({ k1: 5, n1: 4, k2: 0, n2: 1 })).toThrow('k1');
  expect(() => kendall([1, 1], [1, 2])).toThrow('x ');
  expect(() => kendall([1, 2], [1])).toThrow('y ');
  expect(() => gTest([1, 2], [0, 1])).toThrow('shares[0]');
  expect(() =>
    gTestIndependence([
      [1, 0],
      [2, 0],
    ]),
  ).toThrow('table');
  expect(() => holm([1.2])).toThrow('p[0]');
  expect(() =>
    cochranArmitage(
      [
        { k: 1, n: 2 },
        { k: 1, n: 2 },
      ],
      [3, 3],
    ),
  ).toThrow('scores');
});
