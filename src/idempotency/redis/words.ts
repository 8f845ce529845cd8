import type { Head } from '../broadcast.ts';
import type { Word } from '../shared.ts';

/** A word as Redis keeps it. A chunk may end within a character, so bytes go as Latin-1, in which every byte is one. */
export const write = (word: Word): string => {
  if (word === 'end') return 'e';
  if (word === 'break') return 'x';
  return word instanceof Uint8Array
    ? `b${Buffer.from(word.buffer, word.byteOffset, word.byteLength).toString('latin1')}`
    : `h${JSON.stringify(word)}`;
};

/** @throws for what no replica of this version has written */
export function read(text: string): Word {
  const rest = text.slice(1);
  switch (text[0]) {
    case 'b':
      return new Uint8Array(Buffer.from(rest, 'latin1'));
    case 'h':
      return JSON.parse(rest) as Head;
    case 'e':
      return 'end';
    case 'x':
      return 'break';
    default:
      throw new Error('a word of another version');
  }
}
