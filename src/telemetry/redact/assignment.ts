import {
  APOSTROPHE,
  B64,
  BACKSLASH,
  CLASS,
  DASH,
  is,
  lower,
  QUOTE,
  SPACE,
  textAt,
  URL64,
  wordAt,
} from './bytes.ts';
import { prefixLength } from './prefixes.ts';
import type { Span } from './span.ts';
import { entropy, looksDrawn, strengthOf } from './strength.ts';

/**
 * `api_key=…`, `"password": "…"`, `Authorization: …`: a telling name, `:` or `=`, and a value that no person would write as
 * a word. Names decide what a value must look like: a password is short, a key is long.
 */
type Sort = 'password' | 'key' | 'credentials';

/** Endings of names, without `_`, `-`, `.` and case. */
const NAMES: readonly (readonly [ending: string, sort: Sort])[] = [
  ['password', 'password'],
  ['passwd', 'password'],
  ['pwd', 'password'],
  ['passphrase', 'password'],
  ['dbpass', 'password'],
  ['secret', 'password'],
  ['apikey', 'key'],
  ['accesskey', 'key'],
  ['secretkey', 'key'],
  ['privatekey', 'key'],
  ['accountkey', 'key'],
  ['sharedkey', 'key'],
  ['authkey', 'key'],
  ['signingkey', 'key'],
  ['encryptionkey', 'key'],
  ['masterkey', 'key'],
  ['servicekey', 'key'],
  ['subscriptionkey', 'key'],
  ['applicationkey', 'key'],
  ['ingestionkey', 'key'],
  ['amzsignature', 'key'],
  ['?sig', 'key'],
  ['&sig', 'key'],
  ['token', 'key'],
  ['credential', 'key'],
  ['credentials', 'key'],
  ['authorization', 'credentials'],
];

/** Positions in a list and words of a vocabulary are called tokens too. */
const POSITIONS = 'page next prev previous continuation sync stop start pad eos bos max min last first'
  .split(' ')
  .map((word) => `${word}token`);

/** What may stand between a name and its colon. */
const BETWEEN = new Uint8Array(256);
for (const c of ' "\'\\]`') BETWEEN[c.charCodeAt(0)] = 1;

/** Last three letters of the names, five bits each: most colons are refused by one look into this. */
const LAST_THREE = new Uint8Array(32_768);
const BY_LAST_THREE = new Map<number, (typeof NAMES)[number][]>();
const lastThree = (a: number, b: number, c: number): number => ((a & 31) << 10) | ((b & 31) << 5) | (c & 31);
for (const entry of NAMES) {
  const [a = 0, b = 0, c = 0] = Buffer.from(entry[0].slice(-3));
  const code = lastThree(a, b, c);
  LAST_THREE[code] = 1;
  BY_LAST_THREE.set(code, [...(BY_LAST_THREE.get(code) ?? []), entry]);
}

const isTelling = (code: number): boolean => LAST_THREE[code] === 1;

/** False for most of the `"name":` that JSON is full of: what follows is no string, or the name does not tell. */
export const mayAssign = (b: Uint8Array, at: number): boolean =>
  b[at - 1] !== QUOTE ||
  b[at - 2] === BACKSLASH ||
  (MAY_BEGIN[b[at + 1]!] === 1 && isTelling(lastThree(b[at - 4]!, b[at - 3]!, b[at - 2]!)));

/** What a string, or the space before it, begins with. */
const MAY_BEGIN = new Uint8Array(256);
for (const c of '"\'`\\ \t\n\r') MAY_BEGIN[c.charCodeAt(0)] = 1;

/** The value assigned at `at`, a `:` or `=`, if it is a secret. */
export function assigned(b: Uint8Array, at: number): Span | undefined {
  const name = nameEnd(b, at);
  if (name < 3) return undefined;
  const code = lastThree(b[name - 3]!, b[name - 2]!, b[name - 1]!);
  const sort = isTelling(code) ? sortOf(b, name, BY_LAST_THREE.get(code) ?? []) : undefined;
  if (!sort) return undefined;
  const whole = valueAfter(b, at + 1);
  if (!whole) return undefined;
  const value = sort === 'credentials' ? afterScheme(b, whole) : whole;
  const { start, end } = value;
  return isSecret(b, value, sort) ? { start: start + prefixLength(b, start), end } : undefined;
}

/** Steps back over spaces, brackets, quotes and their escapes. */
function nameEnd(b: Uint8Array, at: number): number {
  let i = at;
  while (at - i <= 16) {
    const byte = b[i - 1] ?? 0;
    if (BETWEEN[byte] === 1) i--;
    // How some serialisers escape a quote.
    else if ((byte === 0x32 || byte === 0x37) && textAt(b, i - 5, 'u002') && b[i - 6] === BACKSLASH) i -= 6;
    else break;
  }
  return i;
}

function sortOf(b: Uint8Array, end: number, candidates: readonly (typeof NAMES)[number][]): Sort | undefined {
  const found = candidates.find(([ending]) => endsWith(b, end, ending));
  if (!found) return undefined;
  return found[0] === 'token' && POSITIONS.some((word) => endsWith(b, end, word)) ? undefined : found[1];
}

/** Does a name that ends at `end` end with `ending`, whatever its case and separators? */
function endsWith(b: Uint8Array, end: number, ending: string): boolean {
  let at = end - 1;
  for (let i = ending.length - 1; i >= 0; i--, at--) {
    while (i < ending.length - 1 && (is(b, at, DASH) || b[at] === 0x2e)) at--;
    if (lower(b[at] ?? 0) !== ending.charCodeAt(i)) return false;
  }
  return true;
}

interface Value {
  readonly start: number;
  readonly end: number;
  readonly quoted: boolean;
  /** `Basic`, `Bearer` or the like stood before it. */
  readonly scheme?: boolean;
}

const LONGEST = 4_096;

function valueAfter(b: Uint8Array, at: number): Value | undefined {
  let i = at;
  while (b[i] === 0x3d || b[i] === 0x3e || b[i] === SPACE || (b[i]! >= 0x09 && b[i]! <= 0x0d)) i++;
  let slashes = 0;
  while (b[i + slashes] === BACKSLASH) slashes++;
  const quote = b[i + slashes];
  if (quote === QUOTE) return quotedValue(b, i + slashes + 1, slashes);
  if (slashes > 0 && (textAt(b, i + slashes, 'u0022') || textAt(b, i + slashes, 'u0027')))
    return until(b, i + slashes + 5, (j) => b[j] === BACKSLASH || b[j] === QUOTE);
  if (slashes > 0) return undefined;
  if (quote === APOSTROPHE || quote === 0x60)
    return until(b, i + 1, (j) => b[j] === quote || b[j] === QUOTE || b[j] === BACKSLASH);
  const end = unquotedEnd(b, i);
  // A call or an index, not a value.
  return end === i || b[end] === 0x28 || b[end] === 0x5b ? undefined : { start: i, end, quoted: false };
}

/**
 * A string opened by a quote behind `slashes` backslashes (0 in plain JSON, 1 in JSON inside JSON, then 3, 7, …) ends at the
 * next quote behind as many, not counting those that come in multiples of the escape of a backslash itself.
 */
function quotedValue(b: Uint8Array, start: number, slashes: number): Value | undefined {
  const cycle = 2 * (slashes + 1);
  let run = 0;
  for (let i = start; i < b.length && i - start < LONGEST; i++) {
    if (b[i] === BACKSLASH) run++;
    else {
      if (b[i] === QUOTE && (run < slashes || run % cycle === slashes))
        return { start, end: i - Math.min(run, slashes), quoted: true };
      run = 0;
    }
  }
  return undefined;
}

function until(b: Uint8Array, start: number, stop: (at: number) => boolean): Value | undefined {
  for (let i = start; i < b.length && i - start < LONGEST; i++)
    if (stop(i)) return { start, end: i, quoted: true };
  return undefined;
}

const IN_VALUE = '!@#$%^*?';

/** `:` and inner `=` end a value, so that a run of assignments is read once, not once from each of them. */
function unquotedEnd(b: Uint8Array, start: number): number {
  let i = start;
  while (
    i < b.length &&
    i - start < 512 &&
    (is(b, i, URL64 | B64) || IN_VALUE.includes(String.fromCharCode(b[i] ?? 0)))
  )
    i++;
  while (i > start && b[i] === 0x3d) i++;
  while (i > start && (b[i - 1] === 0x2e || b[i - 1] === 0x3f || b[i - 1] === 0x21)) i--;
  return i;
}

const SCHEMES = ['bearer', 'basic', 'token', 'apikey', 'digest', 'negotiate', 'bot', 'splunk', 'ssws'];

/** `Basic dXNl…`: the word stays, what follows it is the value. */
function afterScheme(b: Uint8Array, value: Value): Value {
  const scheme = SCHEMES.find(
    (word) => wordAt(b, value.start, word) && b[value.start + word.length] === SPACE,
  );
  if (!scheme) return value;
  const start = value.start + scheme.length + 1;
  return {
    ...value,
    scheme: true,
    start,
    end: value.quoted ? Math.max(start, value.end) : unquotedEnd(b, start),
  };
}

function isSecret(b: Uint8Array, { start, end, quoted, scheme }: Value, sort: Sort): boolean {
  if (isPlaceholder(b, start, end)) return false;
  const least = scheme ? 12 : sort !== 'password' ? 16 : quoted ? 6 : 8;
  if (end - start < least) return false;
  const s = strengthOf(b, start, end);
  const bits = entropy(b, start, end);
  if (scheme) return bits >= 3;
  // Without quotes a name of code may stand here as well.
  if (!quoted && s.digits === 0 && (s.symbols > 0 || s.restless < 0.35)) return false;
  if (!quoted && s.restless < (sort === 'password' ? 0.15 : 0.25)) return false;
  if (sort !== 'password') return bits >= 3 && looksDrawn(s);
  // PWD is more often the working directory.
  if (b[start] === 0x2f) return false;
  if (s.digits === 0 && s.symbols === 0) return s.length >= 16 && bits >= 3.5 && looksDrawn(s);
  const kinds = Number(s.digits > 0) + Number(s.upper > 0) + Number(s.lower > 0) + Number(s.symbols > 0);
  return kinds >= 2 && bits >= (quoted ? 2 : 2.5);
}

/** Variables, templates, masks and prose stand where a secret would. */
function isPlaceholder(b: Uint8Array, start: number, end: number): boolean {
  const first = b[start];
  if (first === 0x24 || first === 0x7b || first === 0x3c || first === 0x25) return true;
  let stars = 0;
  for (let i = start; i < end; i++) {
    const byte = b[i];
    if (byte === SPACE || byte === 0x28 || byte === 0x7b || byte === 0x3c || byte === 0x5b) return true;
    if (byte === 0x2a || byte === 0x78 || byte === 0x2e || (CLASS[byte ?? 0] === 0 && (byte ?? 0) > 127))
      stars++;
  }
  return stars > (end - start) / 2;
}
