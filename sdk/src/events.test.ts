import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { eventReader, type ServerEvent } from './events.ts';

const TEXT =
  ': listening\r\nretry: 1000\r\n\r\nevent: exchange\ndata: {"a":"ü€😀"}\n\ndata: one\rdata:  two\r\r: still here\n\n' +
  'event: change\ndata\nid: 7\n\nevent: dropped\n\ndata: last\n\ndata: cut short';
const EXPECTED: ServerEvent[] = [
  { event: 'exchange', data: '{"a":"ü€😀"}' },
  { event: 'message', data: 'one\n two' },
  { event: 'change', data: '' },
  { event: 'message', data: 'last' },
];

test('the same events, wherever the chunks are cut', () => {
  const bytes = new TextEncoder().encode(TEXT);
  const read = (cuts: readonly number[]) => {
    const reader = eventReader();
    const edges = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
    return edges.slice(1).flatMap((end, i) => reader(bytes.subarray(edges[i], end)));
  };
  expect(read([])).toEqual(EXPECTED);
  for (let i = 0; i <= bytes.length; i++) expect(read([i])).toEqual(EXPECTED);
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length), { maxLength: 12 }), (cuts) => {
      expect(read(cuts)).toEqual(EXPECTED);
    }),
  );
});
