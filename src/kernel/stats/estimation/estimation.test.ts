import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { drawBinomial, drawNormal, seededRandom } from '../numeric/random.ts';
import { cohenKappa } from './agreement.ts';
import { calibration } from './calibration.ts';
import { drawMix, mixLogEvidence, mixShares } from './dirichlet.ts';
import { changePoints } from './e-divisive.ts';
import { forecast } from './forecast.ts';
import { fitHourOfWeek, hourOfWeek, hourOfWeekResidual } from './hour-of-week.ts';
import { isotonic } from './isotonic.ts';
import { decomposeChange, logarithmicMean } from './lmdi.ts';
import { predictionPoweredMean } from './prediction-powered.ts';
import { shapley } from './shapley.ts';

const HOUR = 3_600_000;

describe('isotonic', () => {
  test('Robertson, Wright and Dykstra style example', () => {
    expect(isotonic([1, 3, 2, 4, 3.5, 6])).toEqual([1, 2.5, 2.5, 3.75, 3.75, 6]);
    expect(isotonic([0.9, 0.95, 0.5], [1, 3, 2], 'falling')[0]).toBeCloseTo(0.9375, 12);
  });

  test('is monotone, keeps the weighted mean, changes nothing when monotone already', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 1, maxLength: 40 }),
        (x) => {
          const fit = isotonic(x);
          for (let i = 1; i < fit.length; i++) expect(fit[i]!).toBeGreaterThanOrEqual(fit[i - 1]!);
          const sum = (v: readonly number[]) => v.reduce((a, b) => a + b, 0);
          expect(sum(fit)).toBeCloseTo(sum(x), 6);
          const ascending = x.toSorted((a, b) => a - b);
          for (const [i, v] of isotonic(ascending).entries()) expect(v).toBeCloseTo(ascending[i]!, 9);
        },
      ),
      { seed: 21 },
    );
  });
});

describe('hour of week', () => {
  const zone = 'Europe/Berlin';

  test('follows the clock on the wall through both changes of it', () => {
    // 2026-03-29 02:00 does not exist in Berlin; 2026-10-25 02:00 comes twice.
    expect(hourOfWeek(Date.UTC(2026, 2, 29, 0), zone)).toBe(6 * 24 + 1);
    expect(hourOfWeek(Date.UTC(2026, 2, 29, 1), zone)).toBe(6 * 24 + 3);
    expect(hourOfWeek(Date.UTC(2026, 9, 25, 0), zone)).toBe(6 * 24 + 2);
    expect(hourOfWeek(Date.UTC(2026, 9, 25, 1), zone)).toBe(6 * 24 + 2);
    expect(hourOfWeek(Date.UTC(2026, 0, 5, 8), zone)).toBe(9);
    expect(hourOfWeek(Date.UTC(2026, 6, 6, 7), zone)).toBe(9);
    expect(() => hourOfWeek(0, 'Mars/Olympus')).toThrow('zone');
  });

  const world = (weeks: number, from: number, spoil = false) => {
    const random = seededRandom('hours');
    return Array.from({ length: weeks * 168 }, (_, i) => {
      const at = from + i * HOUR;
      const hour = hourOfWeek(at, zone) % 24;
      const outage = spoil && i >= 168 && i < 168 + 40;
      return {
        at,
        value: 8 + 0.6 * Math.exp(-((hour - 11) ** 2) / 18) + 0.08 * drawNormal(random) + (outage ? 2 : 0),
      };
    });
  };

  test('one outage week does not bend it, and a load that follows the wall clock stays unremarkable after the change', () => {
    const from = Date.UTC(2026, 1, 23); // four weeks before the last Sunday of March
    const clean = fitHourOfWeek(world(4, from), zone);
    const spoiled = fitHourOfWeek(world(4, from, true), zone);
    expect(JSON.stringify(clean).length).toBeLessThan(2048);
    clean.levels.forEach((level, h) => {
      expect(Math.abs(spoiled.levels[h]! - level)).toBeLessThan(0.2);
    });
    expect(clean.scale).toBeGreaterThan(0.06);
    expect(clean.scale).toBeLessThan(0.13);
    const after = world(6, from).slice(5 * 168);
    const zs = after.map((v) => hourOfWeekResidual(clean, v));
    expect(Math.abs(zs.reduce((a, b) => a + b, 0) / zs.length)).toBeLessThan(0.3);
    expect(hourOfWeekResidual(clean, { at: from, value: 100 })).toBe(4);
  });

  test('refuses a short history', () => {
    expect(() => fitHourOfWeek(world(2, 0), zone)).toThrow('values');
  });
});

describe('change points', () => {
  const noisy = (random: () => number, levels: readonly number[], each: number) =>
    levels.flatMap((level) => Array.from({ length: each }, () => level + drawNormal(random)));

  test('finds two steps where they are and nothing in noise', () => {
    const random = seededRandom('divisive');
    const points = changePoints(noisy(random, [0, 3, 1], 60));
    expect(points).toHaveLength(2);
    expect(Math.abs(points[0]!.index - 60)).toBeLessThanOrEqual(2);
    expect(Math.abs(points[1]!.index - 120)).toBeLessThanOrEqual(3);
    let falsePoints = 0;
    for (let i = 0; i < 20; i++) falsePoints += changePoints(noisy(random, [0], 200)).length;
    expect(falsePoints).toBeLessThanOrEqual(3);
  });

  test('ranks withstand heavy tails; the minimum magnitude silences small moves', () => {
    const random = seededRandom('ranks');
    const heavy = (scale: number) =>
      Array.from({ length: 60 }, () => scale * Math.exp(1.2 * drawNormal(random)));
    const series = [...heavy(1), ...heavy(6)];
    const points = changePoints(series, { ranks: true });
    expect(points.length).toBeGreaterThanOrEqual(1);
    expect(Math.abs(points[0]!.index - 60)).toBeLessThanOrEqual(6);
    const small = noisy(random, [100, 102], 60);
    expect(changePoints(small, { minMagnitude: 0.05 })).toEqual([]);
    expect(changePoints(small).length).toBe(1);
  });

  test('a constant series and a clean step', () => {
    expect(changePoints(new Array(100).fill(3))).toEqual([]);
    expect(changePoints([...new Array(20).fill(1), ...new Array(20).fill(2)]).map((p) => p.index)).toEqual([
      20,
    ]);
  });
});

describe('calibration', () => {
  test('Murphy: Brier is reliability − resolution + uncertainty when each bin holds one confidence', () => {
    const random = seededRandom('brier');
    const stated = Array.from({ length: 2000 }, () => 0.1 + 0.2 * Math.floor(5 * random()));
    const correct = stated.map((c) => (random() < 0.8 * c + 0.05 ? 1 : 0));
    const r = calibration(stated, correct, 5);
    expect(r.brier).toBeCloseTo(r.reliability - r.resolution + r.uncertainty, 9);
    expect(r.bins).toHaveLength(5);
  });

  test('a calibrated model shows only the ECE of chance, an overconfident one far more', () => {
    const random = seededRandom('ece');
    const stated = Array.from({ length: 3000 }, () => 0.5 + 0.5 * random());
    const fair = calibration(
      stated,
      stated.map((c) => (random() < c ? 1 : 0)),
    );
    expect(fair.ece).toBeLessThan(2.5 * fair.eceByChance);
    const inverted = calibration(
      stated,
      stated.map((c) => (random() < 1.15 - 0.7 * c ? 1 : 0)),
    );
    expect(inverted.ece).toBeGreaterThan(0.15);
    expect(() => calibration([0.5], [2])).toThrow('correct[0]');
    expect(() => calibration([1.5], [1])).toThrow('confidences[0]');
  });
});

test("Cohen's κ: the textbook grant example is .4", () => {
  // 50 proposals: both yes 20, both no 15, 5 and 10 disagree.
  const a = [...new Array(25).fill('yes'), ...new Array(25).fill('no')];
  const b = [
    ...new Array(20).fill('yes'),
    ...new Array(5).fill('no'),
    ...new Array(10).fill('yes'),
    ...new Array(15).fill('no'),
  ];
  const k = cohenKappa(a, b, { random: seededRandom('kappa'), runs: 400 });
  expect(k.estimate).toBeCloseTo(0.4, 12);
  expect(k.lower).toBeLessThan(0.3);
  expect(() => cohenKappa(['x', 'x'], ['x', 'x'], { random: seededRandom(1) })).toThrow('a ');
});

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

describe('LMDI', () => {
  const factor = fc.oneof(
    { weight: 9, arbitrary: fc.double({ min: 1e-3, max: 1e3, noNaN: true }) },
    { weight: 1, arbitrary: fc.constant(0) },
  );
  const segment = fc.record({
    before: fc.tuple(factor, factor, factor),
    after: fc.tuple(factor, factor, factor),
  });

  test('leaves no residual, zeros included', () => {
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 6 }), (segments) => {
        const d = decomposeChange(segments);
        const sum = d.effects.reduce((a, b) => a + b, 0);
        expect(Math.abs(sum - d.change)).toBeLessThanOrEqual(1e-9 * Math.max(1, d.before, d.after));
        expect(d.effects.every(Number.isFinite)).toBe(true);
      }),
      { seed: 22, numRuns: 300 },
    );
  });

  test('one factor doubled is the whole change; a new segment goes to what was zero', () => {
    expect(decomposeChange([{ before: [10, 2], after: [20, 2] }]).effects).toEqual([20, 0]);
    expect(decomposeChange([{ before: [0, 2], after: [5, 2] }]).effects).toEqual([10, 0]);
    expect(logarithmicMean(2, 2)).toBe(2);
    expect(logarithmicMean(1, Math.E)).toBeCloseTo(Math.E - 1, 12);
    expect(logarithmicMean(1 + 1e-6, 1)).toBeCloseTo(1 + 5e-7, 12);
  });
});

test('Shapley: the glove game and additivity', () => {
  // One left glove (axis 0), two right gloves (1, 2): 2/3, 1/6, 1/6.
  const glove = shapley(3, (mask) => (mask & 1 && mask & 6 ? 1 : 0));
  expect(glove[0]).toBeCloseTo(2 / 3, 12);
  expect(glove[1]).toBeCloseTo(1 / 6, 12);
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 16, maxLength: 16 }),
      (v) => {
        const sum = shapley(4, (mask) => v[mask]!).reduce((a, b) => a + b, 0);
        expect(sum).toBeCloseTo(v[15]! - v[0]!, 9);
      },
    ),
    { seed: 23 },
  );
  expect(() => shapley(20, () => 0)).toThrow('k ');
  expect(() => shapley(1, () => Number.NaN)).toThrow('value(0)');
});

test('Dirichlet shares cover, and the evidence of two categories is the Beta function', () => {
  const random = seededRandom('dirichlet');
  let covered = 0;
  for (let i = 0; i < 300; i++) {
    const k = drawBinomial(random, 200, 0.1);
    const [share] = mixShares([k, 200 - k]);
    if (share!.lower <= 0.1 && share!.upper >= 0.1) covered++;
  }
  expect(covered / 300).toBeGreaterThan(0.91);
  expect(mixLogEvidence([3, 0], [1, 1])).toBeCloseTo(Math.log(1 / 4), 12);
  expect(drawMix(random, [5, 5, 90]).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
});

test('forecast: constants are exact, the quantiles of a log-normal are its own', () => {
  const random = seededRandom('forecast');
  const exact = forecast(
    {
      segments: [
        {
          name: 'a',
          factors: [
            { kind: 'constant', value: 3 },
            { kind: 'constant', value: 5 },
          ],
        },
      ],
      runs: 10,
    },
    random,
  );
  expect([exact.p50, exact.p90, exact.mean]).toEqual([15, 15, 15]);
  const spread = forecast(
    { segments: [{ name: 'a', factors: [{ kind: 'log-normal', median: 100, sigma: 0.5 }] }], runs: 20_000 },
    random,
  );
  expect(Math.abs(spread.p50 / 100 - 1)).toBeLessThan(0.03);
  expect(Math.abs(spread.p90 / (100 * Math.exp(0.5 * 1.2816)) - 1)).toBeLessThan(0.03);
  const two = forecast(
    {
      segments: [
        { name: 'a', factors: [{ kind: 'measured', values: [1, 3] }] },
        { name: 'b', factors: [{ kind: 'share', k: 30, n: 100 }] },
      ],
    },
    random,
  );
  expect(two.shares.map((s) => s.share).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
  expect(() =>
    forecast({ segments: [{ name: 'a', factors: [{ kind: 'measured', values: [] }] }] }, random),
  ).toThrow('segments[0].factors[0].values');
});
