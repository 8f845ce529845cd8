import {
  changePoints,
  conformalDetector,
  drawBinomial,
  drawNormal,
  fisherExact,
  gTest,
  kendall,
  kolmogorovSmirnov,
  mannWhitney,
  permutationTest,
  populationStability,
  probeRateDetector,
  quantileSequence,
  type Random,
  rateDetector,
  rateSequence,
  signFlipTest,
  tostMeans,
  wilcoxonSignedRank,
} from '#kernel/stats';
import { alarmTime, bit, type Row, repeat, runsOf, type Section, seededRandom, shareRow } from './lib.ts';

const streams: Section = {
  id: 'null-streams',
  title: 'Type I of every anytime rule over 10,000 null runs',
  model:
    'Each rule read after every observation (sequences every tenth); the budget is n/c for e-detectors and α for e-processes and sequences.',
  run(scale) {
    const runs = runsOf(10_000, scale);
    const random = seededRandom('nulls');
    const rows: Row[] = [];
    for (const p0 of [0.02, 0.3]) {
      const up = rateDetector({ p0, c: 20_000 });
      const down = rateDetector({ p0, c: 20_000, direction: 'down' });
      rows.push(
        shareRow(
          `e-detector, p0 ${p0}, n 1,000, c 20,000`,
          repeat(runs, () => alarmTime(up, () => bit(random, p0), 1000) <= 1000),
          0.05,
          'bound',
        ),
      );
      rows.push(
        shareRow(
          `e-detector down, p0 ${p0}, n 1,000, c 20,000`,
          repeat(runs, () => alarmTime(down, () => bit(random, p0), 1000) <= 1000),
          0.05,
          'bound',
        ),
      );
    }
    const probe = probeRateDetector({ c: 10_000, shifts: [0.5, 1, 2] });
    rows.push(
      shareRow(
        'probe e-detector, mixed p0, n 500, c 10,000',
        repeat(
          runs,
          () =>
            alarmTime(
              probe,
              (t) => {
                const p0 = [0.02, 0.2, 0.5, 0.8][t % 4]!;
                return { x: bit(random, p0), p0 };
              },
              500,
            ) <= 500,
        ),
        0.05,
        'bound',
      ),
    );
    const conformal = conformalDetector({ c: 1000 });
    rows.push(
      shareRow(
        'conformal, 10 p-values a day, 50 days, c 1,000',
        repeat(runs, () => alarmTime(conformal, () => repeat(10, () => 1 - random()), 50) <= 50),
        0.05,
        'bound',
      ),
    );
    const sequence = rateSequence();
    const misses = (p: number) =>
      repeat(runs, () => {
        let state = sequence.start;
        for (let t = 1; t <= 500; t++) {
          state = sequence.step(state, bit(random, p));
          if (t % 10 !== 0) continue;
          const { lower, upper } = sequence.read(state);
          if (p < lower || p > upper) return true;
        }
        return false;
      });
    rows.push(shareRow('confidence sequence misses .3 ever in 500', misses(0.3), 0.05, 'bound'));
    rows.push(shareRow('confidence sequence misses .02 ever in 500', misses(0.02), 0.05, 'bound'));
    const lost = repeat(runsOf(2000, scale), () => {
      const sample: number[] = [];
      for (let t = 1; t <= 400; t++) {
        sample.push(random());
        if (t % 20 !== 0) continue;
        const { lower = 0, upper = 1 } = quantileSequence(Float64Array.from(sample).sort(), 0.95);
        if (lower > 0.95 || upper < 0.95) return true;
      }
      return false;
    });
    rows.push(shareRow('quantile sequence misses p95 ever in 400', lost, 0.05, 'bound'));
    return rows;
  },
};

const tests: Section = {
  id: 'null-tests',
  title: 'Type I of the fixed-n tests at α = .05',
  model: '10,000 null samples each; normal values, or heavy-tailed log-normal ones where named.',
  run(scale) {
    const random = seededRandom('null-tests');
    const runs = runsOf(10_000, scale);
    const normals = (n: number) => repeat(n, () => drawNormal(random));
    const heavy = (n: number) => repeat(n, () => Math.exp(1.2 * drawNormal(random)));
    const mixOf = (r: Random, n: number) => {
      const a = drawBinomial(r, n, 0.5);
      const b = drawBinomial(r, n - a, 0.6);
      return [a, b, n - a - b];
    };
    const rejects: readonly (readonly [string, () => boolean])[] = [
      ['Mann–Whitney, 12 against 15, heavy tails', () => mannWhitney(heavy(12), heavy(15)).p <= 0.05],
      [
        'Mann–Whitney, 60 against 60, ties',
        () =>
          mannWhitney(
            repeat(60, () => Math.floor(4 * random())),
            repeat(60, () => Math.floor(4 * random())),
          ).p <= 0.05,
      ],
      ['Wilcoxon, 20 pairs', () => wilcoxonSignedRank(normals(20)).p <= 0.05],
      ['Kolmogorov–Smirnov, 30 against 40', () => kolmogorovSmirnov(heavy(30), heavy(40)).p <= 0.05],
      ['Kendall, n = 15', () => kendall(normals(15), normals(15)).p <= 0.05],
      [
        'Fisher, 40 against 60 at .1',
        () =>
          fisherExact({
            k1: drawBinomial(random, 40, 0.1),
            n1: 40,
            k2: drawBinomial(random, 60, 0.1),
            n2: 60,
          }).p <= 0.05,
      ],
      [
        'sign flips, 15 pairs, 199 flips',
        () => signFlipTest(normals(15), { random, permutations: 199 }).p <= 0.05,
      ],
      [
        'TOST at the edge of its margin, 30 against 30',
        () =>
          tostMeans(
            normals(30).map((x) => x + 0.5),
            normals(30),
            { margin: 0.5 },
          ).equivalent,
      ],
    ];
    const rows = rejects.map(([name, reject]) => shareRow(name, repeat(runs, reject), 0.05, 'bound'));
    rows.push(
      shareRow(
        'permutation of means, 8 against 8, 199',
        repeat(
          runsOf(2000, scale),
          () => permutationTest(normals(8), normals(8), { random, permutations: 199 }).p <= 0.05,
        ),
        0.05,
        'bound',
      ),
    );
    rows.push({
      ...shareRow(
        'G-test, n = 200',
        repeat(runs, () => gTest(mixOf(random, 200), [0.5, 0.3, 0.2]).p <= 0.05),
        0.05,
      ),
      why: 'asymptotic',
    });
    rows.push({
      ...shareRow(
        'PSI, 200 against 200',
        repeat(runs, () => populationStability(mixOf(random, 200), mixOf(random, 200)).p <= 0.05),
        0.05,
      ),
      why: 'asymptotic',
    });
    const points = repeat(runsOf(100, scale), () => changePoints(normals(1000)).length);
    rows.push({
      name: 'E-divisive: false points per 1,000 healthy values',
      measured: points.reduce((a, b) => a + b, 0) / points.length,
      judge: 'shown',
      why: 'p < .001 ignores that the split was searched',
    });
    return rows;
  },
};

export const nullSections: readonly Section[] = [streams, tests];
