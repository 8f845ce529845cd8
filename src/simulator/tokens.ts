/**
 * The simulator's tokenizer: a piece is a token, so a streamed answer and its bill agree exactly. Words are cut at seven
 * letters, numbers at three digits, CJK at two characters, which comes near the real tokenizers' density.
 */
const ASCII = /\s*(?:[A-Za-z]{1,7}|\d{1,3}|[^\sA-Za-z\d]{1,3})|\s+/g;
const ANY =
  /\s*(?:[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Thai}]{1,2}|(?:(?![\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Thai}])[\p{L}\p{M}]){1,7}|\d{1,3}|[^\s\p{L}\p{M}\d]{1,3})|\s+/gu;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the range is the definition of ASCII.
const ONLY_ASCII = /^[\x00-\x7f]*$/;

/** Joined, the pieces are the text; none is empty. */
export const pieces = (text: string): string[] => text.match(ONLY_ASCII.test(text) ? ASCII : ANY) ?? [];

export const outputTokens = (text: string): number => pieces(text).length;

/** Input is counted by size, four bytes a token: prompts may be megabytes long, and no reader sees them cut up. */
export const inputTokens = (text: string): number => Math.ceil(Buffer.byteLength(text) / 4);
