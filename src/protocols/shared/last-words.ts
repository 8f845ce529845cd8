import { asBuffer, decode, list, object, parseJson, text, word } from './json.ts';

/** A larger body is not read a second time: it would cost more than it tells. */
const LONGEST_BODY = 1 << 20;
const LONGEST_WORDS = 4_096;
/** Messages without words, looked at from the end: results of tools come in rows. */
const MOST_LOOKS = 64;

/**
 * The last words of the user in an ask of any protocol here, the first 4,096 characters of them; empty where there are none. What
 * a tool returned is not said by anybody, so a loop of tool calls goes on in the words that began it.
 */
export function lastWords(body: Uint8Array): string {
  if (body.length > LONGEST_BODY) return '';
  return (fromTheEnd(asBuffer(body)) ?? fromTheWhole(body)).slice(0, LONGEST_WORDS);
}

function fromTheWhole(body: Uint8Array): string {
  const { messages, input } = object(parseJson(decode(body))?.value);
  if (typeof input === 'string') return input;
  const said = Array.isArray(messages) ? messages : list(input);
  for (let i = said.length - 1; i >= 0; i--) {
    const { role, content } = object(said[i]);
    const words = role === 'user' ? wordsOf(content) : '';
    if (words !== '') return words;
  }
  return '';
}

const wordsOf = (content: unknown): string =>
  word(content) ??
  list(content)
    .map((part) => text(object(part).text))
    .filter(Boolean)
    .join('\n');

/** As clients write the beginning of a message. Inside of a text its quotes would be escaped, so it is found only where it is one. */
const BEGINNINGS = ['{"role":"user"', '{"role": "user"'].map((text) => Buffer.from(text));

/**
 * The same from the last message alone: a long conversation costs no more than its last question. Undefined where a client writes
 * its messages otherwise, and the whole has to be read.
 */
function fromTheEnd(body: Buffer): string | undefined {
  let before = body.length;
  for (let looks = 0; looks < MOST_LOOKS; looks++) {
    const at = Math.max(...BEGINNINGS.map((text) => (before < 1 ? -1 : body.lastIndexOf(text, before - 1))));
    if (at < 0) return undefined;
    const { content } = object(parseJson(body.toString('utf8', at, endOf(body, at)))?.value);
    const words = wordsOf(content);
    if (words !== '') return words;
    before = at;
  }
  return undefined;
}

const [QUOTE, BACKSLASH, OPEN, CLOSE] = [0x22, 0x5c, 0x7b, 0x7d];

/** Just behind the object that begins at `from`. */
function endOf(body: Buffer, from: number): number {
  let depth = 0;
  for (let i = from; i < body.length; i++) {
    const byte = body[i];
    if (byte === QUOTE) {
      // To the end of the string, which a quote behind a backslash is not.
      for (i = body.indexOf(QUOTE, i + 1); i > 0 && escaped(body, i); i = body.indexOf(QUOTE, i + 1));
      if (i < 0) return body.length;
    } else if (byte === OPEN) depth++;
    else if (byte === CLOSE && --depth === 0) return i + 1;
  }
  return body.length;
}

function escaped(body: Buffer, at: number): boolean {
  let backslashes = 0;
  while (body[at - 1 - backslashes] === BACKSLASH) backslashes++;
  return backslashes % 2 === 1;
}
