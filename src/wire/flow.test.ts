import { afterEach, expect, test } from 'bun:test';
import { createHash, randomBytes } from 'node:crypto';
import type { Outgoing } from '#contracts';
import { systemClock } from '#kernel';
import { eventually, rawClient } from './testing/raw.ts';
import { serve, stopServers } from './testing/server.ts';
import { scripted, take } from './testing/upstream.ts';
import { createTransport } from './transport.ts';

afterEach(stopServers);

const MB = 1024 * 1024;
const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

test('bodies of 32 MB go both ways unharmed, sized and in chunks', async () => {
  const body = randomBytes(32 * MB);
  const { url } = serve(({ path }, outgoing) => (got) => {
    if (typeof got === 'string') return outgoing.send(400, {}, got);
    if (path === '/sized') return outgoing.send(200, {}, got);
    outgoing.begin(200, {});
    let at = 0;
    const write = () => {
      while (at < got.length) {
        const part = got.subarray(at, at + 100_000);
        at += part.length;
        if (!outgoing.write(part)) return;
      }
      outgoing.end();
    };
    outgoing.onDrain = write;
    write();
  });
  const { transport, close } = createTransport({ clock: systemClock() });
  for (const path of ['/sized', '/chunked']) {
    const { status, body: back } = await take(transport, { url: url + path, method: 'POST', body });
    expect(status).toBe(200);
    expect(back.length).toBe(body.length);
    expect(digest(back)).toBe(digest(body));
  }
  close();
}, 120_000);

test('a caller that does not read stops the writer, and is given the rest when it does', async () => {
  let out: Outgoing | undefined;
  let drained = 0;
  const { port } = serve((_, outgoing) => () => {
    out = outgoing;
    outgoing.onDrain = () => drained++;
    outgoing.begin(200, {});
  });
  const client = await rawClient(port);
  client.socket.pause();
  client.send('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  await eventually(() => out !== undefined);
  const part = 'x'.repeat(64 * 1024);
  let written = 0;
  while (out?.write(part) === true && written < 2000) {
    written++;
    await Bun.sleep(0);
  }
  expect(written).toBeLessThan(400);
  await Bun.sleep(50);
  expect(drained).toBe(0);
  client.socket.resume();
  await eventually(() => drained === 1);
  out?.end();
  await client.until((heard) => heard.endsWith('\r\n0\r\n\r\n'));
  expect(client.heard().match(/x/g)).toHaveLength((written + 1) * part.length);
  client.destroy();
}, 120_000);

test('requests pipelined by a caller that does not read are left in its own buffers', async () => {
  let asked = 0;
  const { port, connections } = serve((_, outgoing) => () => {
    asked++;
    outgoing.send(200, {}, 'x'.repeat(10_000));
  });
  const client = await rawClient(port);
  client.socket.pause();
  client.send(`GET /${'a'.repeat(1000)} HTTP/1.1\r\nhost: x\r\n\r\n`.repeat(32_000));
  let before = -1;
  while (asked !== before) {
    before = asked;
    await Bun.sleep(100);
  }
  expect(asked).toBeLessThan(16_000);
  expect(client.socket.writableLength).toBeGreaterThan(8 * MB);
  client.socket.resume();
  await eventually(() => asked === 32_000);
  client.destroy();
  await eventually(() => connections() === 0);
}, 120_000);

test('a paused call stops the provider within a few megabytes, and goes on where it stopped', async () => {
  const part = Buffer.alloc(64 * 1024, 'x');
  const total = 64 * MB;
  let sent = 0;
  const pump = (socket: { write(b: Uint8Array, from: number, n: number): number }) => {
    for (;;) {
      const n = Math.min(part.length, total - sent);
      if (n === 0) return;
      const taken = Math.max(0, socket.write(part, 0, n));
      sent += taken;
      if (taken < n) return;
    }
  };
  const server = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      data(socket) {
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${total}\r\n\r\n`);
        pump(socket);
      },
      drain: pump,
    },
  });
  const { transport, close, stats } = createTransport({ clock: systemClock() });
  let got = 0;
  let ended = false;
  const call = transport(
    { url: `http://127.0.0.1:${server.port}/`, method: 'GET', headers: {} },
    {
      connected: () => undefined,
      head: () => call.pause(),
      data(bytes) {
        got += bytes.length;
      },
      end() {
        ended = true;
      },
      fail: () => undefined,
    },
  );
  await eventually(() => sent > 0);
  await Bun.sleep(100);
  const stopped = sent;
  const before = got;
  await Bun.sleep(100);
  expect(sent).toBe(stopped);
  expect(got).toBe(before);
  expect(sent).toBeLessThan(16 * MB);
  call.resume();
  await eventually(() => ended);
  expect(got).toBe(total);
  expect(stats()).toEqual({ open: 1, idle: 1 });
  close();
  server.stop(true);
}, 120_000);

test('a forwarded stream to a slow reader does not pile up between', async () => {
  const part = Buffer.alloc(64 * 1024, 'x');
  let sent = 0;
  const server = scripted((socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    const pump = () => {
      for (let taken = part.length; taken === part.length && sent < 256 * MB; ) {
        taken = Math.max(0, socket.write(part));
        sent += taken;
      }
    };
    pump();
    const timer = setInterval(pump, 1);
    setTimeout(() => clearInterval(timer), 300);
  });
  const { transport, close } = createTransport({ clock: systemClock() });
  const { port } = serve((_, outgoing) => () => {
    const call = transport(
      { url: server.url, method: 'GET', headers: {} },
      {
        connected: () => undefined,
        head: (status, headers) => outgoing.begin(status, headers),
        data(bytes) {
          if (!outgoing.write(bytes)) call.pause();
        },
        end: () => outgoing.end(),
        fail: () => outgoing.break(),
      },
    );
    outgoing.onDrain = () => call.resume();
    outgoing.onLeft = () => call.cancel();
  });
  const client = await rawClient(port);
  client.socket.pause();
  client.send('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  await Bun.sleep(350);
  expect(sent).toBeGreaterThan(0);
  expect(sent).toBeLessThan(32 * MB);
  client.destroy();
  await eventually(() => server.open() === 0);
  close();
  server.stop();
}, 120_000);
