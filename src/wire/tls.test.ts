import { afterEach, describe, expect, test } from 'bun:test';
import type { Socket } from 'bun';
import { systemClock } from '#kernel';
import { CA, LOCALHOST, OTHER } from './testing/certificates.ts';
import { eventually } from './testing/raw.ts';
import { scripted, take } from './testing/upstream.ts';
import { createTransport, type TransportOptions } from './transport.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

function create(options: Partial<TransportOptions> = {}) {
  const made = createTransport({ clock: systemClock(), ca: CA, ...options });
  closing.push(made.close);
  return made;
}

function secure(tls: Bun.TLSOptions, onData: Parameters<typeof scripted>[0] = (s) => void s.write(OK)) {
  const server = scripted(onData, tls);
  closing.push(server.stop);
  return server;
}

const RENEGOTIATING = `
  const options = { ...JSON.parse(process.argv[1]), maxVersion: 'TLSv1.2' };
  const server = require('node:tls').createServer(options, (socket) => {
    let heard = '';
    socket.on('data', (bytes) => {
      const first = heard === '';
      heard += bytes;
      if (!first) return;
      socket.write('HTTP/1.1 200 OK\\r\\ncontent-length: 2\\r\\n\\r\\n');
      socket.renegotiate({}, () => {
        // Whatever it was told again has arrived by now.
        setTimeout(() => {
          process.stdout.write('requests: ' + heard.split('GET ').slice(1).length);
          socket.write('ok');
        }, 30);
      });
    });
  });
  server.listen(0, '127.0.0.1', () => process.stdout.write(String(server.address().port)));
`;
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

describe('https', () => {
  test.each(['localhost', '127.0.0.1'])(
    'to %s is trusted by its certificate, and its connection kept',
    async (host) => {
      const server = secure(LOCALHOST);
      const { transport, stats } = create();
      for (let i = 0; i < 3; i++) {
        const got = await take(transport, { url: `https://${host}:${server.port}/${i}` });
        expect(got.events).toEqual(['connected', 'head', 'data', 'end']);
      }
      expect(server.accepted()).toBe(1);
      expect(stats()).toEqual({ open: 1, idle: 1 });
      expect(server.heard()).toContain(`host: ${host}:${server.port}\r\n`);
    },
  );

  test.each([
    ['for another host', OTHER, CA, 'localhost', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['for another address', OTHER, CA, '127.0.0.1', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['by an authority nobody knows', LOCALHOST, undefined, 'localhost', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ])('with a certificate %s is refused before a byte is sent', async (_, tls, ca, host, detail) => {
    const server = secure(tls);
    const { transport, stats } = create({ ca });
    const got = await take(transport, {
      url: `https://${host}:${server.port}/`,
      headers: { authorization: 'secret' },
    });
    expect(got.events).toEqual(['fail']);
    expect(got.trouble).toEqual({ kind: 'connect', detail });
    expect(stats()).toEqual({ open: 0, idle: 0 });
    await eventually(() => server.open() === 0);
    expect(server.heard()).toBe('');
  });

  test('is not asked twice by a server that renegotiates after the call', async () => {
    // Bun's own servers cannot; Node, which brought npm here, can.
    const server = Bun.spawn(['node', '-e', RENEGOTIATING, JSON.stringify(LOCALHOST)], { stdout: 'pipe' });
    closing.push(() => server.kill());
    const told = server.stdout.getReader();
    const line = async () => Buffer.from((await told.read()).value ?? []).toString();
    const port = Number(await line());
    const got = await take(create().transport, { url: `https://localhost:${port}/` });
    expect(got.body.toString()).toBe('ok');
    expect(await line()).toBe('requests: 1');
  });

  test('to a port without TLS fails', async () => {
    const server = scripted((socket) => void socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
    closing.push(server.stop);
    const got = await take(create().transport, { url: `https://localhost:${server.port}/` });
    expect(got.trouble?.kind).toBe('connect');
  });

  test('carries large bodies both ways', async () => {
    const body = Buffer.alloc(4_000_000, 'abc');
    let got = 0;
    const server = secure(LOCALHOST, (socket, text) => {
      got += text.length;
      if (got >= body.length) socket.write(OK);
    });
    const answer = await take(create().transport, {
      url: `https://localhost:${server.port}/`,
      method: 'POST',
      body,
    });
    expect(answer.body.toString()).toBe('ok');
    expect(server.heard().endsWith(body.toString())).toBe(true);
  });

  test('is cancelled at once', async () => {
    const server = secure(LOCALHOST, (socket) => void socket.write('HTTP/1.1 200 OK\r\n\r\nhello'));
    let seen = '';
    const call = create().transport(
      { url: `https://localhost:${server.port}/`, method: 'GET', headers: {} },
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
    await eventually(() => seen === 'hello');
    call.cancel();
    await eventually(() => server.open() === 0);
  });
});

/** A proxy that tunnels whatever it is asked for to 127.0.0.1, or answers with `refusal`. */
function proxy(refusal?: string) {
  interface State {
    other?: Socket<State>;
  }
  const heads: string[] = [];
  const server = Bun.listen<State>({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      open(socket) {
        socket.data = {};
      },
      data(socket, bytes) {
        if (socket.data.other) return void socket.data.other.write(bytes);
        const head = bytes.toString('latin1');
        heads.push(head);
        if (refusal !== undefined) return void socket.end(refusal);
        if (!head.startsWith('CONNECT')) return void socket.write(OK);
        void Bun.connect<State>({
          hostname: '127.0.0.1',
          port: Number(/:(\d+) HTTP/.exec(head)?.[1]),
          data: { other: socket },
          socket: {
            open(up) {
              socket.data.other = up;
              // In two pieces, as it may come.
              socket.write('HTTP/1.1 200 Connection');
              setTimeout(() => socket.write(' established\r\n\r\n'), 5);
            },
            data: (_, bytes) => void socket.write(bytes),
            close: () => void socket.end(),
          },
        });
      },
      close: (socket) => void socket.data.other?.end(),
    },
  });
  closing.push(() => server.stop(true));
  return { url: `http://127.0.0.1:${server.port}`, port: server.port, heads };
}

describe('a proxy', () => {
  test('is asked for a tunnel to an https origin, which is verified as if there were none', async () => {
    const { url, port, heads } = proxy();
    const server = secure(LOCALHOST);
    const via = url.replace('//', '//us%40er:pa%3Ass@');
    const { transport } = create({ proxy: () => via });
    for (let i = 0; i < 2; i++) {
      const got = await take(transport, {
        url: `https://localhost:${server.port}/x`,
        headers: { authorization: 'secret' },
      });
      expect(got.events).toEqual(['connected', 'head', 'data', 'end']);
    }
    expect(port).toBeGreaterThan(0);
    expect(heads).toEqual([
      `CONNECT localhost:${server.port} HTTP/1.1\r\nhost: localhost:${server.port}\r\nproxy-authorization: Basic ${btoa('us@er:pa:ss')}\r\n\r\n`,
    ]);
    const other = secure(OTHER);
    const got = await take(transport, { url: `https://localhost:${other.port}/x` });
    expect(got.trouble).toEqual({ kind: 'connect', detail: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    expect(other.heard()).toBe('');
  });

  test('is sent the whole URL of an http origin', async () => {
    const { url, heads } = proxy();
    const { transport } = create({ proxy: (to) => (to.includes('direct') ? undefined : url) });
    await take(transport, { url: 'http://anywhere.test/x?y' });
    expect(heads).toEqual(['GET http://anywhere.test/x?y HTTP/1.1\r\nhost: anywhere.test\r\n\r\n']);
    expect((await take(transport, { url: 'http://direct.invalid/' })).trouble?.kind).toBe('connect');
    expect(heads).toHaveLength(1);
  });

  test.each([
    ['HTTP/1.1 407 Proxy Authentication Required\r\n\r\n', /407/],
    ['nonsense\r\n\r\n', /no HTTP/],
    ['HTTP/1.1 200 OK\r\n\r\nmore', /more than its answer/],
    ['HTTP/1.1 200 OK\r\n', /closed/],
    ['x'.repeat(100_000), /HTTP/],
  ])('that answers %j gives no connection', async (text, detail) => {
    const { url } = proxy(text.slice(0, 100_000));
    const { transport, stats } = create({ proxy: () => url });
    const got = await take(transport, { url: 'https://localhost:9/' });
    expect(got.trouble).toEqual({ kind: 'connect', detail: expect.stringMatching(detail) });
    expect(stats()).toEqual({ open: 0, idle: 0 });
  });

  test('that is none fails, and its password is not told', async () => {
    const { transport } = create({ proxy: () => 'socks5://user:hunter2@127.0.0.1:1' });
    const got = await take(transport, { url: 'https://localhost:9/' });
    expect(got.trouble?.kind).toBe('connect');
    expect(got.trouble?.detail).not.toContain('hunter2');
  });
});
