import type { Fields } from '#contracts';

/**
 * An empty set of fields. It has no `Object.prototype`, so a header called `__proto__` or `constructor` is a field like any
 * other. A class rather than `Object.create(null)`: the engine gives its objects shared shapes, not dictionaries.
 */
export class FieldBag {
  [name: string]: string;
}
Object.setPrototypeOf(FieldBag.prototype, null);
Reflect.deleteProperty(FieldBag.prototype, 'constructor');

/** A field name or a method (RFC 9110 §5.6.2). */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
export const isToken = (text: string): boolean => TOKEN.test(text);

/**
 * What no head may hold beside its line breaks: it would end a line, or be read differently by whoever comes next. Looked
 * for once in the whole text, which costs a third of looking into each value.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)/;

/** The same few dozen names come with every message; beyond these somebody is making them up. */
const NAMES_KEPT = 1_000;
const LONGEST_KEPT = 64;
const names = new Map<string, string>();

/** A copy of its own: a slice would keep the whole head in memory. */
const detached = (text: string): string => Buffer.from(text, 'latin1').toString('latin1');

function fieldName(sent: string): string | undefined {
  const known = names.get(sent);
  if (known !== undefined) return known;
  if (!isToken(sent)) return undefined;
  const name = sent.toLowerCase();
  if (sent.length > LONGEST_KEPT) return name;
  if (names.size >= NAMES_KEPT) names.clear();
  const kept = detached(name);
  names.set(detached(sent), kept);
  return kept;
}

/** So many fields cost a reader real time and mean nothing. */
export const MAX_FIELDS = 500;

const CR = 13;
const isBlank = (c: number): boolean => c === 32 || c === 9;

/**
 * Reads the lines of `text` from `at` on, without the empty line that ends them. A string says what is wrong: no folded
 * lines, no space before a colon, no control characters, since two readers that repair these differently can be played
 * off against each other (RFC 9112 §5, §11.2).
 */
export function readFields(text: string, at: number): Fields | string {
  if (CONTROL.test(text)) return 'The head holds a control character.';
  const fields = new FieldBag();
  const { length } = text;
  let count = 0;
  while (at < length) {
    let end = text.indexOf('\n', at) - 1;
    if (end < 0) end = length;
    else if (text.charCodeAt(end) !== CR) return 'A line does not end in CRLF.';
    const colon = text.indexOf(':', at);
    if (colon < 0 || colon > end) return 'A header line has no colon.';
    const name = fieldName(text.slice(at, colon));
    if (name === undefined) return 'A header name cannot be read.';
    // A long list of repeats is as expensive as a long list of names.
    if (++count > MAX_FIELDS) return TOO_MANY;
    let from = colon + 1;
    let to = end;
    while (from < to && isBlank(text.charCodeAt(from))) from++;
    while (from < to && isBlank(text.charCodeAt(to - 1))) to--;
    const value = text.slice(from, to);
    const before = fields[name];
    fields[name] = before === undefined ? value : `${before}${name === 'set-cookie' ? '\n' : ', '}${value}`;
    at = end + 2;
  }
  return fields;
}
export const TOO_MANY = 'There are too many headers.';

/** The connection's own affairs: what a caller or a provider says about these is not for the other side. */
const FRAMING = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'content-length',
  'trailer',
  'te',
  'upgrade',
  'expect',
]);

const labels = new Map<string, string>();

/** `name: `, or nothing for a name that cannot be written or that framing decides. */
function label(name: string): string {
  const known = labels.get(name);
  if (known !== undefined) return known;
  const text = !isToken(name) || FRAMING.has(name.toLowerCase()) ? '' : `${name}: `;
  if (labels.size >= NAMES_KEPT) labels.clear();
  labels.set(name, text);
  return text;
}

const UNWRITABLE = /[^\t\x20-\x7e\x80-\xff]/;

/** A value as it may stand on a line: control characters become spaces, what is beyond Latin-1 its UTF-8 bytes. */
export function fieldValue(value: string): string {
  if (!UNWRITABLE.test(value)) return value;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  const plain = value.replace(/[\0-\x08\x0a-\x1f\x7f]/g, ' ');
  return UNWRITABLE.test(plain) ? Buffer.from(plain).toString('latin1') : plain;
}

/** The lines of `fields` but for those that the framing of the message decides, to be written as Latin-1. */
export function fieldLines(fields: Fields, except?: string): string {
  let text = '';
  for (const name in fields) {
    if (name === except) continue;
    const start = label(name);
    if (start === '') continue;
    const value = fields[name] as string;
    if (name === 'set-cookie' && value.includes('\n'))
      for (const one of value.split('\n')) text += `${start}${fieldValue(one)}\r\n`;
    else text += `${start}${fieldValue(value)}\r\n`;
  }
  return text;
}

/** True when a list such as `connection` names `token`. */
export function lists(field: string | undefined, token: string): boolean {
  if (field === undefined) return false;
  if (field === token) return true;
  return field
    .toLowerCase()
    .split(',')
    .some((item) => item.trim() === token);
}

/** A length that nobody can misread: digits only, so two of them joined by a comma are none (RFC 9112 §6.3). */
const DIGITS = /^[0-9]{1,15}$/;
export const readLength = (value: string): number | undefined =>
  DIGITS.test(value) ? Number(value) : undefined;
