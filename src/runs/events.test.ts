import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { eventReader, writeEvent } from './events.ts';

const read = (chunks: readonly Uint8Array[]) => {
  const seen: [string, string][] = [];
  const reader = eventReader((name, data) => seen.push([name, data]));
  for (const chunk of chunks) reader.push(chunk);
  reader.end();
  return seen;
};
const bytes = (text: string) => new TextEncoder().encode(text);

test('names and data come through, comments and ids do not', () => {
  expect(
    read([bytes(': hi\n\nid: 4\nevent: a\ndata: 1\ndata:2\n\ndata: é\r\n\r\nretry: 3\n\ndata: open')]),
  ).toEqual([
    ['a', '1\n2'],
    ['', 'é'],
    ['', 'open'],
  ]);
});

test('wherever the chunks are cut, the events are the same', () => {
  const wire = bytes(
    'event: x\r\ndata: {"a":"ünï"}\r\n\r\ndata: two\ndata: lines\n\n: c\n\ndata: [DONE]\n\n',
  );
  const whole = read([wire]);
  expect(whole).toHaveLength(3);
  for (let cut = 0; cut <= wire.length; cut++)
    expect(read([wire.subarray(0, cut), wire.subarray(cut)])).toEqual(whole);
  expect(read([...wire].map((byte) => Uint8Array.of(byte)))).toEqual(whole);
});

test('what is written is what is read', () => {
  const line = fc.string().map((text) => text.replace(/[\r\n]/g, ''));
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 4 }), (lines) => {
      const data = lines.join('\n');
      expect(read([bytes(writeEvent(7, 'n', data))])).toEqual([['n', data]]);
    }),
    { seed: 26, numRuns: 200 },
  );
});
