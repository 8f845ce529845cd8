import { expect, test } from 'bun:test';
import { protocols } from '../index.ts';
import { encode, type Json } from './json.ts';
import { mergeDelta } from './merge.ts';
import { outcomeOf } from './outcomes.ts';

test('strings append, names replace, lists merge by index, objects merge', () => {
  const target: Json = {};
  for (const value of [
    { id: 'a', text: 'x', list: [{ index: 0, type: 't', text: 'p' }], deep: { n: 1 } },
    {
      id: 'a',
      text: 'y',
      list: [
        { index: 0, type: 't', text: 'q' },
        { index: 1, type: 't', text: 'r' },
      ],
      deep: { m: null, s: 'z' },
    },
  ])
    mergeDelta(target, 'all', value);
  expect(target.all).toEqual({
    id: 'a',
    text: 'xy',
    list: [
      { index: 0, type: 't', text: 'pq' },
      { index: 1, type: 't', text: 'r' },
    ],
    deep: { n: 1, s: 'z' },
  });
});

test('names every object inherits are names like any other, and no stream reaches a prototype', () => {
  for (const word of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
    expect(outcomeOf(word)).toBe('invalid');
    for (const protocol of protocols) {
      const scanner = protocol.scanStream();
      const evil = `{"type":"${word}","choices":[{"index":0,"delta":{"${word}":{"polluted":"yes"}},"finish_reason":"${word}"}],"${word}":{"polluted":"yes"}}`;
      scanner.push(encode(`event: ${word}\ndata: ${evil}\n\n`));
      expect(['cut', 'invalid']).toContain(scanner.read(true).outcome);
      expect(['provider_rejected', 'in_band_error', 'provider_error']).toContain(
        protocol.readError(400, {}, encode(`{"error":{"type":"${word}","code":"${word}"}}`), 0).kind,
      );
    }
  }
  const scanner = protocols[0]?.scanStream();
  scanner?.push(
    encode('data: {"choices":[{"delta":{"__proto__":{"tool_calls":[{}]}},"finish_reason":"stop"}]}\n\n'),
  );
  expect(scanner?.read(true)).toMatchObject({ outcome: 'complete', toolCalls: 0 });
  const target: Json = {};
  mergeDelta(target, '__proto__', { polluted: 'yes' });
  expect(Object.getPrototypeOf(target)).toBe(Object.prototype);
  expect(({} as Json).polluted).toBeUndefined();
  expect((Object as unknown as Json).polluted).toBeUndefined();
});
