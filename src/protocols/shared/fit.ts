/**
 * Did all of an answer arrive of which some events could not be read? Three kinds of evidence, the surest first: what is left
 * of the event itself shows that a piece of the answer was in it; of a stream that brings one token an event, as many tokens
 * were billed as events came and were lost; more tokens were billed than the text can be made of.
 */

/** What an event that cannot be read must have been. `piece`: of the answer. `event`: one of the stream. `noise`: nothing of it. */
export type Unread = 'piece' | 'event' | 'noise';

/** Names of events that bring a piece of the answer, in the dialects that name events. */
const PIECES = /content_block_(?:start|delta)|\.delta$/;
const TYPED = /"type"\s*:\s*"(?:content_block_(?:start|delta)|response\.[\w.]+\.delta)"/;
/** The beginning of a text within a delta: `"delta":{"content":"Hel`, `"delta":"Hel`. */
const TEXT =
  /"delta"\s*:\s*(?:"[^"]|\{[^}]*?"(?:content|text|thinking|partial_json|arguments|reasoning|reasoning_content|refusal)"\s*:\s*"[^"])/;
/** Of two events of one stream, characters that are the same: its id, at least. One that was cut sooner is all of it the same. */
const ALIKE = 40;

/** @param known an event of the same stream that brought output. */
export function judgeUnread(name: string, data: string, known: string | undefined): Unread {
  if (PIECES.test(name) || TYPED.test(data) || TEXT.test(data)) return 'piece';
  const head = data.slice(0, ALIKE);
  if (known?.startsWith(head) && head !== '') return 'piece';
  return data.trimStart().startsWith('{') ? 'event' : 'noise';
}

const NAMES = [
  'content_block_start',
  'content_block_delta',
  'response.output_text.delta',
  'response.refusal.delta',
  'response.reasoning_text.delta',
  'response.reasoning_summary_text.delta',
  'response.function_call_arguments.delta',
  'response.custom_tool_call_input.delta',
];
const FIELDS = ['data: ', 'event: '];

/** Is what came without data the beginning or the rest of an event with a piece of the answer? `line`: its first that is no field. */
export const isTorn = (name: string, line: string, known: string | undefined): boolean =>
  (name !== '' && NAMES.some((one) => one.startsWith(name) || name.startsWith(one))) ||
  (line !== '' &&
    (FIELDS.some((field) => field.startsWith(line)) || judgeUnread('', afterColon(line), known) === 'piece'));

/** What stood before it was the name of a field. */
const afterColon = (line: string): string => line.replace(/^[^{]{0,16}(?=\{)/, '');

/** Fewer say nothing of how a provider cuts its answers. */
const EVENTS = 8;

/**
 * Is one token an event the rule of this stream, and are as many billed as came and were lost? The mark of the end may be one
 * more. Characters beyond ASCII may take several tokens and wait for the last of them.
 */
export const oneEach = (tokens: number, pieces: number, lost: number, text: string): boolean =>
  lost > 0 &&
  pieces >= EVENTS &&
  tokens - pieces >= lost &&
  tokens - pieces <= lost + 1 &&
  Buffer.byteLength(text) === text.length;

/** Tokens that a text can be made of at most, see `mostTokens`. By what they are counted for. */
interface Weights {
  readonly word: number;
  readonly letter: number;
  /** A change of case or between letters and digits within a word: names in code, identifiers. */
  readonly hump: number;
  readonly digit: number;
  readonly sign: number;
  readonly space: number;
  readonly margin: number;
}
const ENGLISH: Weights = {
  word: 0.474,
  letter: 0.133,
  hump: 0.676,
  digit: 0.626,
  sign: 0.684,
  space: 0.273,
  margin: 1.4,
};
const OTHER: Weights = {
  word: 0.628,
  letter: 0.299,
  hump: 0.5,
  digit: 0.677,
  sign: 0.688,
  space: 0.508,
  margin: 1.25,
};
const ACCENTED = 0.559;
const ALPHABET = 2.028;
const CJK = 1.066;
const REST = 2.971;
const BASE = 4;
/** English prose borrows a word or a name with an accent. */
const FOREIGN = 0.01;

const LOWER = 1;
const UPPER = 2;
const DIGIT = 3;

/**
 * Upper bound of the tokens in `text` over the tokenizers in use. Weights by quantile regression (0.99) of the largest count
 * of four tokenizers (o200k, cl100k, Llama 3, Claude) over 35 kinds of text: prose, tables, code, JSON, numbers, hashes,
 * emoji and 28 languages; the margin is for denser ones to come.
 */
export function mostTokens(text: string): number {
  let [words, letters, humps, digits, signs, spaces] = [0, 0, 0, 0, 0, 0];
  let [accented, alphabets, cjk, rest, before] = [0, 0, 0, 0, 0];
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    let now = 0;
    if ((c | 32) >= 97 && (c | 32) <= 122) {
      now = c < 97 ? UPPER : LOWER;
      letters++;
      if (before === 0 || before === DIGIT) words++;
      if (before === DIGIT || (now === UPPER && before === LOWER)) humps++;
    } else if (c >= 48 && c <= 57) {
      now = DIGIT;
      digits++;
      if (before === LOWER || before === UPPER) humps++;
    } else if (c === 32) spaces++;
    else if (c < 0x80) signs++;
    else if (c >= 0xc0 && c < 0x250) {
      now = LOWER;
      accented++;
      if (before === 0 || before === DIGIT) words++;
    } else if (c < 0x900) alphabets++;
    else if (c >= 0x2e80 && c < 0xd800) cjk++;
    else rest++;
    before = now;
  }
  const w = accented + alphabets > FOREIGN * letters ? OTHER : ENGLISH;
  const sum =
    w.word * words +
    w.letter * letters +
    w.hump * humps +
    w.digit * digits +
    w.sign * signs +
    w.space * spaces;
  return BASE + w.margin * (sum + ACCENTED * accented + ALPHABET * alphabets + CJK * cjk + REST * rest);
}

/** All that an assembled answer says: its texts and what its tools are called with, without ids and seals. */
export function saidIn(value: unknown): string {
  if (typeof value === 'string') return `${value} `;
  if (typeof value !== 'object' || value === null) return '';
  let all = '';
  for (const [key, member] of Object.entries(value)) if (!UNSAID.has(key)) all += saidIn(member);
  return all;
}
const UNSAID = new Set(['id', 'type', 'role', 'status', 'signature', 'encrypted_content', 'data', 'call_id']);

/** Thoughts are billed and not shown, or shown in short. */
export const thinks = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  Object.entries(value).some(
    ([key, member]) =>
      THOUGHTS.test(key) || (key === 'type' && THOUGHTS.test(String(member))) || thinks(member),
  );
const THOUGHTS = /^(?:reasoning|thinking|redacted_thinking)/;
