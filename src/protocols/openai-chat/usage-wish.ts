import { memberSpan, replaceSpan } from '#kernel';
import { asBuffer, decode, isObject, list, object, parseJson } from '../shared/json.ts';
import { SseReader } from '../shared/sse.ts';

/** A stream of chat reports usage only to those who wish for it. The wish changes no other byte of the ask. */
export function askUsage(body: Uint8Array): Uint8Array | undefined {
  const span = memberSpan(body, 'stream_options');
  if (!span) {
    // A name spelled with escapes would be read later than ours and win, so that ask is left as it is.
    if (asBuffer(body).includes('\\u') && object(parseJson(decode(body))?.value).stream_options !== undefined)
      return undefined;
    const at = body.indexOf(0x7b) + 1;
    return replaceSpan(body, { start: at, end: at }, '"stream_options":{"include_usage":true},');
  }
  const options = object(parseJson(decode(body.subarray(span.start, span.end)))?.value);
  if (options.include_usage === true) return undefined;
  return replaceSpan(body, span, JSON.stringify({ ...options, include_usage: true }));
}

/** Is this event the one that the wish brings: usage, and no choice? */
export function isUsage(event: Uint8Array): boolean {
  // Every chunk of such a stream has the name `usage`; only this one has counts in it.
  if (!asBuffer(event).includes('"prompt_tokens"')) return false;
  let only = false;
  const reader = new SseReader((_, data) => {
    const chunk = object(parseJson(data)?.value);
    only = isObject(chunk.usage) && Array.isArray(chunk.choices) && list(chunk.choices).length === 0;
  }, event.length);
  reader.push(event);
  return only;
}
