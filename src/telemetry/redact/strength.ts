import { ALNUM, CLASS, DIGIT, LOWER, UPPER } from './bytes.ts';

/** How much a run of bytes looks drawn by chance rather than written by a person. */
export interface Strength {
  readonly length: number;
  readonly digits: number;
  readonly upper: number;
  readonly lower: number;
  readonly symbols: number;
  /** A stretch of eight or more letters and digits that mixes digits with letters or both cases. */
  readonly mixed: boolean;
  /** Longest stretch of letters and digits. */
  readonly longest: number;
  /**
   * Share of neighbours that are of different kinds (lower, upper, digit, other). Drawn from 62 letters and digits it is 0.6,
   * from hexadecimal digits 0.5; names of code have 0.1 to 0.2.
   */
  readonly restless: number;
}

export function strengthOf(b: Uint8Array, start: number, end: number): Strength {
  let digits = 0;
  let upper = 0;
  let lowers = 0;
  let symbols = 0;
  let mixed = false;
  let longest = 0;
  let changes = 0;
  let before = CLASS[b[start] ?? 0] ?? 0;
  for (let i = start, from = start, d = 0, u = 0, l = 0; i <= end; i++) {
    const c = i < end ? (CLASS[b[i] ?? 0] ?? 0) : 0;
    if (c !== before && i < end) changes++;
    before = c;
    if (c & DIGIT) d++;
    else if (c & UPPER) u++;
    else if (c & LOWER) l++;
    if (c & ALNUM) continue;
    const n = i - from;
    if (n > longest) longest = n;
    if (n >= 8 && ((d > 0 && u + l > 0) || (u > 1 && l > 1))) mixed = true;
    digits += d;
    upper += u;
    lowers += l;
    if (i < end) symbols++;
    from = i + 1;
    d = u = l = 0;
  }
  return {
    length: end - start,
    digits,
    upper,
    lower: lowers,
    symbols,
    mixed,
    longest,
    restless: changes / Math.max(1, end - start - 1),
  };
}

/** No word of a language is so long, and identifiers of that length have separators. */
const NO_WORD = 20;

export const looksDrawn = (s: Strength): boolean =>
  s.mixed ||
  s.longest >= NO_WORD ||
  s.digits >= 10 ||
  (s.length >= 16 && s.digits > 0 && s.upper > 0 && s.lower > 0 && s.restless >= 0.4);

const seen = new Uint16Array(256);

/** Shannon entropy, bits per byte, of the bytes as drawn from their own frequencies: H = −Σ p log2 p. At most 4 KB are looked at. */
export function entropy(b: Uint8Array, start: number, end: number): number {
  const stop = Math.min(end, start + 4096);
  seen.fill(0);
  for (let i = start; i < stop; i++) seen[b[i] ?? 0]!++;
  const n = stop - start;
  let bits = 0;
  for (const count of seen) if (count > 0) bits -= (count / n) * Math.log2(count / n);
  return bits;
}
