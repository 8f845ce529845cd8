import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { openaiChat } from '../openai-chat/index.ts';
import { openaiResponses } from '../openai-responses/index.ts';

const limited = (text: string, word?: 'max_completion_tokens', protocol = openaiChat) => {
  const body = protocol.limit?.(new TextEncoder().encode(text), 77, word);
  return body && new TextDecoder().decode(body);
};

test('in the word that the provider has for it, and no other byte is changed', () => {
  expect(limited(' {"model" : "m"}')).toBe(' {"max_tokens":77,"model" : "m"}');
  expect(limited('{"model":"m"}', 'max_completion_tokens')).toBe('{"max_completion_tokens":77,"model":"m"}');
  expect(limited('{"model":"m"}', undefined, openaiResponses)).toBe('{"max_output_tokens":77,"model":"m"}');
});

test('who has named one, in whatever word or letters, keeps it', () => {
  expect(limited('{"max_tokens":null}')).toBeUndefined();
  expect(limited('{"max_tokens":5}', 'max_completion_tokens')).toBeUndefined();
  expect(limited('{"max\\u005ftokens":5}')).toBeUndefined();
  expect(limited('{"max_output_tokens":5}', undefined, openaiResponses)).toBeUndefined();
});

test('any ask means the same but for the limit', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }), (ask) => {
      const text = limited(JSON.stringify(ask));
      if (text === undefined) return;
      const { max_tokens, ...rest } = JSON.parse(text);
      expect([max_tokens, rest]).toEqual([77, JSON.parse(JSON.stringify(ask))]);
    }),
    { seed: 1, numRuns: 300 },
  );
});
