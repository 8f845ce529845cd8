import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { askUsage, isUsage } from './usage-wish.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const wished = (text: string) => {
  const body = askUsage(bytes(text));
  return body && new TextDecoder().decode(body);
};

test.each([
  ['{"model":"m"}', '{"stream_options":{"include_usage":true},"model":"m"}'],
  [' {\n "model" : "m" }', ' {"stream_options":{"include_usage":true},\n "model" : "m" }'],
  ['{"stream_options":null,"model":"m"}', '{"stream_options":{"include_usage":true},"model":"m"}'],
  [
    '{"stream_options": {"include_usage":false, "x":1} ,"model":"m"}',
    '{"stream_options": {"include_usage":true,"x":1} ,"model":"m"}',
  ],
  [
    '{"messages":[{"stream_options":{"include_usage":true}}]}',
    '{"stream_options":{"include_usage":true},"messages":[{"stream_options":{"include_usage":true}}]}',
  ],
])('%s', (ask, with_) => {
  expect(wished(ask)).toBe(with_);
});

test('who wishes for it already is left alone, in whatever letters', () => {
  expect(wished('{"stream_options":{"include_usage":true}}')).toBeUndefined();
  expect(wished('{"stream\\u005foptions":{"include_usage":true}}')).toBeUndefined();
});

test('any ask means the same but for the wish, and holds it', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }), (ask) => {
      const text = wished(JSON.stringify(ask));
      if (text === undefined) return;
      const { stream_options, ...rest } = JSON.parse(text);
      const { stream_options: _, ...before } = JSON.parse(JSON.stringify(ask));
      expect(rest).toEqual(before);
      expect(stream_options.include_usage).toBe(true);
    }),
    { seed: 1, numRuns: 300 },
  );
});

test.each([
  ['data: {"choices":[],"usage":{"prompt_tokens":1}}\n\n', true],
  ['data: {"choices": [], "usage": {"prompt_tokens": 1}}\r\n\r\n', true],
  ['data: {"choices":[{"delta":{}}],"usage":{"prompt_tokens":1}}\n\n', false],
  ['data: {"choices":[],"usage":null}\n\n', false],
  ['data: {"choices":[],"prompt_filter_results":[]}\n\n', false],
  ['data: {"choices":[{"delta":{"content":"\\"prompt_tokens\\" \\"choices\\":[]"}}]}\n\n', false],
  ['data: [DONE]\n\n', false],
])('%s is the chunk of usage: %p', (event, is) => {
  expect(isUsage(bytes(event))).toBe(is);
});
