import { DDSketch } from '@datadog/sketches-js';
import type { Quantiles } from '#contracts';

/**
 * DDSketch (Masson, Rim, Lee 2019): a histogram with bins that grow by a constant factor, so that every quantile is within
 * 1 % of a value that was there, and two sketches add up to the sketch of both. Kept in our own bytes: the library's
 * protobuf spells out every empty bin and a header of 25 bytes for rows that often hold three values.
 *
 * Encoding, all numbers as varints: count of zeros, number of filled bins, then for each bin the distance from the one
 * before (the first from KEY_BASE) and its count.
 */
const RELATIVE_ACCURACY = 0.01;
/** Nothing takes less than a picosecond; what claims to is counted as 0 and keeps keys above KEY_BASE. */
const SMALLEST_MS = 1e-9;
const KEY_BASE = -2_000;

export const newSketch = (): DDSketch => new DDSketch({ relativeAccuracy: RELATIVE_ACCURACY });

export const add = (sketch: DDSketch, ms: number): void => sketch.accept(ms < SMALLEST_MS ? 0 : ms);

export function encode(sketch: DDSketch): Uint8Array {
  const { store } = sketch;
  const out: number[] = [];
  varint(out, sketch.zeroCount);
  const filled: [number, number][] = [];
  if (store.count > 0)
    for (let key = store.minKey; key <= store.maxKey; key++) {
      const count = store.bins[key - store.offset] ?? 0;
      if (count > 0) filled.push([key, count]);
    }
  varint(out, filled.length);
  let last = KEY_BASE;
  for (const [key, count] of filled) {
    varint(out, key - last);
    varint(out, count);
    last = key;
  }
  return Uint8Array.from(out);
}

/** Adds encoded values to a sketch without making another. */
export function addEncoded(sketch: DDSketch, bytes: Uint8Array): void {
  let at = 0;
  const read = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined) throw new RangeError('a stored sketch ends too early');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  const zeros = read();
  sketch.zeroCount += zeros;
  sketch.count += zeros;
  let key = KEY_BASE;
  for (let left = read(); left > 0; left--) {
    key += read();
    const count = read();
    sketch.store.add(key, count);
    sketch.count += count;
  }
}

export function quantiles(sketch: DDSketch): Quantiles | undefined {
  if (sketch.count === 0) return undefined;
  const at = (q: number) => sketch.getValueAtQuantile(q);
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

function varint(out: number[], value: number): void {
  let rest = value;
  // Division, not shifts: a count may pass 2^31.
  while (rest >= 0x80) {
    out.push((rest % 128) | 0x80);
    rest = Math.floor(rest / 128);
  }
  out.push(rest);
}
