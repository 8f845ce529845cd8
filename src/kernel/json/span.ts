export interface Span {
  readonly start: number;
  readonly end: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Where the value of a top-level member stands in the bytes of a JSON object, so that one value can be replaced and
 * everything else stay as the caller wrote it. Expects valid JSON (parse it first). With a repeated key the last one
 * wins, as it does in JSON.parse.
 */
export function memberSpan(json: Uint8Array, key: string): Span | undefined {
  const wanted = new TextEncoder().encode(JSON.stringify(key));
  let found: Span | undefined;
  let depth = 0;
  for (let i = 0; i < json.length; i++) {
    const byte = json[i];
    if (byte === QUOTE) {
      const end = stringEnd(json, i);
      if (depth === 1) {
        const colon = skipSpace(json, end);
        if (json[colon] === 0x3a && equal(json, i, end, wanted)) {
          const start = skipSpace(json, colon + 1);
          found = { start, end: valueEnd(json, start) };
          i = found.end - 1;
          continue;
        }
      }
      i = end - 1;
    } else if (byte === 0x7b || byte === 0x5b) depth++;
    else if (byte === 0x7d || byte === 0x5d) depth--;
  }
  return found;
}

/** The same bytes with `span` replaced by `value`. */
export function replaceSpan(json: Uint8Array, span: Span, value: string): Uint8Array {
  const bytes = new TextEncoder().encode(value);
  const out = new Uint8Array(json.length - (span.end - span.start) + bytes.length);
  out.set(json.subarray(0, span.start));
  out.set(bytes, span.start);
  out.set(json.subarray(span.end), span.start + bytes.length);
  return out;
}

function stringEnd(json: Uint8Array, start: number): number {
  for (let i = start + 1; i < json.length; i++) {
    if (json[i] === BACKSLASH) i++;
    else if (json[i] === QUOTE) return i + 1;
  }
  return json.length;
}

function valueEnd(json: Uint8Array, start: number): number {
  if (json[start] === QUOTE) return stringEnd(json, start);
  let depth = 0;
  for (let i = start; i < json.length; i++) {
    const byte = json[i];
    if (byte === QUOTE) i = stringEnd(json, i) - 1;
    else if (byte === 0x7b || byte === 0x5b) depth++;
    else if (byte === 0x7d || byte === 0x5d) {
      if (depth === 0) return i;
      if (--depth === 0) return i + 1;
    } else if (depth === 0 && (byte === 0x2c || isSpace(byte))) return i;
  }
  return json.length;
}

const isSpace = (byte: number | undefined): boolean =>
  byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

function skipSpace(json: Uint8Array, from: number): number {
  let i = from;
  while (isSpace(json[i])) i++;
  return i;
}

function equal(json: Uint8Array, start: number, end: number, wanted: Uint8Array): boolean {
  if (end - start !== wanted.length) return false;
  for (let i = 0; i < wanted.length; i++) if (json[start + i] !== wanted[i]) return false;
  return true;
}
