import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { seededRandom } from '../numeric/random.ts';
import { eDetector, probeRateDetector, rateDetector, shiftedRate } from './e-detector.ts';

test('is the recursion written out in plain arithmetic', () => {
  const rule = rateDetector({ p0: 0.1, c: 100 });
  const sizes = [1.5, 2, 3, 5].map((r) => 0.1 * r);
  const plain = sizes.map(() => 0);
  let state = rule.start;
  const random = seededRandom('plain');
  for (let t = 0; t < 200; t++) {
    const x = random() < 0.15 ? 1 : 0;
    state = rule.step(state, x);
    sizes.forEach((p1, k) => {
      plain[k] = (plain[k]! + 1) * (x ? p1 / 0.1 : (1 - p1) / 0.9);
    });
    const mixed = plain.reduce((a, b) => a + b, 0) / 4;
    expect(state.level).toBeCloseTo(Math.log1p(mixed), 9);
  }
});

test('P(alarm within n) ≤ n/c over null runs', () => {
  const rule = rateDetector({ p0: 0.1, c: 2000 });
  const random = seededRandom('null', 1);
  let alarms = 0;
  for (let run = 0; run < 500; run++) {
    let state = rule.start;
    for (let t = 0; t < 200; t++) {
      state = rule.step(state, random() < 0.1 ? 1 : 0);
      if (rule.read(state).alarm) {
        alarms++;
        break;
      }
    }
  }
  // Bound .1; three binomial deviations above it would be .14.
  expect(alarms / 500).toBeLessThan(0.14);
});

test('ten million updates neither overflow nor lose the number', () => {
  const random = seededRandom('long');
  const up = rateDetector({ p0: 0.02, c: 5000 });
  let rising = up.start;
  let quiet = up.start;
  for (let t = 0; t < 10_000_000; t++) {
    quiet = up.step(quiet, 0);
    if (t % 10 === 0) rising = up.step(rising, random() < 0.2 ? 1 : 0);
  }
  expect(Number.isFinite(rising.level) && rising.level > 1e4).toBe(true);
  expect(quiet.level).toBeGreaterThanOrEqual(0);
  expect(quiet.sums.every((s) => s === 0)).toBe(true);
  expect(up.read(rising).alarm).toBe(true);
}, 60_000);

test('dates the change', () => {
  const rule = rateDetector({ p0: 0.02, c: 5000 });
  const random = seededRandom('date');
  const errors: number[] = [];
  for (let run = 0; run < 50; run++) {
    let state = rule.start;
    for (let t = 1; !rule.read(state).alarm; t++)
      state = rule.step(state, random() < (t > 300 ? 0.1 : 0.02) ? 1 : 0);
    errors.push(Math.abs(rule.read(state).changeAfter - 300));
  }
  expect(errors.sort((a, b) => a - b)[25]!).toBeLessThan(40);
});

test('one probe with one shift is the rate detector of the same odds', () => {
  const p0 = 0.2;
  const theta = 0.7;
  const odds = (p0 / (1 - p0)) * Math.exp(theta);
  const p1 = odds / (1 + odds);
  const a = probeRateDetector({ c: 100, shifts: [theta] });
  const b = rateDetector({ p0, c: 100, ratios: [p1 / p0] });
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 1 }), { maxLength: 100 }), (xs) => {
      const left = xs.reduce((s, x) => a.step(s, { x, p0 }), a.start);
      const right = xs.reduce((s, x) => b.step(s, x), b.start);
      expect(left.level).toBeCloseTo(right.level, 9);
    }),
    { seed: 4 },
  );
});

test('shifted rates stay below one and mirror for falls', () => {
  expect(shiftedRate(0.02, 5)).toBeCloseTo(0.1, 12);
  expect(shiftedRate(0.9, 5)).toBeCloseTo(0.98, 12);
  expect(shiftedRate(0.9, 3, 'down')).toBeCloseTo(0.3, 12);
});

test('names the bad argument', () => {
  expect(() => rateDetector({ p0: 0, c: 10 })).toThrow('p0');
  expect(() => rateDetector({ p0: 0.1, c: Number.NaN })).toThrow('c ');
  expect(() => rateDetector({ p0: 0.1, c: 10, ratios: [0.5] })).toThrow('ratio');
  expect(() => rateDetector({ p0: 0.1, c: 10, weights: [1] })).toThrow('weights');
  expect(() => eDetector({ c: 10, sizes: 0 })).toThrow('sizes');
});
