import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { openaiChat } from '../openai-chat/index.ts';
import { openaiResponses } from '../openai-responses/index.ts';
import { plain } from './conformance.case.test.ts';
import { encode } from './json.ts';
import { SameButText } from './same-but-text.ts';

const block = (data: string, name = '') =>
  Buffer.from(`${name === '' ? '' : `event: ${name}\n`}data: ${data}\n\n`);

/** What the text of a matching event is. */
function match(same: SameButText, bytes: Buffer): string | undefined {
  const end = same.match(bytes, 0);
  if (end === 0) return undefined;
  expect(end).toBe(bytes.length);
  return bytes.toString('utf8', same.from, same.to);
}

test('an event is matched only if it differs in nothing but the text', () => {
  const same = new SameButText();
  const event = (text: string, more = '') => block(`{"a":"x"${more},"t":${JSON.stringify(text)},"z":null}`);
  expect(match(same, event('one'))).toBeUndefined();
  same.learn(event('one'), 'one');
  for (const text of ['two', '', 'é', '\u{1f680}', '\ufeff']) expect(match(same, event(text))).toBe(text);
  for (const other of [
    event('a"b'),
    event('a\\b'),
    event('a\nb'),
    block('{"a":"x","t":"raw\tcontrol","z":null}'),
    event('x', ',"m":1'),
    block('{"a":"x","t":"'),
    event('two').subarray(0, -1),
    Buffer.from(event('?').toString('latin1').replace('?', '\xc3'), 'latin1'),
    block('{"a":"x","t":"two","z":null}', 'named'),
  ]) {
    same.learn(event('one'), 'one');
    expect(match(same, other)).toBeUndefined();
    // One miss forgets: what came between may have changed what the old shape means.
    expect(match(same, event('two'))).toBeUndefined();
  }
});

test('a text that stands twice, or behind an escape, is not learnt', () => {
  const same = new SameButText();
  same.learn(block('{"a":"x","t":"x"}'), 'x');
  expect(match(same, block('{"a":"x","t":"y"}'))).toBeUndefined();
  same.learn(block('{"\\u0061":1,"t":"x"}'), 'x');
  expect(match(same, block('{"\\u0061":1,"t":"y"}'))).toBeUndefined();
});

test('noise that nobody reads may differ too, wherever it stands', () => {
  for (const event of [
    (text: string, noise: string, count: string) =>
      block(`{"t":"${text}","obfuscation":"${noise}","sequence_number":${count},"z":1}`),
    (text: string, noise: string, count: string) =>
      block(`{"sequence_number":${count},"obfuscation":"${noise}","t":"${text}"}`, 'named'),
  ]) {
    const same = new SameButText();
    same.learn(event('one', 'aB', '9'), 'one');
    for (const [noise, count] of [
      ['', '0'],
      ['x'.repeat(40), '10'],
      ['aB', '9'],
    ] as const)
      expect(match(same, event('two', noise, count))).toBe('two');
    for (const [noise, count] of [
      ['a\\u0041', '1'],
      ['é', '1'],
      ['a', '01'],
      ['a', ''],
      ['a', '1.5'],
      ['a', '-1'],
      ['a', 'null'],
      ['a","t":"twice', '1'],
    ] as const) {
      same.learn(event('one', 'aB', '9'), 'one');
      expect(match(same, event('two', noise, count))).toBeUndefined();
    }
    // Noise that is the text is not told from it.
    same.learn(event('one', 'one', '9'), 'one');
    expect(match(same, event('two', 'one', '9'))).toBeUndefined();
  }
});

const TEXTS = fc.constantFrom('a', 'stop', 'm', 'content', '"', '\\', '', 'é', '\u{1f680}');

const LOOK_ALIKES = [
  [
    openaiChat,
    fc
      .record({
        content: TEXTS,
        model: fc.constantFrom('m', 'm2'),
        index: fc.constantFrom(0, 0, 0, 1),
        finish: fc.constantFrom(null, null, null, null, 'stop'),
        key: fc.constantFrom('content', 'content', 'refusal'),
        note: fc.constantFrom('', ' ', ',"obfuscation":"x"', ',"obfuscation":"Yz0"', ',"obfuscation":"a"'),
        count: fc.constantFrom('', '', '"sequence_number":7,', '"sequence_number":12,'),
      })
      .map(
        ({ content, model, index, finish, key, note, count }) =>
          `{${count}"model":"${model}","choices":[{"index":${index},"delta":{"${key}":${JSON.stringify(content)}},"finish_reason":${JSON.stringify(finish)}}]${note}}`,
      ),
  ],
  [
    openaiResponses,
    fc
      .record({
        delta: TEXTS,
        type: fc.constantFrom(
          ...['output_text.delta', 'output_text.delta', 'output_text.delta', 'refusal.delta'],
          ...['function_call_arguments.delta', 'output_item.done'],
        ),
        output: fc.constantFrom(0, 0, 0, 1),
        content: fc.constantFrom(0, 0, 0, 1),
        count: fc.nat({ max: 12 }),
        noise: fc.constantFrom('', 'a', 'Yz0'),
      })
      .map(
        ({ delta, type, output, content, count, noise }) =>
          `{"type":"response.${type}","sequence_number":${count},"output_index":${output},"content_index":${content},"item":{"type":"message","content":[]},"delta":${JSON.stringify(delta)},"obfuscation":"${noise}"}`,
      ),
  ],
] as const;

for (const [protocol, event] of LOOK_ALIKES)
  test(`${protocol.name}: a stream of look-alikes reads as if every event were parsed`, () => {
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 30 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        (events, cuts) => {
          const lines = (pad: (i: number) => string) => events.map((data, i) => `data: ${pad(i)}${data}\n\n`);
          const read = (all: readonly Uint8Array[]) => {
            const scanner = protocol.scanStream();
            for (const part of all) scanner.push(part);
            return {
              events: scanner.events,
              outputs: scanner.outputs,
              started: scanner.started,
              finished: scanner.finished,
              failure: scanner.failure,
              reading: plain(scanner.read(true)),
            };
          };
          // White space that differs from event to event is no difference in meaning, but no event then looks like the last.
          const expected = read(lines((i) => ' '.repeat((i % 3) + 1)).map(encode));
          expect(read(lines(() => '').map(encode))).toEqual(expected);
          // However the chunks are cut: several events in one, one in several.
          const whole = encode(lines(() => '').join(''));
          const at = [...new Set(cuts.map((cut) => cut % (whole.length + 1)))].sort((a, b) => a - b);
          expect(read([0, ...at].map((from, i) => whole.slice(from, at[i] ?? whole.length)))).toEqual(
            expected,
          );
        },
      ),
      { seed: 3, numRuns: 1000 },
    );
  });
