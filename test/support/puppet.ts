import net from 'node:net';

/** One request a puppet was asked, and the wire on which it answers. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** How many calls came before this one. */
  readonly number: number;
  /** `performance.now()` at which it was whole. */
  readonly at: number;
  /** Resolves when the caller has closed the connection. */
  readonly closed: Promise<void>;
  /** Bytes as they are. */
  write(bytes: string | Uint8Array): void;
  fin(): void;
  reset(): void;
}

export type Behaviour = (call: Call) => void | Promise<void>;

export interface Puppet {
  readonly port: number;
  readonly calls: readonly Call[];
  /** Connections that are open now. */
  readonly open: number;
  /** What is done with every call from now on. */
  act(behaviour: Behaviour): void;
  /** Forgets the calls so far; a long run would pile them up. */
  forget(): void;
  stop(): Promise<void>;
}

/** A provider whose every byte and pause is the test's: unlike a script it can wait for what the caller has seen. */
export async function puppet(behaviour: Behaviour = () => undefined): Promise<Puppet> {
  let acts = behaviour;
  const calls: Call[] = [];
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    const closed = new Promise<void>((resolve) => {
      socket.on('close', () => {
        sockets.delete(socket);
        resolve();
      });
    });
    socket.on('error', () => undefined);
    let waiting = Buffer.alloc(0);
    socket.on('data', (data) => {
      waiting = Buffer.concat([waiting, data as unknown as Uint8Array]);
      for (let one = take(waiting); one; one = take(waiting)) {
        waiting = one.rest;
        const call: Call = {
          ...one.said,
          number: calls.length,
          at: performance.now(),
          closed,
          write: (bytes) => {
            if (!socket.destroyed) socket.write(bytes);
          },
          fin: () => socket.end(),
          reset: () => socket.resetAndDestroy(),
        };
        calls.push(call);
        void acts(call);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as net.AddressInfo).port,
    calls,
    get open() {
      return sockets.size;
    },
    act(next) {
      acts = next;
    },
    forget() {
      calls.length = 0;
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function take(bytes: Buffer) {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [first = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const from = end + 4;
  const to = from + Number(headers['content-length'] ?? 0);
  if (bytes.length < to) return undefined;
  const [method = '', path = ''] = first.split(' ');
  return {
    said: { method, path, headers, body: new Uint8Array(bytes.subarray(from, to)) },
    rest: bytes.subarray(to) as Buffer<ArrayBuffer>,
  };
}

type Headers = Readonly<Record<string, string>>;

export const head = (status: number, headers: Headers): string =>
  `HTTP/1.1 ${status} X\r\n${Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`;

/** A whole answer with its length. */
export const whole = (status: number, headers: Headers, body: string): string =>
  `${head(status, { ...headers, 'content-length': String(Buffer.byteLength(body)) })}${body}`;

export const chunk = (text: string): string =>
  text === '' ? '' : `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;

export const LAST_CHUNK = '0\r\n\r\n';

/** The head of a chunked stream and its first events. */
export const streamed = (headers: Headers, ...events: readonly string[]): string =>
  `${head(200, { ...headers, 'transfer-encoding': 'chunked' })}${events.map(chunk).join('')}`;
