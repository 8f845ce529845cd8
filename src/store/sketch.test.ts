import { expect, test } from 'bun:test';
import { DDSketch } from '@datadog/sketches-js';
import fc from 'fast-check';
import { Sketch } from './sketch.ts';

const values = fc.array(
  fc.oneof(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.constantFrom(0, 1, 5e-324, 3e10, 0.25)),
  { minLength: 1, maxLength: 300 },
);
const sketchOf = (list: readonly number[]) => {
  const sketch = new Sketch();
  for (const value of list) sketch.add(value);
  return sketch;
};
const QUANTILES = [0, 0.01, 0.5, 0.95, 0.99, 1];
const copy = (sketch: Sketch) => {
  const other = new Sketch();
  other.addEncoded(sketch.encode());
  return other;
};

test('quantiles are those of the library, before and after storage', () => {
  fc.assert(
    fc.property(values, (list) => {
      const reference = new DDSketch({ relativeAccuracy: 0.01 });
      for (const value of list) reference.accept(value < 1e-9 ? 0 : value);
      const sketch = sketchOf(list);
      const stored = copy(sketch);
      for (const q of QUANTILES) {
        expect(sketch.quantile(q)).toBe(reference.getValueAtQuantile(q));
        expect(stored.quantile(q)).toBe(sketch.quantile(q));
      }
    }),
    { seed: 3 },
  );
});

test('adding up sketches is the sketch of everything, in any order, merged or read from storage', () => {
  fc.assert(
    fc.property(fc.array(values, { minLength: 1, maxLength: 5 }), (lists) => {
      const whole = sketchOf(lists.flat()).encode();
      const merged = new Sketch();
      for (const list of lists.toReversed()) merged.merge(sketchOf(list));
      const read = new Sketch();
      for (const list of lists) read.addEncoded(sketchOf(list).encode());
      expect(merged.encode()).toEqual(whole);
      expect(read.encode()).toEqual(whole);
      expect(read.count).toBe(lists.flat().length);
    }),
    { seed: 4 },
  );
});

test('every quantile is within 1 % of a value of its rank', () => {
  const list = Array.from({ length: 5_000 }, (_, i) => ((i * 7919) % 5_000) ** 1.7 + 0.01);
  const sketch = sketchOf(list);
  const sorted = list.toSorted((a, b) => a - b);
  for (const q of [0.01, 0.25, 0.5, 0.9, 0.99]) {
    const exact = sorted[Math.floor(q * (sorted.length - 1))]!;
    expect(Math.abs(sketch.quantile(q) / exact - 1)).toBeLessThan(0.0101);
  }
});

test('a stored sketch that was cut short is refused', () => {
  const bytes = sketchOf([1, 2, 3]).encode();
  expect(() => new Sketch().addEncoded(bytes.subarray(0, bytes.length - 1))).toThrow(/too early/);
});
