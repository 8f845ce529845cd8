import { afterAll, beforeAll, expect, test } from 'bun:test';
import fc from 'fast-check';
import { systemClock } from '#kernel';
import { createSimulator, type Listening, type Simulator } from '../index.ts';
import { requestParser } from './request-parser.ts';

let simulator: Simulator;
let server: Listening;
beforeAll(() => {
  simulator = createSimulator({ clock: systemClock() });
  server = simulator.listen({ port: 0 });
});
afterAll(() => server.stop());

const body = (content: string, more: object = {}) =>
  JSON.stringify({ model: 'sim-instant', messages: [{ role: 'user', content }], ...more });
const post = (text: string, headers = '') =>
  `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n${headers}content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;

/** Writes raw bytes and gives everything that comes back until `enough` says so or the peer closes. */
async function raw(
  writes: readonly (string | Uint8Array)[],
  enough: (got: string) => boolean,
): Promise<string> {
  let got = '';
  const done = Promise.withResolvers<void>();
  const socket = await Bun.connect({
    hostname: '127.0.0.1',
    port: server.port,
    socket: {
      data(_, bytes) {
        got += bytes.toString();
        if (enough(got)) done.resolve();
      },
      close: () => done.resolve(),
      error: (_, error) => done.reject(error),
    },
  });
  for (const write of writes) {
    socket.write(write);
    socket.flush();
    await Bun.sleep(1);
  }
  await done.promise;
  socket.terminate();
  return got;
}
const answers = (got: string) => [...got.matchAll(/"content":"(.*?)"/g)].map((match) => match[1]);

test('pipelined requests are answered in order on one connection', async () => {
  const texts = Array.from({ length: 50 }, (_, i) => `n${i}`);
  const got = await raw(
    [texts.map((text) => post(body(`echo: ${text}`))).join('')],
    (g) => answers(g).length === 50,
  );
  expect(answers(got)).toEqual(texts);
});

test('a slow answer holds the next one back', async () => {
  const slow = post(body('echo: first'), 'x-sim-law: first=20\r\n');
  const got = await raw([slow + post(body('echo: second'))], (g) => answers(g).length === 2);
  expect(answers(got)).toEqual(['first', 'second']);
});

test('a request may arrive in any pieces, sized or chunked, and reads the same', () => {
  const text = body('grüße');
  const bytes = Buffer.from(text);
  const chunked = (sizes: readonly number[]) => {
    let out = 'POST /x?y=1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n';
    let at = 0;
    const parts: Buffer[] = [Buffer.from(out)];
    for (const size of [...sizes, bytes.length]) {
      const part = bytes.subarray(at, at + size);
      if (part.length === 0) continue;
      at += part.length;
      out = `${part.length.toString(16)};ext=1\r\n`;
      parts.push(Buffer.from(out), part, Buffer.from('\r\n'));
    }
    return Buffer.concat([...parts, Buffer.from('0\r\ntrailer: 1\r\n\r\n')]);
  };
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 40 })),
      fc.array(fc.integer({ min: 1, max: 60 })),
      fc.boolean(),
      (sizes, cuts, sized) => {
        const whole = sized ? Buffer.from(post(text)) : chunked(sizes);
        const parser = requestParser();
        const seen: string[] = [];
        let at = 0;
        for (const cut of [...cuts, whole.length]) {
          parser.push(Buffer.from(whole.subarray(at, at + cut)));
          at += cut;
          const parsed = parser.next();
          if (parsed.kind === 'call') seen.push(parsed.call.text);
          else expect(parsed.kind).toBe('more');
          if (at >= whole.length) break;
        }
        expect(seen).toEqual([text]);
        expect(parser.waiting).toBe(0);
      },
    ),
  );
});

test.each([
  ['GARBAGE\r\n\r\n', 400],
  ['POST / HTTP/1.1\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n', 400],
  ['POST / HTTP/1.1\r\ncontent-length: 1x\r\n\r\n', 400],
  ['POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n', 400],
  ['POST / HTTP/1.1\r\ncontent-length: 99999999999\r\n\r\n', 413],
])('%j is refused with %d and the connection closed', async (text, status) => {
  expect(await raw([text], () => false)).toStartWith(`HTTP/1.1 ${status} `);
});

test('Expect: 100-continue is answered before the body is sent', async () => {
  const text = body('echo: patient');
  const [head] = post(text, 'expect: 100-continue\r\n').split('\r\n\r\n') as [string];
  let got = await raw([`${head}\r\n\r\n`], (g) => g.includes('100 Continue'));
  expect(got).toBe('HTTP/1.1 100 Continue\r\n\r\n');
  got = await raw([`${head}\r\n\r\n`, text], (g) => answers(g).length === 1);
  expect(answers(got)).toEqual(['patient']);
});

test('Connection: close and HTTP/1.0 end the connection after the answer', async () => {
  const got = await raw([post(body('echo: last'), 'connection: close\r\n')], () => false);
  expect(got).toContain('connection: close');
  const old = await raw([post(body('echo: old')).replace('HTTP/1.1', 'HTTP/1.0')], () => false);
  expect(answers(old)).toEqual(['old']);
});

test('a body of 40 MB is read and counted', async () => {
  const response = await fetch(`${server.url}/v1/messages/count_tokens`, {
    method: 'POST',
    headers: { 'anthropic-version': '2023-06-01' },
    body: JSON.stringify({ model: 'huge', messages: [{ role: 'user', content: 'word '.repeat(8_000_000) }] }),
  });
  // Far beyond any window: refused as the provider would, after having been read whole.
  expect(response.status).toBe(400);
  expect(await response.text()).toContain('prompt is too long: 10000001 tokens');
});

test('a reader who stops reading stops the generation; when it goes on it gets every byte', async () => {
  const tokens = 100_000;
  const text = body(`echo: ${'abc '.repeat(tokens).trim()}`, { stream: true });
  const completed = () => simulator.ledger().models['sim-instant']?.completions ?? 0;
  const before = completed();
  const ended = Promise.withResolvers<void>();
  let got = 0;
  let tail = '';
  const socket = await Bun.connect({
    hostname: '127.0.0.1',
    port: server.port,
    socket: {
      data(s, bytes) {
        if (got === 0) s.pause();
        got += bytes.length;
        tail = tail.slice(-100) + bytes.toString('latin1');
        if (tail.endsWith('0\r\n\r\n')) ended.resolve();
      },
      close: () => ended.resolve(),
      error: (_, error) => ended.reject(error),
    },
  });
  socket.write(post(text));
  while (got === 0) await Bun.sleep(1);
  await Bun.sleep(50);
  // 20 MB of events are more than any socket buffer holds, so the answer cannot be over while nobody reads.
  expect(completed()).toBe(before);
  socket.resume();
  await ended.promise;
  socket.terminate();
  expect(tail).toContain('data: [DONE]');
  expect(completed()).toBe(before + 1);
});

test('a port that is taken is an error at once', () => {
  expect(() => simulator.listen({ port: server.port })).toThrow();
});
