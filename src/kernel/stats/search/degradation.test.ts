import { describe, expect, test } from 'bun:test';
import { seededRandom } from '../numeric/random.ts';
import { degradation, degradationIntervals, weightedAccuracy } from './degradation.ts';

describe('degradation', () => {
  const at = (rates: readonly number[], n = 100) => rates.map((p) => ({ k: Math.round(p * n), n }));

  test('flat, graceful, cliff, with knee and retention', () => {
    expect(degradation(at([0.92, 0.93, 0.91, 0.92, 0.92, 0.93])).class).toBe('flat');
    const slope = degradation(at([0.92, 0.86, 0.8, 0.74, 0.68, 0.62]));
    expect(slope.class).toBe('graceful');
    expect(slope.knee).toBe(2);
    const cliff = degradation(at([0.92, 0.92, 0.92, 0.55, 0.55, 0.55]));
    expect(cliff.class).toBe('cliff');
    expect(cliff.knee).toBe(3);
    expect(cliff.cliffIndex).toBe(1);
    expect(cliff.retention).toBeCloseTo((2.5 * 0.92 + 2.5 * 0.55) / 5 / 0.92, 9);
    expect(degradation(at([0, 0])).retention).toBe(1);
  });

  test('intervals come from whole Cases', () => {
    const random = seededRandom('cases');
    const cases = Array.from({ length: 60 }, () =>
      [0.92, 0.9, 0.6].map((p) => ({ k: random() < p ? 1 : 0, n: 1 })),
    );
    const r = degradationIntervals(cases, { random, runs: 200 });
    expect(r.knee.estimate).toBe(2);
    expect(r.retention.lower).toBeLessThan(r.retention.upper);
  });

  test('bins without a Case are named, never filled', () => {
    const r = weightedAccuracy([
      { name: 'short', weight: 0.5, k: 9, n: 10 },
      { name: 'long', weight: 0.3, k: 5, n: 10 },
      { name: 'huge', weight: 0.2, k: 0, n: 0 },
    ]);
    expect(r.accuracy).toBeCloseTo(0.6 / 0.8, 12);
    expect(r.missing).toEqual(['huge']);
    expect(r.covered).toBeCloseTo(0.8, 12);
    expect(weightedAccuracy([{ name: 'x', weight: 1, k: 0, n: 0 }])).toEqual({ covered: 0, missing: ['x'] });
  });
});
