import { decode, list, object, parseJson, text, word } from './json.ts';

/** A larger body is not read a second time: it would cost more than it tells. */
const LONGEST_BODY = 1 << 20;
const LONGEST_WORDS = 8_192;

/**
 * The last words of the user in an ask of any protocol here, the first 8,192 characters of them; empty where there are none. What
 * a tool returned is not said by anybody, so a loop of tool calls goes on in the words that began it.
 */
export function lastWords(body: Uint8Array): string {
  if (body.length > LONGEST_BODY) return '';
  const { messages, input } = object(parseJson(decode(body))?.value);
  if (typeof input === 'string') return input.slice(0, LONGEST_WORDS);
  const said = Array.isArray(messages) ? messages : list(input);
  for (let i = said.length - 1; i >= 0; i--) {
    const { role, content } = object(said[i]);
    if (role !== 'user') continue;
    const words = wordsOf(content);
    if (words !== '') return words.slice(0, LONGEST_WORDS);
  }
  return '';
}

const wordsOf = (content: unknown): string =>
  word(content) ??
  list(content)
    .map((part) => text(object(part).text))
    .filter(Boolean)
    .join('\n');
