import { expect, test } from 'bun:test';
import { drawNormal, seededRandom } from '../numeric/random.ts';
import { bernoulliCusum, binomialCusum } from './cusum-bernoulli.ts';
import { gaussianCusum, gaussianCusumArl, gaussianCusumThreshold } from './cusum-gaussian.ts';

test('a batch moves the sum exactly as its observations would without the floor', () => {
  const rule = { p0: 0.02, p1: 0.03, h: 9 };
  const single = bernoulliCusum(rule);
  const batch = binomialCusum(rule);
  let s = single.start;
  for (const x of [1, 0, 1, 1]) s = single.step(s, x);
  const b = batch.step(batch.start, { events: 3, n: 4 });
  expect(b.sum).toBeCloseTo(s.sum, 12);
  expect(batch.step(b, { events: 0, n: 0 })).toBe(b);
});

test('thresholds of the cost table, from the formula', () => {
  // σ = .8 and .35, changes +10, +15, +30 %, ARL0 = 50,000.
  const expected: Record<number, readonly number[]> = { 0.8: [48.3, 36.9, 22.9], 0.35: [26.5, 19.6, 11.6] };
  for (const sigma of [0.8, 0.35]) {
    [0.1, 0.15, 0.3].forEach((change, i) => {
      const k = Math.log(1 + change) / sigma / 2;
      const h = gaussianCusumThreshold({ k, arl: 50_000 });
      expect(Math.abs(h - expected[sigma]![i]!)).toBeLessThan(0.06);
      expect(gaussianCusumArl({ k, h })).toBeCloseTo(50_000, -1);
    });
  }
});

// Montgomery's table is two-sided: without a shift two one-sided charts alarm twice as often as one.
test('Montgomery table 9.3: k = .5, h = 5 gives ARL 2·465, 38 at a shift of .5 and 10.4 at 1', () => {
  expect(Math.abs(gaussianCusumArl({ k: 0.5, h: 5 }) - 930) / 930).toBeLessThan(0.03);
  expect(Math.abs(gaussianCusumArl({ k: 0.5, h: 5 }, 0.5) - 38) / 38).toBeLessThan(0.03);
  expect(Math.abs(gaussianCusumArl({ k: 0.5, h: 5 }, 1) - 10.4) / 10.4).toBeLessThan(0.03);
});

test('a simulated mean run length agrees with the formula', () => {
  const rule = gaussianCusum({ k: 0.5, h: 4 });
  const random = seededRandom('arl');
  let steps = 0;
  for (let run = 0; run < 400; run++) {
    let state = rule.start;
    while (!rule.read(state).alarm) state = rule.step(state, drawNormal(random));
    steps += state.n;
  }
  expect(Math.abs(steps / 400 / 336 - 1)).toBeLessThan(0.15); // Montgomery, two-sided: 168
});

test('down is up on the mirrored stream, and the clip holds', () => {
  const up = gaussianCusum({ k: 0.5, h: 4, clip: 3 });
  const down = gaussianCusum({ k: 0.5, h: 4, clip: 3, direction: 'down' });
  let a = up.start;
  let b = down.start;
  for (const z of [0.3, 2, -1, 50, 1]) {
    a = up.step(a, z);
    b = down.step(b, -z);
  }
  expect(b).toEqual(a);
  expect(up.step(up.start, 1e9).sum).toBe(2.5);
});

test('a fall is watched by p1 below p0', () => {
  const rule = bernoulliCusum({ p0: 0.98, p1: 0.9, h: 4 });
  let state = rule.start;
  for (let i = 0; i < 20; i++) state = rule.step(state, i % 5 === 0 ? 0 : 1);
  expect(rule.read(state).alarm).toBe(true);
});

test('names the bad argument', () => {
  expect(() => bernoulliCusum({ p0: 0.1, p1: 0.1, h: 1 })).toThrow('p1');
  expect(() => bernoulliCusum({ p0: 1, p1: 0.1, h: 1 })).toThrow('p0');
  expect(() => gaussianCusum({ k: 0, h: 1 })).toThrow('k ');
});
