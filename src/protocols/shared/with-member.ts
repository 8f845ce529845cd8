import { memberSpan, replaceSpan } from '#kernel';
import { asBuffer, decode, object, parseJson } from './json.ts';

/** An object with one member more, first, and no other byte changed; undefined where it has one of `unless` already. */
export function withMember(
  body: Uint8Array,
  unless: readonly string[],
  name: string,
  json: string,
): Uint8Array | undefined {
  if (unless.some((word) => memberSpan(body, word) !== undefined)) return undefined;
  // A name spelled with escapes would be read later than ours and win.
  if (asBuffer(body).includes('\\u')) {
    const value = object(parseJson(decode(body))?.value);
    if (unless.some((word) => value[word] !== undefined)) return undefined;
  }
  const at = body.indexOf(0x7b) + 1;
  return replaceSpan(body, { start: at, end: at }, `"${name}":${json},`);
}
