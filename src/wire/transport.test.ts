import { afterEach, describe, expect, test } from 'bun:test';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { systemClock, virtualClock } from '#kernel';
import { eventually } from './testing/raw.ts';
import { type ScriptedServer, scripted, take } from './testing/upstream.ts';
import { createTransport, type TransportOptions } from './transport.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

function create(options: Partial<TransportOptions> = {}) {
  const made = createTransport({ clock: systemClock(), ...options });
  closing.push(made.close);
  return made;
}

/** Answers each read of a connection with the text for its turn, the last one for all further. */
function answering(...texts: (string | Uint8Array)[]): ScriptedServer {
  const server = scripted(
    (socket, _, turn) => void socket.write(texts[Math.min(turn, texts.length - 1)] as string),
  );
  closing.push(server.stop);
  return server;
}

function doing(onData: Parameters<typeof scripted>[0]): ScriptedServer {
  const server = scripted(onData);
  closing.push(server.stop);
  return server;
}

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

describe('a request', () => {
  test('goes out whole, framed by us and by nobody else', async () => {
    const server = answering(OK);
    const { transport } = create();
    await take(transport, {
      url: `${server.url}/a b?c=d#e`,
      method: 'POST',
      headers: {
        'content-type': 'text/plain',
        'content-length': '999',
        'transfer-encoding': 'chunked',
        connection: 'upgrade',
        host: 'elsewhere',
        'x-evil': 'a\r\nx-injected: b',
      },
      body: Buffer.from('hello'),
    });
    expect(server.heard()).toBe(
      `POST /a%20b?c=d HTTP/1.1\r\nhost: 127.0.0.1:${server.port}\r\ncontent-type: text/plain\r\nx-evil: a  x-injected: b\r\ncontent-length: 5\r\n\r\nhello`,
    );
  });

  test.each([
    ['GET', undefined, ''],
    ['POST', undefined, 'content-length: 0\r\n'],
    ['PUT', new Uint8Array(0), 'content-length: 0\r\n'],
  ])('%j with body %p has the length it needs', async (method, body, line) => {
    const server = answering(OK);
    await take(create().transport, { url: server.url, method, ...(body && { body }) });
    expect(server.heard()).toBe(`${method} / HTTP/1.1\r\nhost: 127.0.0.1:${server.port}\r\n${line}\r\n`);
  });

  test.each(['nonsense', 'ftp://x/', ''])('to %j fails', async (url) => {
    expect((await take(create().transport, { url })).trouble?.kind).toBe('connect');
  });

  test('with a method that would be more than one fails', async () => {
    const server = answering(OK);
    const got = await take(create().transport, { url: server.url, method: 'GET / HTTP/1.1\r\nx: y' });
    expect(got.trouble?.kind).toBe('connect');
    expect(server.heard()).toBe('');
  });
});

describe('an answer', () => {
  test.each([
    ['sized', OK],
    [
      'in chunks',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;x\r\no\r\n1\r\nk\r\n0\r\nt: 1\r\n\r\n',
    ],
    ['behind interim ones', `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${OK}`],
  ])(
    '%s comes whole, wherever the network cuts it, and its connection is used again',
    async (_, text) => {
      const { transport, stats } = create();
      for (let at = 1; at < text.length; at += 3) {
        const server = doing((socket) => {
          socket.write(text.slice(0, at));
          setTimeout(() => socket.write(text.slice(at)), 1);
        });
        const got = await take(transport, { url: server.url });
        expect(got.events).toEqual(['connected', 'head', 'data', 'end']);
        expect(got.body.toString()).toBe('ok');
        if (at === 1) {
          await take(transport, { url: server.url });
          expect(server.accepted()).toBe(1);
        }
        server.stop();
      }
      await eventually(() => stats().open === 0);
    },
    20_000,
  );

  test('comes whole byte by byte', async () => {
    const text = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n';
    const server = doing(async (socket) => {
      for (const one of text) {
        socket.write(one);
        await new Promise((resolve) => setImmediate(resolve));
      }
    });
    const got = await take(create().transport, { url: server.url });
    expect(got.events).toEqual(['connected', 'head', 'data', 'end']);
    expect(got.body.toString()).toBe('ok');
  });

  test('that ends with its connection is over then, and reset it is cut', async () => {
    const { transport, stats } = create();
    for (const how of ['end', 'terminate'] as const) {
      const server = doing((socket) => {
        socket.write('HTTP/1.1 200 OK\r\n\r\nhello');
        setTimeout(() => socket[how](), 20);
      });
      const got = await take(transport, { url: server.url });
      expect(got.body.toString()).toBe('hello');
      expect(got.trouble?.kind).toBe(how === 'end' ? undefined : 'cut');
      expect(stats()).toEqual({ open: 0, idle: 0 });
    }
  });

  test.each([
    ['HEAD', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n'],
    ['HEAD', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'],
    ['GET', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['GET', 'HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n'],
    ['GET', 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'],
  ])('to %s with %j has no body', async (method, text) => {
    const { transport, stats } = create();
    const got = await take(transport, { url: answering(text).url, method });
    expect(got.events).toEqual(['connected', 'head', 'end']);
    expect(stats()).toEqual({ open: 1, idle: 1 });
  });

  test.each([
    ['cut in a sized body', 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello', 'cut', 'hello'],
    ['cut in a chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\nhello', 'cut', 'hello'],
    [
      'cut between chunks',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n',
      'cut',
      'hello',
    ],
    [
      'cut in the last chunk',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n',
      'cut',
      'hello',
    ],
    ['closed without a byte', '', 'reset', ''],
    ['closed in its head', 'HTTP/1.1 200 OK\r\ncont', 'reset', ''],
    ['closed after an interim one', 'HTTP/1.1 100 Continue\r\n\r\n', 'reset', ''],
    [
      'with bad chunks',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\nxyz\r\n',
      'malformed',
      'hello',
    ],
    ['that is no HTTP', 'SSH-2.0-OpenSSH\r\n\r\n', 'malformed', ''],
    ['that switches protocols', 'HTTP/1.1 101 Switching Protocols\r\n\r\n', 'malformed', ''],
    [
      'with two framings',
      'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n',
      'malformed',
      '',
    ],
    ['with an endless head', `HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(20_000)}`, 'malformed', ''],
  ])('%s fails as what it is', async (_, text, kind, body) => {
    const server = doing((socket) => {
      socket.write(text);
      setTimeout(() => socket.end(), 10);
    });
    const { transport, stats } = create();
    const got = await take(transport, { url: server.url });
    expect(got.trouble?.kind).toBe(kind as never);
    expect(got.body.toString()).toBe(body);
    expect(stats()).toEqual({ open: 0, idle: 0 });
    await eventually(() => server.open() === 0);
    expect(server.accepted()).toBe(1);
  });

  test.each([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
  ])('packed with %s is unpacked', async (coding, pack) => {
    const text = 'data: hello\n\n'.repeat(10_000);
    const packed = pack(Buffer.from(text)) as Buffer;
    const server = doing((socket) => {
      socket.write(
        `HTTP/1.1 200 OK\r\nContent-Encoding: ${coding}\r\ncontent-length: ${packed.length}\r\n\r\n`,
      );
      socket.write(packed.subarray(0, 20));
      setTimeout(() => socket.write(packed.subarray(20)), 5);
    });
    const { transport } = create();
    for (let i = 0; i < 2; i++) {
      const got = await take(transport, { url: server.url });
      expect(got.body.toString()).toBe(text);
      expect(got.headers).not.toHaveProperty('content-encoding');
      expect(got.headers).not.toHaveProperty('content-length');
    }
    expect(server.accepted()).toBe(1);
  });

  test('packed and cut gives what was there and is cut; packed badly is malformed; packed unknown is left alone', async () => {
    const packed = gzipSync(Buffer.from('hello '.repeat(5000)));
    const { transport } = create();
    const half = packed.subarray(0, packed.length >> 1);
    const cut = doing((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${packed.length}\r\n\r\n`);
      socket.write(half);
      setTimeout(() => socket.end(), 10);
    });
    const got = await take(transport, { url: cut.url });
    expect(got.trouble?.kind).toBe('cut');
    expect(got.body.toString()).toStartWith('hello hello');
    const bad = answering('HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 5\r\n\r\nhello');
    expect((await take(transport, { url: bad.url })).trouble?.kind).toBe('malformed');
    const other = answering(
      'HTTP/1.1 200 OK\r\ncontent-encoding: compress\r\ncontent-length: 5\r\n\r\nhello',
    );
    const left = await take(transport, { url: other.url });
    expect(left.body.toString()).toBe('hello');
    expect(left.headers).toMatchObject({ 'content-encoding': 'compress' });
  });

  test('that is a stream of events is unpacked as it comes', async () => {
    const { createGzip } = await import('node:zlib');
    const server = doing((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n');
      const gzip = createGzip();
      gzip.on('data', (bytes: Buffer) => socket.write(bytes));
      gzip.write('data: 1\n\n');
      gzip.flush();
    });
    let seen = '';
    const call = create().transport(
      { url: server.url, method: 'GET', headers: {} },
      {
        connected: () => undefined,
        head: () => undefined,
        data(bytes) {
          seen += Buffer.from(bytes).toString();
        },
        end: () => undefined,
        fail: () => undefined,
      },
    );
    await eventually(() => seen === 'data: 1\n\n');
    call.cancel();
    await eventually(() => server.open() === 0);
  });
});

describe('connections', () => {
  test('are kept for the next call, the youngest first', async () => {
    const server = doing((socket) => void setTimeout(() => socket.write(OK), 5));
    const { transport, stats } = create();
    await Promise.all(Array.from({ length: 10 }, () => take(transport, { url: server.url })));
    expect(stats()).toEqual({ open: 10, idle: 10 });
    for (let i = 0; i < 20; i++) await take(transport, { url: `${server.url}/${i}` });
    expect(server.accepted()).toBe(10);
    expect(stats()).toEqual({ open: 10, idle: 10 });
  });

  test('are not kept beyond the bound, nor when the server says or shows that they must not be', async () => {
    const server = doing((socket) => void setTimeout(() => socket.write(OK), 5));
    const { transport, stats } = create({ maxIdlePerHost: 3 });
    await Promise.all(Array.from({ length: 10 }, () => take(transport, { url: server.url })));
    expect(stats()).toEqual({ open: 3, idle: 3 });
    for (const text of [
      'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok',
      'HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok',
      'HTTP/1.1 200 OK\r\nkeep-alive: timeout=1\r\ncontent-length: 2\r\n\r\nok',
      `${OK}HTTP/1.1 200 OK\r\n\r\n`,
    ]) {
      const one = create();
      expect((await take(one.transport, { url: answering(text).url })).events.at(-1)).toBe('end');
      expect(one.stats()).toEqual({ open: 0, idle: 0 });
    }
  });

  test('grow too old, by our patience or the shorter one of the server', async () => {
    const clock = virtualClock();
    const { transport, stats } = create({ clock, idleMs: 60_000 });
    const plain = answering(OK);
    const brief = answering('HTTP/1.1 200 OK\r\nkeep-alive: timeout=5\r\ncontent-length: 2\r\n\r\nok');
    await take(transport, { url: plain.url });
    await take(transport, { url: brief.url });
    await clock.advance(3_000);
    expect(stats().idle).toBe(2);
    await clock.advance(1_500);
    expect(stats().idle).toBe(1);
    await clock.advance(60_000);
    expect(stats()).toEqual({ open: 0, idle: 0 });
    expect(clock.pending).toBe(0);
  });

  test('closed by the server while idle are forgotten; words out of turn close them', async () => {
    const { transport, stats } = create();
    for (const then of [
      (s: { end(): void }) => s.end(),
      (s: { write(t: string): void }) => s.write('HTTP/1.1 408 Too slow\r\n\r\n'),
    ]) {
      const server = doing((socket) => {
        socket.write(OK);
        setTimeout(() => then(socket as never), 10);
      });
      await take(transport, { url: server.url });
      await eventually(() => stats().open === 0 && stats().idle === 0);
    }
  });

  test('found closed when used again are replaced once, unseen', async () => {
    const server = doing((socket, _, turn) => {
      if (turn === 0) socket.write(OK);
      else socket.terminate();
    });
    const { transport } = create();
    await take(transport, { url: server.url });
    const got = await take(transport, { url: server.url, method: 'POST', body: Buffer.from('x') });
    expect(got.events).toEqual(['connected', 'head', 'data', 'end']);
    expect(server.accepted()).toBe(2);
  });

  test('that end after the call was being worked on are not replaced: it might be paid for twice', async () => {
    const clock = virtualClock();
    const server = doing((socket, _, turn) => {
      if (turn === 0) socket.write(OK);
      else void clock.advance(1_500).then(() => socket.end());
    });
    const { transport } = create({ clock });
    await take(transport, { url: server.url });
    expect((await take(transport, { url: server.url })).trouble?.kind).toBe('reset');
    expect(server.accepted()).toBe(1);
  });

  test('that cannot be made fail with the code of the system', async () => {
    const { transport } = create();
    const server = answering(OK);
    server.stop();
    expect((await take(transport, { url: server.url })).trouble).toEqual({
      kind: 'connect',
      detail: 'ECONNREFUSED',
    });
    const unknown = await take(transport, { url: 'http://nowhere.invalid/' });
    expect(unknown.trouble?.kind).toBe('connect');
    expect(unknown.events).toEqual(['fail']);
  });
});

describe('cancel', () => {
  test('closes the connection at once, before the head and within the body, and nothing is told after it', async () => {
    for (const text of ['', 'HTTP/1.1 200 OK\r\n\r\nhello']) {
      const server = doing((socket) => void socket.write(text));
      const { transport, stats } = create();
      const events: string[] = [];
      const call = transport(
        { url: server.url, method: 'GET', headers: {} },
        {
          connected: () => void events.push('connected'),
          head: () => void events.push('head'),
          data: () => void events.push('data'),
          end: () => void events.push('end'),
          fail: () => void events.push('fail'),
        },
      );
      await eventually(() => server.heard() !== '' && (text === '' || events.includes('data')));
      const before = [...events];
      call.cancel();
      call.cancel();
      call.pause();
      call.resume();
      expect(stats()).toEqual({ open: 0, idle: 0 });
      await eventually(() => server.open() === 0);
      expect(events).toEqual(before);
    }
  });

  test('from within a callback stops the rest of what has arrived', async () => {
    const server = answering('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
    for (const at of ['connected', 'head', 'data'] as const) {
      const { transport, stats } = create();
      const events: string[] = [];
      let cancel = () => {};
      const note = (event: string) => () => {
        events.push(event);
        if (event === at) cancel();
      };
      const call = transport(
        { url: server.url, method: 'GET', headers: {} },
        {
          connected: note('connected'),
          head: note('head'),
          data: note('data'),
          end: note('end'),
          fail: note('fail'),
        },
      );
      cancel = () => call.cancel();
      await eventually(() => events.includes(at));
      await Bun.sleep(20);
      expect(events.at(-1)).toBe(at);
      expect(stats()).toEqual({ open: 0, idle: 0 });
    }
  });

  test('while the connection is being made, or the transport closed, leaves nothing behind', async () => {
    const server = answering(OK);
    const { transport, stats, close } = create();
    const quiet = {
      connected: () => undefined,
      head: () => undefined,
      data: () => undefined,
      end: () => undefined,
    };
    const troubles: string[] = [];
    const ask = () =>
      transport(
        { url: server.url, method: 'GET', headers: {} },
        { ...quiet, fail: ({ kind }) => void troubles.push(kind) },
      );
    ask().cancel();
    expect(stats()).toEqual({ open: 0, idle: 0 });
    ask();
    close();
    ask();
    expect(troubles).toEqual(['connect', 'connect']);
    await Bun.sleep(30);
    expect(server.open()).toBe(0);
    expect(server.heard()).toBe('');
  });

  test('no timer is left when a transport is closed whose last connection was in use', async () => {
    const clock = systemClock();
    let timers = 0;
    const counting = {
      ...clock,
      every(ms: number, fn: () => void) {
        timers++;
        const cancel = clock.every(ms, fn);
        return () => {
          timers--;
          cancel();
        };
      },
    };
    const server = answering(OK, '');
    const { transport, stats, close } = create({ clock: counting });
    await take(transport, { url: server.url, method: 'GET', headers: {} });
    expect([timers, stats().idle]).toEqual([1, 1]);
    void take(transport, { url: server.url, method: 'GET', headers: {} });
    expect(stats().idle).toBe(0);
    close();
    expect(timers).toBe(0);
  });
});
