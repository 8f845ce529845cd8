import net from 'node:net';

/** What a scripted provider does with one request; bytes go out exactly as written. */
export interface Script {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** `chunked` frames each part as one chunk; `length` sends them with a content-length; `raw` sends parts as they are, head included. */
  readonly framing?: 'chunked' | 'length' | 'raw';
  readonly parts: readonly (string | Uint8Array)[];
  /** Milliseconds before each part. */
  readonly pause?: number;
  /** After the parts: end well, close in the middle, reset, or say nothing more. */
  readonly end?: 'well' | 'fin' | 'reset' | 'silence';
  /** Milliseconds before the head. */
  readonly delay?: number;
}

export interface Heard {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Resolves when the other side has closed the connection. */
  readonly closed: Promise<void>;
}

export interface ScriptedUpstream {
  readonly port: number;
  readonly heard: Heard[];
  /** Scripts are used in order; the last one again and again. */
  play(...scripts: Script[]): void;
  stop(): Promise<void>;
}

/** A provider over a bare socket: the only way to test what a client makes of bytes is to own the bytes. */
export async function scriptedUpstream(): Promise<ScriptedUpstream> {
  const heard: Heard[] = [];
  let scripts: Script[] = [];
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    let buffered: Buffer = Buffer.alloc(0);
    let resolveClosed: () => void = () => undefined;
    let closed = new Promise<void>((r) => {
      resolveClosed = r;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      sockets.delete(socket);
      resolveClosed();
    });
    socket.on('data', (data) => {
      buffered = Buffer.concat([buffered, Buffer.from(data as Uint8Array)]);
      for (let request = take(buffered); request; request = take(buffered)) {
        buffered = request.rest;
        heard.push({ ...request.head, body: request.body, closed });
        closed = new Promise<void>((r) => {
          const before = resolveClosed;
          resolveClosed = () => {
            before();
            r();
          };
        });
        const script = scripts.length > 1 ? scripts.shift() : scripts[0];
        if (script) void perform(socket, script);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as net.AddressInfo).port,
    heard,
    play(...next) {
      scripts = next;
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function take(buffer: Buffer) {
  const end = buffer.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [first = '', ...lines] = buffer.subarray(0, end).toString('latin1').split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      line.slice(line.indexOf(':') + 1).trim(),
    ]),
  );
  const length = Number(headers['content-length'] ?? 0);
  const from = end + 4;
  if (buffer.length < from + length) return undefined;
  const [method = '', path = ''] = first.split(' ');
  return {
    head: { method, path, headers },
    body: new Uint8Array(buffer.subarray(from, from + length)),
    rest: buffer.subarray(from + length),
  };
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

async function perform(socket: net.Socket, script: Script): Promise<void> {
  const {
    status = 200,
    headers = {},
    framing = 'chunked',
    parts,
    pause = 0,
    end = 'well',
    delay = 0,
  } = script;
  if (delay > 0) await sleep(delay);
  const bytes = parts.map((p) => Buffer.from(p as Uint8Array));
  if (framing !== 'raw') {
    const size =
      framing === 'length'
        ? { 'content-length': String(bytes.reduce((n, b) => n + b.length, 0)) }
        : { 'transfer-encoding': 'chunked' };
    const head = Object.entries({ ...headers, ...size }).map(([k, v]) => `${k}: ${v}\r\n`);
    socket.write(`HTTP/1.1 ${status} X\r\n${head.join('')}\r\n`);
  }
  for (const part of bytes) {
    if (pause > 0) await sleep(pause);
    if (socket.destroyed) return;
    if (framing === 'chunked') {
      if (part.length === 0) continue;
      socket.write(
        Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')]),
      );
    } else socket.write(part);
  }
  if (end === 'well' && framing === 'chunked') socket.write('0\r\n\r\n');
  if (end === 'fin') socket.end();
  if (end === 'reset') socket.resetAndDestroy();
}
