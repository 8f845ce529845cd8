import { APOSTROPHE, BACKSLASH, QUOTE } from './bytes.ts';
import type { Span } from './span.ts';

const MOST = 300;

/** Ends the authority of a URL, or means that there is none. */
const stops = (byte: number | undefined): boolean =>
  byte === undefined ||
  byte <= 0x20 ||
  byte === QUOTE ||
  byte === APOSTROPHE ||
  byte === 0x3c ||
  byte === 0x3e ||
  byte === 0x60;

/** The password of `scheme://user:password@host`. `at` is the `@`; of several the last one counts, as in a URL parser. */
export function connection(b: Uint8Array, at: number): Span | undefined {
  let i = at - 1;
  let colon = -1;
  for (; i > at - MOST; i--) {
    const byte = b[i];
    // An earlier `@` had its turn; looking past it again would make a run of them quadratic.
    if (stops(byte) || byte === 0x40) return undefined;
    if (byte === 0x2f && isSlashPair(b, i)) break;
    if (byte === 0x3a) colon = i;
  }
  if (colon < 0 || i <= at - MOST) return undefined;
  let last = at;
  for (let j = at + 1; j < at + MOST; j++) {
    const byte = b[j];
    if (stops(byte) || byte === BACKSLASH || byte === 0x2f || byte === 0x3f || byte === 0x23) break;
    if (byte === 0x40) last = j;
  }
  const start = colon + 1;
  return last > start && !isTemplate(b, start, last) ? { start, end: last } : undefined;
}

/** The second slash of `://`, which some serialisers write `:\/\/`. */
function isSlashPair(b: Uint8Array, at: number): boolean {
  let i = at - 1;
  while (b[i] === BACKSLASH) i--;
  if (b[i] !== 0x2f) return false;
  i--;
  while (b[i] === BACKSLASH) i--;
  return b[i] === 0x3a;
}

/** `${PASSWORD}`, `<password>`, `***`, `%s`: nothing to hide. */
function isTemplate(b: Uint8Array, start: number, end: number): boolean {
  const first = b[start];
  if (first === 0x24 || first === 0x7b || first === 0x3c || (first === 0x25 && end - start === 2))
    return true;
  for (let i = start; i < end; i++) if (b[i] !== 0x2a) return false;
  return true;
}
