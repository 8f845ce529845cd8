import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { Fields } from '#contracts';
import { fieldLines, fieldValue, readFields } from './fields.ts';
import { HeadMemory } from './head-memory.ts';
import { type RequestHead, readRequestHead } from './request-head.ts';
import { readResponseHead } from './response-head.ts';

const request = (...lines: string[]) =>
  readRequestHead(['POST /a HTTP/1.1', 'host: x', ...lines].join('\r\n'));
const status = (head: ReturnType<typeof readRequestHead>) => ('says' in head ? head.status : 200);

describe('a request head', () => {
  test('is read', () => {
    expect(
      readRequestHead(
        'POST /v1/x?y=1&z HTTP/1.1\r\nHost: h:1\r\nX-Two:  a b \t\r\nx-two: c\r\nContent-Length: 12',
      ),
    ).toEqual({
      method: 'POST',
      path: '/v1/x',
      query: 'y=1&z',
      headers: { host: 'h:1', 'x-two': 'a b, c', 'content-length': '12' },
      minor: 1,
      keepAlive: true,
      length: 12,
      expectsContinue: false,
    });
  });

  test.each([
    ['GET http://h:80/p?q HTTP/1.1', '/p', 'q'],
    ['GET HTTPS://h HTTP/1.1', '/', ''],
    ['GET http://h?q HTTP/1.1', '/', 'q'],
    ['GET /p#f?x HTTP/1.1', '/p', ''],
    ['OPTIONS * HTTP/1.1', '*', ''],
  ])('%s', (line, path, query) => {
    expect(readRequestHead(`${line}\r\nhost: h`)).toMatchObject({ path, query });
  });

  test.each([
    ['', 400],
    ['GET', 400],
    ['GET /', 400],
    ['GET / HTTP/1.1 ', 400],
    ['GET  / HTTP/1.1', 400],
    ['GET / x HTTP/1.1', 400],
    ['GET /\t HTTP/1.1', 400],
    ['G(T / HTTP/1.1', 400],
    ['GET x HTTP/1.1', 400],
    ['GET * HTTP/1.1', 400],
    ['CONNECT h:80 HTTP/1.1', 400],
    ['GET / HTTP/1.2', 505],
    ['GET / HTTP/2.0', 505],
    ['PRI * HTTP/2', 505],
    ['GET / http/1.1', 400],
    ['GET / HTTP/1.10', 400],
  ])('%j is answered %d', (line, code) => {
    expect(status(readRequestHead(`${line}\r\nhost: h`))).toBe(code);
  });

  test.each<[string, ...string[]]>([
    ['a name with a space before the colon', 'x : 1'],
    ['a folded line', ' folded'],
    ['a line without a colon', 'nothing'],
    ['an empty name', ': 1'],
    ['a name that is no token', 'x(y): 1'],
    ['a name beyond ASCII', 'x\u00e9: 1'],
    ['a NUL', 'x: a\0b'],
    ['a bare CR', 'x: a\rb'],
    ['a bare LF', 'x: a\nb: c'],
    ['two lengths', 'content-length: 1', 'content-length: 1'],
    ['different lengths', 'content-length: 1', 'content-length: 2'],
    ['a list of lengths', 'content-length: 1, 1'],
    ['a signed length', 'content-length: +1'],
    ['a negative length', 'content-length: -1'],
    ['a hexadecimal length', 'content-length: 0x1'],
    ['an empty length', 'content-length:'],
    ['a length with a space in it', 'content-length: 1 1'],
    ['a length beyond all numbers', 'content-length: 99999999999999999999'],
    ['a length and a coding', 'content-length: 1', 'transfer-encoding: chunked'],
    ['an unknown coding', 'transfer-encoding: gzip'],
    ['chunked and something', 'transfer-encoding: gzip, chunked'],
    ['chunked twice', 'transfer-encoding: chunked', 'transfer-encoding: chunked'],
    ['a coding in disguise', 'transfer-encoding: \x0bchunked'],
    ['an empty coding', 'transfer-encoding:'],
    ['identity', 'transfer-encoding: identity'],
    ['a second host', 'host: y'],
  ])('%s is refused', (_, ...lines) => {
    expect(status(request(...lines.filter((line) => typeof line === 'string')))).toBe(400);
  });

  test('chunked is not a coding of HTTP/1.0, and a host is needed in 1.1 only', () => {
    expect(status(readRequestHead('GET / HTTP/1.0\r\ntransfer-encoding: chunked'))).toBe(400);
    expect(status(readRequestHead('GET / HTTP/1.0'))).toBe(200);
    expect(status(readRequestHead('GET / HTTP/1.1'))).toBe(400);
    expect(status(readRequestHead('GET / HTTP/1.1\r\nhost: a b'))).toBe(400);
  });

  test('more fields than anybody means are refused', () => {
    expect(status(request(...Array.from({ length: 501 }, (_, i) => `x-${i}: 1`)))).toBe(431);
    expect(status(request(...Array.from({ length: 501 }, () => 'x: 1')))).toBe(431);
  });
});

test('a header may be called like a property of every object', () => {
  const fields = readFields('__proto__: a\r\nconstructor: b\r\nhasOwnProperty: c\r\n__proto__: d', 0);
  expect(Object.entries(fields)).toEqual([
    ['__proto__', 'a, d'],
    ['constructor', 'b'],
    ['hasownproperty', 'c'],
  ]);
  expect((readFields('a: b', 0) as Fields).constructor).toBeUndefined();
});

test('fields come back as they were written', () => {
  const name = fc
    .stringMatching(/^[a-z][a-z0-9-]{0,12}$/)
    .filter((n) => !['te', 'upgrade', 'expect', 'trailer'].includes(n));
  const value = fc.stringMatching(/^[!-~\u00a0-\u00ff]([\t -~\u00a0-\u00ff]{0,20}[!-~\u00a0-\u00ff])?$/);
  fc.assert(
    fc.property(fc.dictionary(name, value, { noNullPrototype: true }), (fields) => {
      expect({ ...(readFields(fieldLines(fields).slice(0, -2), 0) as object) }).toEqual(fields);
    }),
  );
});

test('no value can write a line of its own, and framing is not for headers to decide', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (value) => {
      const lines = fieldLines({
        'x-a': value,
        'transfer-encoding': value,
        'Content-Length': value,
        Connection: value,
      });
      expect(lines.startsWith('x-a: ')).toBe(true);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
      expect(lines.slice(0, -2)).not.toMatch(/[\0-\x08\x0a-\x1f\x7f\u0100-\uffff]/);
    }),
  );
  expect(fieldLines({ 'x\r\ny': 'a', 'x y': 'b', '': 'c' })).toBe('');
  expect(fieldLines({ 'set-cookie': 'a=1\nb=2\r\nc: d' })).toBe(
    'set-cookie: a=1\r\nset-cookie: b=2 \r\nset-cookie: c: d\r\n',
  );
  expect(Buffer.from(fieldValue('é €'), 'latin1').toString()).toContain('€');
});

test('what the memory recalls is what reading gives', () => {
  const line = fc.constantFrom(
    'a: 600',
    'content-length: 600',
    'Content-Length: 7',
    'x-content-length: 7',
    'content-length:5',
    'b: 7',
    'c: 600',
    'a: 12',
  );
  const read = (text: string) => {
    const head = readRequestHead(text);
    return 'says' in head ? undefined : head;
  };
  fc.assert(
    fc.property(fc.array(fc.array(line, { maxLength: 4 }), { minLength: 2, maxLength: 8 }), (heads) => {
      const memory = new HeadMemory<RequestHead>((head, headers, length) => ({ ...head, headers, length }));
      for (const lines of heads) {
        const text = ['POST / HTTP/1.1', 'host: x', ...lines].join('\r\n');
        const fresh = read(text);
        const recalled = memory.recall(text);
        if (recalled !== undefined)
          expect({ ...recalled, headers: { ...recalled.headers } }).toEqual({
            ...fresh!,
            headers: { ...fresh!.headers },
          });
        else if (fresh) memory.keep(text, fresh);
      }
    }),
    { numRuns: 500 },
  );
});

test('the memory knows a head again when only the length differs', () => {
  const memory = new HeadMemory<RequestHead>((head, headers, length) => ({ ...head, headers, length }));
  const text = (n: string) => `POST / HTTP/1.1\r\nhost: x\r\nx-n: 12\r\nContent-Length: ${n}\r\nx-last: 1`;
  const head = readRequestHead(text('12')) as RequestHead;
  memory.keep(text('12'), head);
  expect(memory.recall(text('12'))).toBe(head);
  expect(memory.recall(text('4096'))).toMatchObject({
    length: 4096,
    headers: { 'content-length': '4096', 'x-n': '12' },
  });
  expect(head.headers['content-length']).toBe('12');
  expect(Object.isFrozen(head.headers)).toBe(true);
  for (const bad of ['', '-1', '1 ', '1\r\nhost: y', '1, 2', '0x1'])
    expect(memory.recall(text(bad))).toBeUndefined();
});

describe('a response head', () => {
  test.each([
    ['HTTP/1.1 200 OK\r\ncontent-length: 5', { framing: 'sized', length: 5, keepAlive: true }],
    ['HTTP/1.1 200\r\ntransfer-encoding: Chunked', { framing: 'chunked', keepAlive: true }],
    ['HTTP/1.1 200 \r\nconnection: Close', { framing: 'close', keepAlive: false }],
    ['HTTP/1.0 200 OK\r\nconnection: keep-alive', { framing: 'close', keepAlive: true }],
    ['HTTP/1.0 200 OK', { framing: 'close', keepAlive: false }],
    ['HTTP/1.1 200 OK\r\nkeep-alive: timeout=5, max=100', { keepSeconds: 5 }],
    ['HTTP/1.1 200 OK\r\nset-cookie: a\r\nset-cookie: b', { headers: { 'set-cookie': 'a\nb' } }],
  ])('%j', (text, expected) => {
    expect(readResponseHead(text)).toMatchObject(expected as object);
  });

  test.each([
    'HTTP/2 200 OK',
    'HTTP/1.1 20 OK',
    'HTTP/1.1 2000 OK',
    'HTTP/1.1 099 OK',
    'HTTP/1.1  200 OK',
    'http/1.1 200 OK',
    'ICY 200 OK',
    'HTTP/1.1 200 OK\nx: y',
    'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 5',
    'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked',
    'HTTP/1.1 200 OK\r\n folded: 1',
  ])('%j is refused', (text) => {
    expect(readResponseHead(text)).toBeString();
  });
});
