import { ALNUM, APOSTROPHE, B64, BACKSLASH, is, QUOTE, textAt } from './bytes.ts';
import type { Span } from './span.ts';

/** A certificate chain with its key is 10 KB; what goes on longer has no end mark any more. */
const LONGEST = 64 * 1024;

/**
 * The inside of a private key block; `at` is the last dash before `BEGIN`. The lines may be separated by raw or escaped
 * breaks or be strings of their own in an array, so each stretch between quotes is a span of its own. A block whose end
 * is missing is masked as far as lines of base64 go.
 */
export function privateKey(
  b: Uint8Array,
  at: number,
): { readonly spans: readonly Span[]; readonly end: number } | undefined {
  if (!textAt(b, at - 4, '-----BEGIN ')) return undefined;
  const head = headEnd(b, at + 7);
  if (head === undefined) return undefined;
  const limit = Math.min(b.length, head + LONGEST);
  let end = limit;
  for (let i = head; i < limit; i++)
    if (b[i] === 0x2d && textAt(b, i, '-----END ')) {
      end = i;
      break;
    }
  const whole = end < limit;
  const spans: Span[] = [];
  let i = head;
  while (i < end) {
    const stop = stretchEnd(b, i, end, whole);
    const [from, to] = trim(b, i, stop);
    if (to > from) spans.push({ start: from, end: to });
    if (stop >= end) break;
    const next = whole ? stop + 1 : nextLine(b, stop, end);
    if (next === undefined) break;
    i = next;
  }
  return { spans, end: spans.at(-1)?.end ?? head };
}

/** Position after `… PRIVATE KEY-----` or `… PRIVATE KEY BLOCK-----`. */
function headEnd(b: Uint8Array, from: number): number | undefined {
  let dashes = from;
  while (dashes < from + 40 && b[dashes] !== 0x2d) dashes++;
  const text = Buffer.from(
    b.buffer,
    b.byteOffset + from,
    Math.max(0, Math.min(dashes, b.length) - from),
  ).toString('latin1');
  return /PRIVATE KEY(?: BLOCK)?$/.test(text) && textAt(b, dashes, '-----') ? dashes + 5 : undefined;
}

/** With an end mark everything up to a quote or comma belongs to the key; without one only base64 and line breaks. */
function stretchEnd(b: Uint8Array, from: number, end: number, whole: boolean): number {
  let i = from;
  for (; i < end; i++) {
    const byte = b[i];
    if (byte === QUOTE || byte === APOSTROPHE || byte === 0x2c) break;
    if (
      !whole &&
      !is(b, i, ALNUM | B64) &&
      byte !== 0x3d &&
      byte !== BACKSLASH &&
      byte !== 0x0a &&
      byte !== 0x0d
    )
      break;
  }
  return i;
}

/** Leaves out line breaks and the backslashes of a quote, at either end. */
function trim(b: Uint8Array, start: number, end: number): [number, number] {
  let to = end;
  while (to > start && (b[to - 1] === BACKSLASH || (b[to - 1] ?? 0) <= 0x20)) to--;
  while (to > start + 1 && b[to - 2] === BACKSLASH && (b[to - 1] === 0x6e || b[to - 1] === 0x72)) {
    to -= 2;
    while (to > start && b[to - 1] === BACKSLASH) to--;
  }
  let from = start;
  for (;;) {
    if ((b[from] ?? 0x21) <= 0x20 && from < to) from++;
    else if (b[from] === BACKSLASH && from < to) {
      while (b[from] === BACKSLASH) from++;
      if (b[from] === 0x6e || b[from] === 0x72) from++;
    } else break;
  }
  return [Math.min(from, to), to];
}

/** Where the next line of an endless block begins: after quotes, commas and breaks, if 32 bytes of base64 follow. */
function nextLine(b: Uint8Array, at: number, end: number): number | undefined {
  let i = at;
  while (i < end && i - at < 64 && !is(b, i, ALNUM)) i++;
  for (let j = 0; j < 32; j++) if (!is(b, i + j, ALNUM | B64)) return undefined;
  return i;
}
