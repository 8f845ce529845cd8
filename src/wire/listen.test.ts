import { afterEach, describe, expect, test } from 'bun:test';
import type { Handler } from '#contracts';
import { systemClock, virtualClock } from '#kernel';
import { listen } from './listen.ts';
import { converse, eventually, rawClient } from './testing/raw.ts';
import { echo, serve, stopServers } from './testing/server.ts';
import { take } from './testing/upstream.ts';
import { createTransport } from './transport.ts';

afterEach(stopServers);

const hello: Handler = (_, outgoing) => () => outgoing.send(200, { 'x-a': 'b' }, 'hello');
const bodies = (heard: string) => heard.split('\r\n\r\n').slice(1);

describe('the port', () => {
  test('is not shared', () => {
    const first = serve(hello);
    expect(() => serve(hello, { port: first.port })).toThrow(expect.objectContaining({ code: 'EADDRINUSE' }));
  });

  test('is free again after a stop, and an address that is not ours is refused with its code', () => {
    const first = serve(hello);
    first.stop(true);
    expect(serve(hello, { port: first.port }).port).toBe(first.port);
    expect(() => serve(hello, { host: '192.0.2.1' })).toThrow(
      expect.objectContaining({ code: expect.any(String) }),
    );
  });

  test('can be one of IPv6', async () => {
    const server = serve(echo, { host: '::1' });
    expect(server.url).toBe(`http://[::1]:${server.port}`);
    const { transport, close } = createTransport({ clock: systemClock() });
    expect((await take(transport, { url: `${server.url}/a` })).status).toBe(200);
    close();
  });
});

describe('answers', () => {
  test('keep the connection for the next request', async () => {
    const { port } = serve(hello);
    const client = await rawClient(port);
    client.send('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    await client.until((heard) => heard.endsWith('hello'));
    client.send('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    expect(await client.ended).toBe(
      'HTTP/1.1 200 OK\r\nx-a: b\r\ncontent-length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\nx-a: b\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello',
    );
  });

  test('to a thousand pipelined requests come in order, one at a time', async () => {
    let running = 0;
    let most = 0;
    const { port } = serve(({ path }, outgoing) => () => {
      most = Math.max(most, ++running);
      const answer = () => {
        running--;
        outgoing.send(200, {}, `${path};`);
      };
      // Some at once, some later: both ways have to keep the order.
      if (path.endsWith('7')) setImmediate(answer);
      else answer();
    });
    const text = Array.from(
      { length: 1000 },
      (_, i) => `GET /${i} HTTP/1.1\r\nhost: x\r\n${i === 999 ? 'connection: close\r\n' : ''}\r\n`,
    );
    const heard = await converse(port, text.join(''));
    expect<unknown>(heard.match(/\/\d+;/g)).toEqual(Array.from({ length: 1000 }, (_, i) => `/${i};`));
    expect(most).toBe(1);
  });

  test('to HEAD have no body but its length, 204 and 304 have neither', async () => {
    const { port } = serve(
      ({ path }, outgoing) =>
        () =>
          outgoing.send(Number(path.slice(1)), {}, 'hello'),
    );
    expect(await converse(port, 'HEAD /200 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')).toBe(
      'HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\n',
    );
    for (const status of [204, 304]) {
      const heard = await converse(port, `GET /${status} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
      expect(heard).toEndWith('\r\nconnection: close\r\n\r\n');
      expect(heard).not.toContain('content-length');
    }
  });

  test('that are streamed go out in chunks, the head at once', async () => {
    let write: (text: string) => void = () => undefined;
    let end = () => {};
    const { port } = serve((_, outgoing) => () => {
      outgoing.begin(200, { 'content-type': 'text/event-stream' });
      write = (text) => void outgoing.write(text);
      end = () => outgoing.end();
    });
    const client = await rawClient(port);
    client.send('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    await client.until((heard) => heard.endsWith('\r\n\r\n'));
    expect(client.heard()).toBe(
      'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n',
    );
    write('é');
    write('');
    await client.until((heard) => heard.endsWith('\r\n2\r\n\u00c3\u00a9\r\n'));
    end();
    await client.until((heard) => heard.endsWith('0\r\n\r\n'));
    client.destroy();
  });

  test('that are streamed with a length are not chunked, and less or more than it is cut off', async () => {
    const { port } = serve(({ path }, outgoing) => () => {
      outgoing.begin(200, { 'content-length': '5' });
      outgoing.write(path.slice(1));
      outgoing.end();
    });
    const get = (path: string) => `GET /${path} HTTP/1.1\r\nhost: x\r\n\r\n`;
    const client = await rawClient(port);
    client.send(get('hello') + get('hell'));
    const heard = await client.ended;
    expect(bodies(heard)).toEqual([expect.stringMatching(/^helloHTTP/), 'hell']);
    expect(bodies(await converse(port, get('hello!')))).toEqual(['']);
  });

  test('to HTTP/1.0 end with the connection, unless they are broken off: then it is reset', async () => {
    const { port } = serve(({ path }, outgoing) => () => {
      outgoing.begin(200, {});
      outgoing.write('hello');
      if (path === '/break') outgoing.break();
      else outgoing.end();
    });
    expect(await converse(port, 'GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n')).toBe(
      'HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhello',
    );
    const client = await rawClient(port);
    const reset = new Promise((resolve) => client.socket.on('error', resolve));
    client.send('GET /break HTTP/1.0\r\n\r\n');
    expect(await reset).toMatchObject({ code: 'ECONNRESET' });
    expect(client.heard()).toEndWith('hello');
  });

  test('that break off send what was written and no last chunk', async () => {
    const { port } = serve((_, outgoing) => () => {
      outgoing.begin(200, {});
      outgoing.write('hello');
      outgoing.break();
      outgoing.write('more');
      outgoing.end();
    });
    expect(await converse(port, 'GET / HTTP/1.1\r\nhost: x\r\n\r\n')).toEndWith('\r\n\r\n5\r\nhello\r\n');
  });

  test('cannot be given twice, nor to the request behind', async () => {
    let first: (() => void) | undefined;
    const { port } = serve(({ path }, outgoing) => () => {
      outgoing.send(200, {}, path);
      outgoing.send(200, {}, 'again');
      first?.();
      first ??= () => outgoing.send(200, {}, 'late');
    });
    const heard = await converse(
      port,
      'GET /one HTTP/1.1\r\nhost: x\r\n\r\nGET /two HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
    );
    expect(heard.match(/one|two|again|late/g)).toEqual(['one', 'two']);
  });

  test('of a handler that throws are 500, and the connection ends', async () => {
    const log: unknown[] = [];
    const options = { log: (...entry: unknown[]) => void log.push(entry) };
    const atHead = serve(() => {
      throw new Error('at the head');
    }, options);
    const atBody = serve(
      () => () => {
        throw new Error('at the body');
      },
      options,
    );
    for (const { port } of [atHead, atBody])
      expect(await converse(port, 'GET / HTTP/1.1\r\nhost: x\r\n\r\n')).toStartWith('HTTP/1.1 500 ');
    expect(log).toHaveLength(2);
  });
});

describe('bodies', () => {
  test('too large are told at the head, and the answer can be read by a caller who sends on', async () => {
    const told: unknown[] = [];
    const { port } = serve(
      (_, outgoing) => (body) => {
        told.push(body);
        outgoing.send(413, {}, 'too large');
      },
      { maxBody: 1000 },
    );
    const sized = await rawClient(port);
    sized.send(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 4000000\r\n\r\n${'a'.repeat(4_000_000)}`);
    expect(await sized.ended).toMatch(/^HTTP\/1.1 413 .*connection: close.*too large$/s);
    sized.destroy();
    const chunked = await rawClient(port);
    chunked.send(
      `POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n${`1f4\r\n${'a'.repeat(500)}\r\n`.repeat(4000)}0\r\n\r\n`,
    );
    expect(await chunked.ended).toMatch(/^HTTP\/1.1 413 .*connection: close.*too large$/s);
    chunked.destroy();
    expect(told).toEqual(['too_large', 'too_large']);
    const exact = await converse(
      port,
      `POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 1000\r\n\r\n${'a'.repeat(1000)}`,
    );
    expect(exact).toContain('413');
    expect(told[2]).toHaveLength(1000);
  });

  test('whose framing breaks are told as unreadable, and nothing behind them is a request', async () => {
    const seen: unknown[] = [];
    const { port } = serve(({ path }, outgoing) => (body) => {
      seen.push([path, body]);
      outgoing.send(400, {}, 'broken');
    });
    const heard = await converse(
      port,
      'POST /1 HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello!\r\n0\r\n\r\nGET /2 HTTP/1.1\r\nhost: x\r\n\r\n',
    );
    expect(heard).toMatch(/connection: close.*broken$/s);
    expect(seen).toEqual([['/1', 'unreadable']]);
  });

  test('are not waited for when the answer is given at the head, and the connection goes on behind a small one', async () => {
    const { port } = serve(({ path }, outgoing) => {
      outgoing.send(401, {}, path);
      return () => outgoing.send(200, {}, 'never');
    });
    const heard = await converse(
      port,
      'POST /one HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhelloPOST /two HTTP/1.1\r\nhost: x\r\ncontent-length: 9999999\r\n\r\nhello',
    );
    expect(heard.match(/one|two|never|close/g)).toEqual(['one', 'close', 'two']);
  });

  test('are asked for with 100 Continue, unless the answer is there already', async () => {
    const { port } = serve((incoming, outgoing) => {
      if (incoming.path !== '/refuse') return echo(incoming, outgoing);
      outgoing.send(401, {}, 'no');
      return undefined;
    });
    const client = await rawClient(port);
    client.send('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\r\n');
    await client.until((heard) => heard === 'HTTP/1.1 100 Continue\r\n\r\n');
    client.send('hello');
    await client.until((heard) => heard.includes('"body":"hello"'));
    client.destroy();
    const refused = await rawClient(port);
    refused.send('POST /refuse HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\r\n');
    expect(await refused.ended).toMatch(/^HTTP\/1.1 401 .*connection: close\r\n\r\nno$/s);
  });
});

describe('what is not HTTP', () => {
  test.each([
    ['garbage', '\x16\x03\x01\x02\x00\x01', 400],
    ['lines that end in LF alone', 'GET / HTTP/1.1\nhost: x\n\n', 400],
    ['an endless head', `GET / HTTP/1.1\r\n${'x: y\r\n'.repeat(20_000)}`, 431],
    ['an endless line', `GET /${'a'.repeat(100_000)}`, 431],
    ['another version', 'GET / HTTP/3.0\r\nhost: x\r\n\r\n', 505],
    [
      'a request smuggled behind a length',
      'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n',
      400,
    ],
    [
      'one behind a coding in disguise',
      'POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding : chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n',
      400,
    ],
    [
      'one behind two lengths',
      'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\ncontent-length: 44\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n',
      400,
    ],
    [
      'one in a folded line',
      'GET / HTTP/1.1\r\nhost: x\r\nx: y\r\n content-length: 44\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n',
      400,
    ],
  ])('%s is refused and nothing behind it is read', async (_, text, status) => {
    const seen: string[] = [];
    const { port } = serve(({ path }, outgoing) => {
      seen.push(path);
      outgoing.send(200, {}, '');
      return undefined;
    });
    const heard = await converse(port, Buffer.from(text, 'latin1'));
    expect(heard).toStartWith(`HTTP/1.1 ${status} `);
    expect(heard.match(/HTTP\/1.1 \d/g)).toHaveLength(1);
    expect(heard).toContain('connection: close');
    expect(seen).toEqual([]);
  });
});

describe('patience', () => {
  test('ends for slow heads, silent bodies and idle connections, not for answers', async () => {
    const clock = virtualClock();
    const told: unknown[] = [];
    const { port, connections } = serve(
      ({ path }, outgoing) =>
        (body) => {
          told.push([path, body]);
          if (body === 'broken') outgoing.send(408, {}, 'slow');
        },
      { clock },
    );
    const silent = await rawClient(port);
    const slow = await rawClient(port);
    const body = await rawClient(port);
    const waiting = await rawClient(port);
    slow.send('GET / HTTP/1.1\r\nhos');
    body.send('POST /body HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhel');
    waiting.send('GET /waiting HTTP/1.1\r\nhost: x\r\n\r\n');
    await eventually(() => told.length === 1 && connections() === 4);
    await Bun.sleep(20);
    await clock.advance(29_000);
    expect(connections()).toBe(4);
    await clock.advance(4_000);
    expect(await silent.ended).toBe('');
    expect(await slow.ended).toStartWith('HTTP/1.1 408 ');
    await clock.advance(30_000);
    expect(await body.ended).toMatch(/^HTTP\/1.1 408 .*slow$/s);
    expect(told).toEqual([
      ['/waiting', new Uint8Array(0)],
      ['/body', 'broken'],
    ]);
    await clock.advance(3_600_000);
    await eventually(() => connections() === 1);
    expect(waiting.heard()).toBe('');
    waiting.destroy();
  });

  test('lets an idle connection live for its time', async () => {
    const clock = virtualClock();
    const { port, connections } = serve(hello, { clock });
    const client = await rawClient(port);
    client.send('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    await client.until((heard) => heard.endsWith('hello'));
    await clock.advance(74_000);
    expect(connections()).toBe(1);
    await clock.advance(4_000);
    await client.ended;
    client.destroy();
    await eventually(() => connections() === 0);
  });
});

test('a caller that does not close behind the last answer is closed', async () => {
  const clock = virtualClock();
  const { port, connections } = serve(hello, { clock });
  const client = await rawClient(port);
  client.send('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
  await client.ended;
  expect(connections()).toBe(1);
  await clock.advance(7_000);
  await eventually(() => connections() === 0);
});

describe('stop', () => {
  test('ends idle connections at once and the others after their answer', async () => {
    const clock = virtualClock();
    let answer = () => {};
    const server = serve(
      ({ path }, outgoing) =>
        () => {
          answer = () => outgoing.send(200, {}, path);
          if (path === '/now') answer();
        },
      { clock },
    );
    const idle = await rawClient(server.port);
    idle.send('GET /now HTTP/1.1\r\nhost: x\r\n\r\n');
    await idle.until((heard) => heard.endsWith('/now'));
    const busy = await rawClient(server.port);
    busy.send('GET /later HTTP/1.1\r\nhost: x\r\n\r\n');
    await eventually(() => server.connections() === 2);
    await Bun.sleep(20);
    server.stop(false);
    await idle.ended;
    await expect(fetch(server.url)).rejects.toThrow();
    expect(clock.pending).toBeGreaterThan(0);
    answer();
    expect(await busy.ended).toMatch(/connection: close\r\n\r\n\/later$/);
    for (const client of [idle, busy]) client.destroy();
    await eventually(() => server.connections() === 0);
    expect(clock.pending).toBe(0);
  });

  test('by force ends all', async () => {
    let left = 0;
    const server = serve((_, outgoing) => () => {
      outgoing.onLeft = () => left++;
    });
    const client = await rawClient(server.port);
    client.send('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    await eventually(() => server.connections() === 1);
    await Bun.sleep(20);
    server.stop(true);
    await client.ended;
    await eventually(() => server.connections() === 0);
    expect(left).toBe(1);
  });
});

test('a listener keeps no timer after it has stopped', async () => {
  const clock = virtualClock();
  const server = listen({ host: '127.0.0.1', port: 0, maxBody: 1, clock, handler: hello });
  server.stop(false);
  expect(clock.pending).toBe(0);
  expect(systemClock().now()).toBeGreaterThan(0);
});

test('a port may be shared with those who join, and with nobody else', async () => {
  const house = (shared: 'first' | 'joins' | undefined, port: number, says: string) =>
    listen({
      host: '127.0.0.1',
      port,
      ...(shared && { shared }),
      maxBody: 1_000,
      clock: systemClock(),
      handler: (_, outgoing) => void outgoing.send(200, {}, says),
    });
  const first = house('first', 0, 'first');
  const second = house('joins', first.port, 'second');
  expect(() => house(undefined, first.port, 'stranger')).toThrow();
  expect(() => house('first', first.port, 'stranger')).toThrow();
  const ask = async () => (await fetch(first.url, { headers: { connection: 'close' } })).text();
  const heard = new Set<string>();
  for (let i = 0; i < 200 && heard.size < 2; i++) heard.add(await ask());
  // Which of them is asked is the kernel's choice; elsewhere than on Linux it may always be the same.
  if (process.platform === 'linux') expect([...heard].sort()).toEqual(['first', 'second']);
  second.stop(true);
  expect(await ask()).toBe('first');
  first.stop(true);
});
