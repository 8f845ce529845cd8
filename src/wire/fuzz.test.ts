import { afterAll, expect, test } from 'bun:test';
import { seeded, systemClock } from '#kernel';
import { eventually, rawClient } from './testing/raw.ts';
import { serve, stopServers } from './testing/server.ts';
import { scripted, take } from './testing/upstream.ts';
import { createTransport } from './transport.ts';

afterAll(stopServers);

const REQUESTS = [
  'GET /a?b HTTP/1.1\r\nhost: x\r\nx-a: b\r\n\r\n',
  'POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello',
  'POST /a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nt: 1\r\n\r\n',
  'POST /a HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\nhello',
  'HEAD http://h/a HTTP/1.0\r\nconnection: keep-alive\r\n\r\n',
];
const ANSWERS = [
  'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello',
  'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nt: 1\r\n\r\n',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\nkeep-alive: timeout=5\r\n\r\n',
  'HTTP/1.0 200 OK\r\ncontent-encoding: gzip\r\n\r\nhello',
  'HTTP/1.1 304 Not Modified\r\nset-cookie: a\r\nset-cookie: b\r\n\r\n',
];
const SPICES = [
  '\r',
  '\n',
  '\r\n',
  '\r\n\r\n',
  ' ',
  '\t',
  '\0',
  ':',
  ';',
  ',',
  '0',
  '-1',
  'ffffffff',
  '\xff',
  'chunked',
  'content-length: 3\r\n',
  'transfer-encoding: chunked\r\n',
  'connection: close\r\n',
  'a'.repeat(70_000),
];

/** One to four changes to a message that was right: removed, doubled, swapped or strewn in. */
function mutate(text: string, random: () => number): string {
  let out = text;
  const pick = (n: number) => Math.floor(random() * n);
  for (let i = pick(4); i >= 0; i--) {
    const at = pick(out.length + 1);
    const to = Math.min(out.length, at + pick(12));
    const kind = pick(10);
    if (kind < 4) out = out.slice(0, at) + SPICES[pick(SPICES.length - (kind === 0 ? 0 : 1))] + out.slice(at);
    else if (kind < 6) out = out.slice(0, at) + out.slice(to);
    else if (kind < 8) out = out.slice(0, to) + out.slice(at, to) + out.slice(to);
    else out = out.slice(0, at) + String.fromCharCode(pick(256)) + out.slice(at + 1);
  }
  return out;
}

const ROUNDS = 20_000;
const AT_ONCE = 100;

test('no request, however mutilated, crashes the listener or hangs it', async () => {
  const random = seeded('requests');
  const log: unknown[] = [];
  const server = serve(
    (_, outgoing) => (body) =>
      outgoing.send(typeof body === 'string' ? 400 : 200, {}, typeof body === 'string' ? body : ''),
    { maxBody: 100_000, log: (...entry) => void log.push(entry) },
  );
  let answered = 0;
  const one = async () => {
    const client = await rawClient(server.port);
    client.send(
      Buffer.from(mutate(REQUESTS[Math.floor(random() * REQUESTS.length)] as string, random), 'latin1'),
    );
    // Nothing follows, so every request is answered, refused, or known never to become one.
    client.half();
    if ((await client.ended).startsWith('HTTP/1.1 ')) answered++;
    client.destroy();
  };
  for (let i = 0; i < ROUNDS / 2; i += AT_ONCE) await Promise.all(Array.from({ length: AT_ONCE }, one));
  await eventually(() => server.connections() === 0);
  expect(answered).toBeGreaterThan(ROUNDS / 4);
  expect(log).toEqual([]);
  expect((await fetch(server.url)).status).toBe(200);
}, 60_000);

test('no answer, however mutilated, crashes a call or hangs it', async () => {
  const random = seeded('answers');
  const server = scripted((socket) => {
    socket.write(
      Buffer.from(mutate(ANSWERS[Math.floor(random() * ANSWERS.length)] as string, random), 'latin1'),
    );
    socket.end();
  });
  const { transport, stats, close } = createTransport({ clock: systemClock() });
  const ends: Record<string, number> = {};
  for (let i = 0; i < ROUNDS / 2; i += AT_ONCE)
    for (const { events, trouble } of await Promise.all(
      Array.from({ length: AT_ONCE }, () => take(transport, { url: server.url })),
    )) {
      expect(events.filter((event) => event === 'end' || event === 'fail')).toHaveLength(1);
      const how = trouble?.kind ?? 'whole';
      ends[how] = (ends[how] ?? 0) + 1;
    }
  await eventually(() => stats().open === 0);
  expect(ends.whole).toBeGreaterThan(500);
  expect(ends.malformed).toBeGreaterThan(500);
  expect(ends.cut).toBeGreaterThan(10);
  expect(ends.connect).toBeUndefined();
  close();
  server.stop();
}, 60_000);

test('ten thousand connections leave nothing behind', async () => {
  const server = serve((_, outgoing) => () => outgoing.send(200, {}, 'ok'));
  const { transport, stats, close } = createTransport({ clock: systemClock(), maxIdlePerHost: 5 });
  for (let i = 0; i < 10_000; i += AT_ONCE) {
    const got = await Promise.all(
      Array.from({ length: AT_ONCE }, (_, n) =>
        take(transport, { url: server.url, headers: n < 90 ? { 'x-n': `${n}` } : {} }),
      ),
    );
    expect(got.every(({ body }) => body.toString() === 'ok')).toBe(true);
    expect(stats().idle).toBeLessThanOrEqual(5);
  }
  expect(stats().open).toBeLessThanOrEqual(5);
  close();
  expect(stats()).toEqual({ open: 0, idle: 0 });
  await eventually(() => server.connections() === 0);
}, 60_000);
