import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { blocksOf, foldAt, isInline, jsonTokens, prettyJson, toolNames } from './conversation.ts';

test('prose and fenced code come apart', () => {
  expect(blocksOf('Look:\n\n```ts\nconst a = 1;\n```\n\nDone.')).toEqual([
    { kind: 'prose', text: 'Look:' },
    { kind: 'code', text: 'const a = 1;', language: 'ts' },
    { kind: 'prose', text: 'Done.' },
  ]);
  expect(blocksOf('plain')).toEqual([{ kind: 'prose', text: 'plain' }]);
  expect(blocksOf('')).toEqual([{ kind: 'prose', text: '' }]);
});

test('a cut answer keeps what came after an open fence', () => {
  expect(blocksOf('```json\n{"a": 1,\n"b"')).toEqual([
    { kind: 'code', text: '{"a": 1,\n"b"', language: 'json' },
  ]);
});

test('whatever the text, no word of it is lost', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('```\n', '```js\n', 'word', ' ', '\n', '~~~\n', '`', 'é')),
      (pieces) => {
        const text = pieces.join('');
        const words = (of: string): number => of.split('word').length;
        expect(
          words(
            blocksOf(text)
              .map((block) => block.text)
              .join('\n'),
          ),
        ).toBe(words(text));
      },
    ),
    { seed: 7 },
  );
});

test('JSON is indented, anything else is left alone', () => {
  expect(prettyJson('{"a":[1]}')).toBe('{ "a": [ 1 ] }');
  expect(prettyJson(`{"a":"${'x'.repeat(80)}"}`)).toBe(`{\n  "a": "${'x'.repeat(80)}"\n}`);
  expect(prettyJson('{"a":')).toBe('{"a":');
  expect(prettyJson('12')).toBe('12');
});

test('tokens joined are the text, for JSON and for anything else', () => {
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
      expect(
        jsonTokens(text)
          .map((token) => token.text)
          .join(''),
      ).toBe(text);
    }),
    { seed: 7 },
  );
  expect(
    jsonTokens('{"a": "b\\"c", "n": -1.5e3, "t": true}').filter((token) => token.kind !== 'plain'),
  ).toEqual([
    { kind: 'key', text: '"a"' },
    { kind: 'string', text: '"b\\"c"' },
    { kind: 'key', text: '"n"' },
    { kind: 'number', text: '-1.5e3' },
    { kind: 'key', text: '"t"' },
    { kind: 'word', text: 'true' },
  ]);
});

test('long text folds at a line, short text not at all', () => {
  expect(foldAt('x'.repeat(1_900), 1_600)).toBeUndefined();
  expect(foldAt(`${'x'.repeat(1_000)}\n${'y'.repeat(5_000)}`, 1_600)).toBe(1_000);
  expect(foldAt('x'.repeat(9_000), 1_600)).toBe(1_600);
});

test('results find the name of their tool, and only pictures inside the body are shown', () => {
  const names = toolNames([
    { role: 'assistant', parts: [{ kind: 'tool_call', id: 'c1', tool: 'weather', args: '{}' }] },
    { role: 'tool', parts: [{ kind: 'tool_result', id: 'c1', text: 'sun' }] },
  ]);
  expect(names.get('c1')).toBe('weather');
  expect([
    isInline('data:image/png;base64,AA'),
    isInline('https://x/y.png'),
    isInline('data:image/svg+xml;base64,AA'),
  ]).toEqual([true, false, false]);
});
