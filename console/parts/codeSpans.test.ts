import { expect, test } from 'bun:test';
import { codeSpans } from './codeSpans.ts';

test('commands between backticks come apart, a lone backtick stays', () => {
  expect(codeSpans('Run `midwatch doctor`, then ` wait.')).toEqual([
    { text: 'Run ', code: false, at: 0 },
    { text: 'midwatch doctor', code: true, at: 4 },
    { text: ', then ` wait.', code: false, at: 21 },
  ]);
  expect(codeSpans('')).toEqual([]);
});
