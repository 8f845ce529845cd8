/** Classes of ASCII bytes as bits; everything above 127 has none. The redactor works on bytes so that positions, JSON escapes and UTF-8 never shift. */
export const LOWER = 1;
export const UPPER = 2;
export const DIGIT = 4;
export const DASH = 8;
/** `+ / . ~`, the rest of what base64 and bearer tokens are made of; `=` only ends them. */
export const B64 = 16;
export const ALNUM = LOWER | UPPER | DIGIT;
/** base64url. */
export const URL64 = ALNUM | DASH;

export const CLASS = new Uint8Array(256);
const mark = (chars: string, bit: number) => {
  for (const c of chars) CLASS[c.charCodeAt(0)] = bit;
};
mark('abcdefghijklmnopqrstuvwxyz', LOWER);
mark('ABCDEFGHIJKLMNOPQRSTUVWXYZ', UPPER);
mark('0123456789', DIGIT);
mark('-_', DASH);
mark('+/.~', B64);

export const QUOTE = 0x22;
export const APOSTROPHE = 0x27;
export const BACKSLASH = 0x5c;
export const SPACE = 0x20;

export const is = (b: Uint8Array, at: number, bits: number): boolean =>
  ((CLASS[b[at] ?? 0] ?? 0) & bits) !== 0;

export const lower = (byte: number): number => (((CLASS[byte] ?? 0) & UPPER) !== 0 ? byte | 0x20 : byte);

/** Does `word` (lower case) stand at `at`, whatever the case? */
export function wordAt(b: Uint8Array, at: number, word: string): boolean {
  for (let i = 0; i < word.length; i++) if (lower(b[at + i] ?? 0) !== word.charCodeAt(i)) return false;
  return true;
}

export function textAt(b: Uint8Array, at: number, text: string): boolean {
  if (at < 0) return false;
  for (let i = 0; i < text.length; i++) if (b[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

export function runEnd(b: Uint8Array, from: number, bits: number, most = Number.POSITIVE_INFINITY): number {
  const stop = Math.min(b.length, from + most);
  let i = from;
  while (i < stop && is(b, i, bits)) i++;
  return i;
}

/** Position after a line break at `at`, be it raw or escaped any number of times, with the indentation that follows; `at` when there is none. */
export function afterBreak(b: Uint8Array, at: number): number {
  let i = at;
  for (;;) {
    let j = i;
    while (b[j] === BACKSLASH) j++;
    const byte = b[j];
    if (j > i && (byte === 0x6e || byte === 0x72)) i = j + 1;
    else if (j === i && (byte === 0x0a || byte === 0x0d)) i = j + 1;
    else if (j === i && i > at && (byte === SPACE || byte === 0x09)) i = j + 1;
    else return i;
  }
}

/** True when the byte before `at` belongs to the same word. The letter of an escape such as `\n` or the digits of `\u00e9` do not. */
export function insideWord(b: Uint8Array, at: number): boolean {
  if (!is(b, at - 1, ALNUM)) return false;
  if (b[at - 2] === BACKSLASH) return false;
  return !(b[at - 5] === 0x75 && b[at - 6] === BACKSLASH);
}
