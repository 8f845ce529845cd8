import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { openaiChat } from '../openai-chat/index.ts';
import { plain } from './conformance.case.test.ts';
import { encode } from './json.ts';
import { SameButText } from './same-but-text.ts';

test('an event is matched only if it differs in nothing but the text', () => {
  const same = new SameButText();
  const event = (text: string, more = '') => `{"a":"x"${more},"t":${JSON.stringify(text)},"z":null}`;
  expect(same.match('', event('one'))).toBeUndefined();
  same.learn('', event('one'), 'one');
  expect(same.match('', event('two'))).toBe('two');
  expect(same.match('', event(''))).toBe('');
  for (const other of [
    event('a"b'),
    event('a\\b'),
    event('a\nb'),
    '{"a":"x","t":"raw\tcontrol","z":null}',
    event('x', ',"m":1'),
    '{"a":"x","t":"',
  ]) {
    same.learn('', event('one'), 'one');
    expect(same.match('', other)).toBeUndefined();
    // One miss forgets: what came between may have changed what the old shape means.
    expect(same.match('', event('two'))).toBeUndefined();
  }
  same.learn('a', event('one'), 'one');
  expect(same.match('b', event('two'))).toBeUndefined();
});

test('a text that stands twice, or behind an escape, is not learnt', () => {
  const same = new SameButText();
  same.learn('', '{"a":"x","t":"x"}', 'x');
  expect(same.match('', '{"a":"x","t":"y"}')).toBeUndefined();
  same.learn('', '{"\\u0061":1,"t":"x"}', 'x');
  expect(same.match('', '{"\\u0061":1,"t":"y"}')).toBeUndefined();
});

test('a stream of look-alikes reads as if every event were parsed', () => {
  const text = fc.constantFrom('a', 'stop', 'm', 'content', '"', '\\', '', 'é', '\u{1f680}');
  const event = fc.record({
    content: text,
    model: fc.constantFrom('m', 'm2'),
    index: fc.constantFrom(0, 0, 0, 1),
    finish: fc.constantFrom(null, null, null, null, 'stop'),
    key: fc.constantFrom('content', 'content', 'refusal'),
    note: fc.constantFrom('', ' '),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 30 }), (events) => {
      const lines = (pad: (i: number) => string) =>
        events.map(
          ({ content, model, index, finish, key, note }, i) =>
            `data: ${pad(i)}{"model":"${model}","choices":[{"index":${index},"delta":{"${key}":${JSON.stringify(content)}},"finish_reason":${JSON.stringify(finish)}}]${note}}\n\n`,
        );
      const read = (all: readonly string[]) => {
        const scanner = openaiChat.scanStream();
        for (const line of all) scanner.push(encode(line));
        return {
          started: scanner.started,
          finished: scanner.finished,
          failure: scanner.failure,
          reading: plain(scanner.read(true)),
        };
      };
      // White space that differs from event to event is no difference in meaning, but no event then looks like the last.
      expect(read(lines(() => ''))).toEqual(read(lines((i) => ' '.repeat((i % 3) + 1))));
    }),
    { seed: 3, numRuns: 1000 },
  );
});
