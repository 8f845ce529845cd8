import { ALNUM, APOSTROPHE, afterBreak, B64, BACKSLASH, is, QUOTE, SPACE, textAt } from './bytes.ts';
import type { Span } from './span.ts';

/** A certificate chain with its key is 10 KB; what goes on longer has no end mark of its own. */
const LONGEST = 64 * 1024;
/** Lines of a key are 64 long; nothing shorter than this is taken for one without an end mark right behind it. */
const LINE = 16;

/**
 * The inside of a private key block; `at` is the last dash before `BEGIN`, `endMarkAfter` finds the next `-----END `.
 * A block in one string is masked whole. Where quotes stand inside, each line is a string of its own (an array, a
 * concatenation in code), and where no end mark comes the block was cut: there, only what can be nothing but lines of
 * base64 is masked, so that the structure around them stays.
 */
export function privateKey(
  b: Uint8Array,
  at: number,
  endMarkAfter: (from: number) => number,
): { readonly spans: readonly Span[]; readonly end: number } | undefined {
  if (!textAt(b, at - 4, '-----BEGIN ')) return undefined;
  const head = headEnd(b, at + 7);
  if (head === undefined) return undefined;
  const mark = endMarkAfter(head);
  const limit = Math.min(b.length, head + LONGEST);
  if (mark < limit && !hasQuote(b, head, mark)) {
    const start = afterBreak(b, head);
    const end = beforeBreak(b, start, mark);
    return end > start ? { spans: [{ start, end }], end: mark } : undefined;
  }
  const spans = lines(b, head, Math.min(mark, limit));
  return { spans, end: spans.at(-1)?.end ?? head };
}

/** Position after `… PRIVATE KEY-----` or `… PRIVATE KEY BLOCK-----`. */
function headEnd(b: Uint8Array, from: number): number | undefined {
  let dashes = from;
  while (dashes < from + 40 && dashes < b.length && b[dashes] !== 0x2d) dashes++;
  const text = String.fromCharCode(...b.subarray(from, dashes));
  return /PRIVATE KEY(?: BLOCK)?$/.test(text) && textAt(b, dashes, '-----') ? dashes + 5 : undefined;
}

function hasQuote(b: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (b[i] === QUOTE || b[i] === APOSTROPHE) return true;
  return false;
}

/** Steps back over line breaks, raw or escaped. */
function beforeBreak(b: Uint8Array, from: number, to: number): number {
  let i = to;
  while (i > from) {
    const byte = b[i - 1] ?? 0;
    if (byte <= SPACE || byte === BACKSLASH) i--;
    else if ((byte === 0x6e || byte === 0x72) && b[i - 2] === BACKSLASH) i -= 2;
    else break;
  }
  return i;
}

function lines(b: Uint8Array, head: number, limit: number): Span[] {
  const spans: Span[] = [];
  for (let start = afterGap(b, head); start < limit; ) {
    let end = start;
    while (end < limit && is(b, end, ALNUM | B64)) end++;
    while (end < limit && b[end] === 0x3d) end++;
    const next = afterGap(b, end);
    if (end - start < LINE && (end === start || !textAt(b, next, '-----END '))) break;
    spans.push({ start, end });
    start = next;
  }
  return spans;
}

/** Over whatever separates lines: breaks, quotes, commas, the plus of a concatenation. */
function afterGap(b: Uint8Array, at: number): number {
  let i = at;
  while (i < b.length && i - at < 256) {
    const byte = b[i] ?? 0;
    const next = afterBreak(b, i);
    if (next > i) i = next;
    else if (
      byte <= SPACE ||
      GAP.has(byte) ||
      (byte === 0x2b && ((b[i + 1] ?? 0) <= SPACE || b[i + 1] === BACKSLASH))
    )
      i++;
    else break;
  }
  return i;
}

const GAP = new Set([QUOTE, APOSTROPHE, BACKSLASH, 0x2c, 0x60]);
