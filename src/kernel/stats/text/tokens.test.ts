import { expect, test } from 'bun:test';
import { shingles, words } from './tokens.ts';

test('words: case, composition and scripts without spaces', () => {
  expect(words('Hello, WORLD-42!')).toEqual(['hello', 'world', '42']);
  expect(words('e\u0301te')).toEqual(words('éte'));
  expect(words('东京 tower')).toEqual(['东', '京', 'tower']);
  expect(shingles('a b c d', 3)).toEqual(['a b c', 'b c d']);
  expect(shingles('a', 3)).toEqual(['a']);
});
