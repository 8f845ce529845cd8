import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { drawNormal, seededRandom } from '../numeric/random.ts';
import { mergeSketches, restoreSketch, sketch } from './ddsketch.ts';

const values = fc.array(
  fc.oneof(
    fc.double({ min: -1e6, max: 1e6, noNaN: true }),
    fc.constantFrom(0, 1, -1, 0.5, 1e-9),
    fc.double({ min: 1e-6, max: 2, noNaN: true }),
  ),
  { maxLength: 60 },
);

const of = (xs: readonly number[]) => {
  const s = sketch();
  for (const x of xs) s.insert(x);
  return s;
};

test('merge is exact, associative and does not mind order', () => {
  fc.assert(
    fc.property(values, values, values, (a, b, c) => {
      const whole = of([...a, ...b, ...c]).state();
      const [x, y, z] = [of(a).state(), of(b).state(), of(c).state()];
      expect(mergeSketches(x, mergeSketches(y, z))).toEqual(whole);
      expect(mergeSketches(mergeSketches(z, x), y)).toEqual(whole);
    }),
    { seed: 5, numRuns: 300 },
  );
});

test('saved and restored in the middle changes nothing', () => {
  fc.assert(
    fc.property(values, values, (a, b) => {
      const live = of([...a, ...b]);
      const resumed = restoreSketch(JSON.parse(JSON.stringify(of(a).state())));
      for (const x of b) resumed.insert(x);
      expect(JSON.stringify(resumed.state())).toBe(JSON.stringify(live.state()));
    }),
    { seed: 6 },
  );
});

test('the error stays within alpha for a log-normal latency, the state within 2 KB', () => {
  const random = seededRandom('sketch');
  const xs = Array.from({ length: 50_000 }, () => 2500 * Math.exp(0.5 * drawNormal(random)));
  const s = of(xs);
  const ascending = xs.toSorted((a, b) => a - b);
  for (const q of [0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999]) {
    const exact = ascending[Math.floor(q * (xs.length - 1))]!;
    expect(Math.abs(s.quantile(q) / exact - 1)).toBeLessThan(0.0101);
  }
  expect(s.quantile(0)).toBe(ascending[0]!);
  expect(s.quantile(1)).toBe(ascending.at(-1)!);
  expect(JSON.stringify(s.state()).length).toBeLessThan(2048);
  expect(Math.abs(s.countUpTo(2500) / 50_000 - 0.5)).toBeLessThan(0.02);
});

test('one millisecond to ten minutes fits 666 buckets', () => {
  const s = of([1.001, 600_000]);
  expect(s.state().positive.counts.length).toBeLessThanOrEqual(666);
});

test('refuses NaN, an empty question and a foreign alpha', () => {
  const s = sketch();
  expect(() => s.insert(Number.NaN)).toThrow('x ');
  expect(() => s.quantile(0.5)).toThrow('sketch');
  expect(() => mergeSketches(sketch(0.01).state(), sketch(0.02).state())).toThrow('states[1].alpha');
  expect(() => sketch(0)).toThrow('alpha');
  s.insert(1);
  expect(() => s.quantile(1.5)).toThrow('q ');
});
