import { expect, test } from 'bun:test';
import type { Socket } from 'bun';
import fc from 'fast-check';
import type { Handler, Incoming, Outgoing } from '#contracts';
import { systemClock } from '#kernel';
import { Connection } from './connection.ts';
import { LIMITS } from './limits.ts';
import { Stage } from './outbox.ts';

/** A connection on a socket that only keeps what is written: the reading of requests is a function of the bytes. */
function fed(pieces: readonly Buffer[]): { readonly seen: readonly string[]; readonly written: string } {
  const seen: string[] = [];
  let written = '';
  const handler: Handler = ({ method, path }, outgoing) => {
    return (body) => {
      const text = typeof body === 'string' ? `<${body}>` : Buffer.from(body).toString('latin1');
      seen.push(`${method} ${path} ${text}`);
      outgoing.send(200, {}, text);
    };
  };
  const socket = {
    write(bytes: Uint8Array, from = 0, length = bytes.length) {
      written += Buffer.from(bytes).toString('latin1', from, from + length);
      return length;
    },
    end: () => 0,
    shutdown: () => undefined,
    terminate: () => undefined,
  };
  const connection = new Connection(
    socket as unknown as Socket<Connection>,
    {
      handler,
      clock: systemClock(),
      log: undefined,
      limits: LIMITS,
      maxBody: 10_000,
      stage: new Stage(),
      tick: 0,
      unread: 0,
      crowded: false,
      stopping: false,
    },
    { address: '127.0.0.1', loopback: true },
  );
  for (const piece of pieces) connection.received(Buffer.from(piece));
  return { seen, written };
}

const STREAM = Buffer.from(
  [
    'GET /a HTTP/1.1\r\nhost: x\r\n\r\n',
    '\r\nPOST /b HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello',
    'POST /b HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nyou',
    'PUT /c?d HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5;e\r\nhello\r\n1\r\n!\r\n0\r\nt: 1\r\n\r\n',
    'HEAD /e HTTP/1.1\r\nhost: x\r\n\r\n',
    'POST /f HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n',
    'GET /g HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\nGET /never HTTP/1.1\r\nhost: x\r\n\r\n',
  ].join(''),
);
const SEEN = ['GET /a ', 'POST /b hello', 'POST /b you', 'PUT /c hello!', 'HEAD /e ', 'POST /f ', 'GET /g '];

test('requests are the same wherever the network cuts them once', () => {
  const whole = fed([STREAM]);
  expect(whole.seen).toEqual(SEEN);
  for (let at = 1; at < STREAM.length; at++)
    expect(fed([STREAM.subarray(0, at), STREAM.subarray(at)])).toEqual(whole);
});

test('requests are the same wherever the network cuts them', () => {
  const whole = fed([STREAM]);
  expect(fed([...STREAM].map((byte) => Buffer.of(byte)))).toEqual(whole);
  fc.assert(
    fc.property(fc.array(fc.nat(STREAM.length), { maxLength: 40 }), (cuts) => {
      const at = [...new Set(cuts)].sort((a, b) => a - b);
      expect(fed([0, ...at].map((from, i) => STREAM.subarray(from, at[i] ?? STREAM.length)))).toEqual(whole);
    }),
  );
});

test('an answer that nobody takes is waited for, and less while many of them take much room', () => {
  for (const [crowded, ticks] of [
    [false, LIMITS.unread],
    [true, LIMITS.unreadCrowded],
  ] as const) {
    let gone = false;
    const socket = {
      write: () => 0,
      end: () => 0,
      shutdown: () => undefined,
      pause: () => undefined,
      resume: () => undefined,
      terminate: () => {
        gone = true;
      },
    };
    const house = {
      handler: (_: Incoming, outgoing: Outgoing) => void outgoing.send(200, {}, 'x'.repeat(100_000)),
      clock: systemClock(),
      log: undefined,
      limits: LIMITS,
      maxBody: 10_000,
      stage: new Stage(),
      tick: 0,
      unread: 0,
      crowded,
      stopping: false,
    };
    const peer = { address: '127.0.0.1', loopback: true };
    const connection = new Connection(socket as unknown as Socket<Connection>, house, peer);
    connection.received(Buffer.from('GET / HTTP/1.1\r\nhost: x\r\n\r\n'));
    for (; !gone && house.tick < 1_000; house.tick++) connection.check();
    expect(house.tick).toBe(ticks + 2);
    expect(house.unread).toBeGreaterThanOrEqual(100_000 * ticks);
  }
});
