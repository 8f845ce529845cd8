import { DDSketch } from '@datadog/sketches-js';
import type { Quantiles } from '#contracts';

const RELATIVE_ACCURACY = 0.01;
/** From value to bin and back, as the library defines it. */
const { mapping } = new DDSketch({ relativeAccuracy: RELATIVE_ACCURACY });
/** Nothing takes less than a picosecond; what claims to is counted as 0 and keeps keys above KEY_BASE. */
const SMALLEST_MS = 1e-9;
/** Below the key of SMALLEST_MS, which is -1036. */
const KEY_BASE = -2_000;
/** Bins added beyond what is needed when the range grows. */
const MARGIN = 32;

/**
 * DDSketch (Masson, Rim, Lee 2019): a histogram whose bins grow by a constant factor, so that every quantile is within
 * 1 % of a value that was there, and two sketches add up to the sketch of both. The bins are of `@datadog/sketches-js`;
 * its store is not used, since it moves all bins whenever a new largest value comes and made ingest a third slower.
 */
export class Sketch {
  /** Values seen. */
  count = 0;
  #zeros = 0;
  #bins = new Float64Array(0);
  /** Key of the first bin. */
  #first = 0;

  add(ms: number): void {
    this.count++;
    if (ms < SMALLEST_MS) this.#zeros++;
    else this.#bump(mapping.key(ms), 1);
  }

  merge(other: Sketch): void {
    this.count += other.count;
    this.#zeros += other.#zeros;
    for (let i = 0; i < other.#bins.length; i++) {
      const count = other.#bins[i] as number;
      if (count > 0) this.#bump(other.#first + i, count);
    }
  }

  /** Value at `q` of [0, 1], by the library's rule: the bin in which the rank q·(count − 1) falls. */
  quantile(q: number): number {
    const rank = q * (this.count - 1);
    let seen = this.#zeros;
    if (rank < seen) return 0;
    let last = 0;
    for (let i = 0; i < this.#bins.length; i++) {
      const count = this.#bins[i] as number;
      if (count === 0) continue;
      last = mapping.value(this.#first + i);
      seen += count;
      if (rank < seen) return last;
    }
    return last;
  }

  /**
   * Varints: number of zeros, number of filled bins, then for each the distance from the one before (the first from
   * KEY_BASE) and its count. The library's protobuf spells out empty bins and repeats 25 bytes of header.
   */
  encode(): Uint8Array {
    const out: number[] = [];
    let filled = 0;
    for (const count of this.#bins) if (count > 0) filled++;
    varint(out, this.#zeros);
    varint(out, filled);
    let before = KEY_BASE;
    for (let i = 0; i < this.#bins.length; i++) {
      const count = this.#bins[i] as number;
      if (count === 0) continue;
      varint(out, this.#first + i - before);
      varint(out, count);
      before = this.#first + i;
    }
    return Uint8Array.from(out);
  }

  /** Adds what `encode` gave. */
  addEncoded(bytes: Uint8Array): void {
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
    this.#zeros += zeros;
    this.count += zeros;
    let key = KEY_BASE;
    for (let left = read(); left > 0; left--) {
      key += read();
      const count = read();
      this.#bump(key, count);
      this.count += count;
    }
  }

  #bump(key: number, count: number): void {
    const i = key - this.#first;
    if (i >= 0 && i < this.#bins.length) {
      this.#bins[i] = (this.#bins[i] as number) + count;
      return;
    }
    const empty = this.#bins.length === 0;
    const first = empty ? key - MARGIN : Math.min(this.#first, key - MARGIN);
    const end = empty ? key + MARGIN : Math.max(this.#first + this.#bins.length, key + MARGIN);
    const grown = new Float64Array(end - first);
    if (!empty) grown.set(this.#bins, this.#first - first);
    this.#bins = grown;
    this.#first = first;
    grown[key - first] = (grown[key - first] as number) + count;
  }
}

export const quantiles = (sketch: Sketch): Quantiles | undefined =>
  sketch.count === 0
    ? undefined
    : { p50: sketch.quantile(0.5), p95: sketch.quantile(0.95), p99: sketch.quantile(0.99) };

function varint(out: number[], value: number): void {
  let rest = value;
  // Division, not shifts: a count may pass 2^31.
  while (rest >= 0x80) {
    out.push((rest % 128) | 0x80);
    rest = Math.floor(rest / 128);
  }
  out.push(rest);
}
