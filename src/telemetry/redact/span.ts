/** A stretch of bytes to be replaced, by `…[masked]` unless it says otherwise. Never begins or ends inside an escape of JSON. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly by?: string;
}

const MASK = Buffer.from('…[masked]');

/** `spans` in order, not overlapping. */
export function replaceSpans(b: Uint8Array, spans: readonly Span[]): Uint8Array {
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (const { start, end, by } of spans) {
    pieces.push(b.subarray(at, start), by === undefined ? MASK : Buffer.from(by));
    at = end;
  }
  pieces.push(b.subarray(at));
  return Buffer.concat(pieces);
}

/** In order of start; of two that overlap the one that begins first stays and takes in the other. */
export function tidy(spans: Span[]): Span[] {
  spans.sort((a, b) => a.start - b.start || b.end - a.end);
  const out: Span[] = [];
  for (const span of spans) {
    const last = out.at(-1);
    if (last && span.start < last.end) {
      if (span.end > last.end) out[out.length - 1] = { ...last, end: span.end };
    } else out.push(span);
  }
  return out;
}
