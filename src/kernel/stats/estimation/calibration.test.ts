import { describe, expect, test } from 'bun:test';
import { seededRandom } from '../numeric/random.ts';
import { calibration } from './calibration.ts';

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
