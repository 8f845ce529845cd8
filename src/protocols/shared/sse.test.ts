import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { encode } from './json.ts';
import { SseReader } from './sse.ts';

function events(chunks: readonly Uint8Array[], max = 1000) {
  const seen: { name: string; data: string }[] = [];
  const reader = new SseReader((name, data) => seen.push({ name, data }), max);
  for (const chunk of chunks) {
    const copy = chunk.slice();
    reader.push(copy);
    copy.fill(0);
  }
  return {
    seen,
    events: reader.events,
    pending: reader.pending,
    overflow: reader.overflow,
    rest: reader.rest(),
  };
}

const split = (bytes: Uint8Array, mask: number): Uint8Array[] => {
  const chunks: Uint8Array[] = [];
  let from = 0;
  for (let i = 1; i <= bytes.length; i++)
    if (i === bytes.length || mask & (1 << (i - 1))) {
      chunks.push(bytes.subarray(from, i));
      from = i;
    }
  return chunks;
};

test('every way to cut a small stream gives the same events', () => {
  // 2^(n-1) ways each: a byte order mark, a three-byte character, all line ends, a comment, two data lines.
  const small = [
    '\ufeffdata:é\n\n',
    'data: €\r\n\r\n',
    'data:1\r\rdata:2\r',
    ':c\n\ndata:x\n\n',
    'data\ndata:\r\n\n',
    'event:e\ndata:d\n\n',
  ];
  for (const text of small) {
    const bytes = encode(text);
    const whole = events([bytes]);
    for (let mask = 0; mask < 2 ** (bytes.length - 1); mask++)
      expect(events(split(bytes, mask))).toEqual(whole);
  }
});

test('fields are read as the standard says', () => {
  const read = (text: string) => events([encode(text)]).seen;
  expect(read('data: one\ndata:two\ndata:  three\n\n')).toEqual([{ name: '', data: 'one\ntwo\n three' }]);
  expect(read('event: a\nevent:b\ndata: x\n\ndata: y\n\n')).toEqual([
    { name: 'b', data: 'x' },
    { name: '', data: 'y' },
  ]);
  expect(read('data\n\n')).toEqual([{ name: '', data: '' }]);
  expect(read('datum: x\ndata2: y\nevent: lonely\n\n')).toEqual([]);
  expect(read(': comment\nid: 1\nretry: 5\ndata: x\n\n')).toEqual([{ name: '', data: 'x' }]);
  expect(read('\n\n\ndata: x\n\n\n\n')).toEqual([{ name: '', data: 'x' }]);
  expect(read('\ufeffdata: \ufeffx\n\n')).toEqual([{ name: '', data: '\ufeffx' }]);
  expect(read('data: unfinished\n')).toEqual([]);
});

test('pending counts what has come since the last whole event', () => {
  expect(events([encode('data: x\n\n')]).pending).toBe(0);
  expect(events([encode('data: x\n\ndat')]).pending).toBe(3);
  expect(events([encode('data: x\n\ndata: y\nda')]).pending).toBe(10);
  expect(events([encode('data: x\n\ndata: y\n')]).rest).toEqual({ name: '', data: 'y' });
});

test('an event above the bound stops the reader, wherever it is cut; many small ones do not', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 40 }), (size, step) => {
      const bytes = encode(`data: ok\n\ndata: ${'x'.repeat(size)}\n\n${'data: y\n\n'.repeat(20)}`);
      const chunks: Uint8Array[] = [];
      for (let i = 0; i < bytes.length; i += step) chunks.push(bytes.subarray(i, i + step));
      const whole = events([bytes], 40);
      expect(events(chunks, 40)).toEqual(whole);
      expect(whole.overflow).toBe(6 + size + 1 > 40);
    }),
    { seed: 1 },
  );
});
