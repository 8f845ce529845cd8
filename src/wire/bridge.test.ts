import { afterEach, expect, test } from 'bun:test';
import { bridge, type Program } from './bridge.ts';
import { converse, eventually, rawClient } from './testing/raw.ts';
import { serve, stopServers } from './testing/server.ts';

afterEach(stopServers);

const errors: unknown[] = [];
const bridged = (program: Program, maxBody?: number) =>
  serve(
    bridge(program, (error) => {
      errors.push(error);
      return new Response('sorry', { status: 500 });
    }),
    maxBody === undefined ? {} : { maxBody },
  );

test('a program sees the request, and the caller its response', async () => {
  const { url } = bridged(async (request, peer) => {
    const { pathname, search } = new URL(request.url);
    return Response.json(
      {
        method: request.method,
        pathname,
        search,
        x: request.headers.get('x-a'),
        body: await request.text(),
        peer,
      },
      { status: 201, headers: { 'x-b': 'c' } },
    );
  });
  const answer = await fetch(`${url}/a/b?c=d`, { method: 'POST', body: 'hello', headers: { 'x-a': '1' } });
  expect(answer.status).toBe(201);
  expect(answer.headers.get('x-b')).toBe('c');
  expect(await answer.json()).toEqual({
    method: 'POST',
    pathname: '/a/b',
    search: '?c=d',
    x: '1',
    body: 'hello',
    peer: { address: '127.0.0.1', loopback: true },
  });
});

test('cookies stay apart, and a response without a body has none', async () => {
  const { url } = bridged((request) => {
    const headers = new Headers();
    headers.append('set-cookie', 'a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT');
    headers.append('set-cookie', 'b=2');
    return new Response(request.method === 'HEAD' ? 'unseen' : null, { status: 200, headers });
  });
  for (const method of ['GET', 'HEAD']) {
    const answer = await fetch(url, { method });
    expect(answer.headers.getSetCookie()).toEqual(['a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT', 'b=2']);
    expect(await answer.text()).toBe('');
  }
});

test('what the web platform has no request for is refused', async () => {
  const { port } = bridged(() => new Response('served'));
  expect(await converse(port, 'GET / HTTP/1.1\r\nhost: %\r\nconnection: close\r\n\r\n')).toStartWith(
    'HTTP/1.1 400 ',
  );
  expect(await converse(port, 'OPTIONS * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')).toContain(
    'served',
  );
});

test('a program that throws, and a body that is too large, have their answers', async () => {
  const { url } = bridged(() => {
    throw new Error('thrown');
  }, 10);
  const answer = await fetch(url);
  expect([answer.status, await answer.text()]).toEqual([500, 'sorry']);
  expect(errors.splice(0)).toEqual([expect.objectContaining({ message: 'thrown' })]);
  expect((await fetch(url, { method: 'POST', body: 'x'.repeat(11) })).status).toBe(413);
});

test('a stream goes out as it comes, no faster than it is read, and is cancelled when the caller leaves', async () => {
  let pulled = 0;
  let cancelled = 0;
  let aborted = 0;
  const part = new Uint8Array(64 * 1024);
  const { url, port, connections } = bridged((request) => {
    request.signal.addEventListener('abort', () => aborted++);
    if (request.url.endsWith('/one'))
      return new Response(
        new ReadableStream({
          start(controller) {
            controller.enqueue(new TextEncoder().encode('data: 1\n\n'));
          },
          cancel: () => void cancelled++,
        }),
      );
    return new Response(
      new ReadableStream({
        pull(controller) {
          pulled++;
          controller.enqueue(part);
        },
        cancel: () => void cancelled++,
      }),
    );
  });
  const leaving = new AbortController();
  const one = await fetch(`${url}/one`, { signal: leaving.signal });
  expect(Buffer.from((await one.body!.getReader().read()).value!).toString()).toBe('data: 1\n\n');
  leaving.abort();
  await eventually(() => cancelled === 1 && aborted === 1);
  const client = await rawClient(port);
  client.socket.pause();
  client.send('GET /endless HTTP/1.1\r\nhost: x\r\n\r\n');
  await Bun.sleep(200);
  const before = pulled;
  await Bun.sleep(50);
  expect(pulled).toBe(before);
  expect(pulled).toBeLessThan(400);
  client.destroy();
  await eventually(() => cancelled === 2 && aborted === 2 && connections() === 0);
});

test('a stream that fails is broken off, not ended', async () => {
  const { url } = bridged(
    () =>
      new Response(
        new ReadableStream({
          async pull(controller) {
            controller.enqueue(new TextEncoder().encode('part'));
            await Bun.sleep(5);
            controller.error(new Error('failed'));
          },
        }),
      ),
  );
  await expect((await fetch(url)).text()).rejects.toThrow();
  expect(errors.splice(0)).toHaveLength(1);
});
