import { memberSpan, type Span } from '#kernel';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Where the value of the top-level `model` stands, given that the body is valid JSON whose `model` is a string.
 *
 * Three native searches instead of a walk over every byte. When `"model"` occurs exactly once and no escape could spell
 * its letters (all of them are U+006x), that occurrence must be the key: the key itself has to be written somewhere.
 * In every other body a walk decides.
 */
export function modelSpan(body: Uint8Array): Span | undefined {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (bytes.indexOf('\\u006') !== -1) return escapedSpan(bytes);
  const key = bytes.indexOf('"model"');
  if (key === -1 || bytes.indexOf('"model"', key + 7) !== -1) return memberSpan(body, 'model');
  let start = key + 7;
  while (bytes[start] !== QUOTE) start++;
  let end = start + 1;
  while (bytes[end] !== QUOTE) end += bytes[end] === BACKSLASH ? 2 : 1;
  return { start, end: end + 1 };
}

/** The walk for bodies in which a key may be spelled with escapes. Latin-1 keeps every position a byte's. */
function escapedSpan(bytes: Buffer): Span | undefined {
  const json = bytes.toString('latin1');
  const token = /"(?:[^"\\]|\\.)*"|[{}[\]:,]/g;
  let found: Span | undefined;
  let depth = 0;
  let isValue = false;
  for (let match = token.exec(json); match; match = token.exec(json)) {
    const [is] = match;
    if (is === '{' || is === '[') depth++;
    else if (is === '}' || is === ']') depth--;
    else if (depth === 1 && is === ',') isValue = false;
    else if (is[0] === '"') {
      if (depth === 1 && isValue) found = { start: match.index, end: token.lastIndex };
      // A value that happens to read "model" looks like the key too, until the comma after it.
      isValue = depth === 1 && !isValue && JSON.parse(is) === 'model';
    }
  }
  return found;
}
