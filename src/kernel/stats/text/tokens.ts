/** Words of a text: runs of letters, digits and marks, lower-cased, NFKC; every character of scripts written without spaces is a word. */
export function words(text: string): string[] {
  const plain = text.normalize('NFKC').toLowerCase();
  return (
    plain.match(
      /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]|[\p{L}\p{N}\p{M}]+/gu,
    ) ?? []
  );
}

/** Word n-grams joined by a space; a text shorter than n gives its words as one gram. */
export function shingles(text: string, n: number): string[] {
  const list = words(text);
  if (list.length === 0) return [];
  if (list.length < n) return [list.join(' ')];
  return Array.from({ length: list.length - n + 1 }, (_, i) => list.slice(i, i + n).join(' '));
}

/** 32-bit FNV-1a over UTF-16 units with a final avalanche; `salt` gives independent functions. */
export function hash32(text: string, salt = 0): number {
  let h = (0x811c9dc5 ^ Math.imul(salt, 0x9e3779b1)) | 0;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
