import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { cochranArmitage } from './cochran-armitage.ts';
import { fisherExact } from './fisher.ts';
import { gTest, gTestIndependence } from './g-test.ts';
import { kendall } from './kendall.ts';
import { mannWhitney } from './mann-whitney.ts';
import { mcnemar } from './mcnemar.ts';
import { holm } from './multiplicity.ts';
import { tostMeans } from './tost.ts';
import { wilcoxonSignedRank } from './wilcoxon.ts';

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
  expect(kendall([1, 2, 2, 3, 4, 5, 5, 6], [2, 1, 3, 3, 5, 4, 6, 6]).p).toBeCloseTo(0.010747577580460075, 6);
  expect(gTest([30, 14, 34, 45, 57, 20], [1, 1, 1, 1, 1, 1]).statistic).toBeCloseTo(38.471564429489995, 10);
  expect(gTest([30, 14, 34, 45, 57, 20], [1, 1, 1, 1, 1, 1]).p).toBeCloseTo(3.033480479312433e-7, 12);
  expect(
    gTestIndependence([
      [10, 20, 30],
      [6, 9, 17],
    ]).p,
  ).toBeCloseTo(0.8719586542812721, 12);
  expect(fisherExact({ k1: 8, n1: 40, k2: 20, n2: 200 }).p).toBeCloseTo(0.1009667171784033, 12);
  expect(tostMeans([1.2, 1.9, 0.7, 1.4, 1.1, 1.6], [1.3, 1.5, 0.9, 1.2, 1.8], { margin: 0.6 }).p).toBeCloseTo(
    0.01585708258832436,
    10,
  );
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
