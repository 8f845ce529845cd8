import type { Socket } from 'bun';
import type { AnswerTaker, Fields, Transport, TransportRequest, TransportTrouble } from '#contracts';

export interface ScriptedServer {
  readonly port: number;
  readonly url: string;
  /** Connections accepted so far. */
  readonly accepted: () => number;
  /** Connections open now. */
  readonly open: () => number;
  /** Everything heard, over all connections. */
  readonly heard: () => string;
  stop(): void;
}

/** A server that does to each read whatever the test says. `turn` counts the reads of the connection. */
export function scripted(
  onData: (socket: Socket<{ turn: number }>, text: string, turn: number) => void,
  tls?: Bun.TLSOptions,
): ScriptedServer {
  let accepted = 0;
  let heard = '';
  const sockets = new Set<Socket<{ turn: number }>>();
  const server = Bun.listen<{ turn: number }>({
    hostname: '127.0.0.1',
    port: 0,
    ...(tls && { tls }),
    socket: {
      open(socket) {
        socket.data = { turn: 0 };
        accepted++;
        sockets.add(socket);
      },
      data(socket, bytes) {
        const text = bytes.toString('latin1');
        heard += text;
        onData(socket, text, socket.data.turn++);
      },
      close: (socket) => void sockets.delete(socket),
      error: () => undefined,
    },
  });
  return {
    port: server.port,
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${server.port}`,
    accepted: () => accepted,
    open: () => sockets.size,
    heard: () => heard,
    stop: () => server.stop(true),
  };
}

export interface Taken {
  readonly events: readonly string[];
  readonly status: number | undefined;
  readonly headers: Fields | undefined;
  readonly body: Buffer;
  readonly trouble: TransportTrouble | undefined;
}

/** Makes a call and waits for its end or failure. */
export function take(
  transport: Transport,
  request: Partial<TransportRequest> & { url: string },
): Promise<Taken> {
  return new Promise((resolve) => {
    const events: string[] = [];
    const parts: Uint8Array[] = [];
    let status: number | undefined;
    let headers: Fields | undefined;
    const done = (trouble?: TransportTrouble) =>
      resolve({ events, status, headers, body: Buffer.concat(parts), trouble });
    const taker: AnswerTaker = {
      connected: () => void events.push('connected'),
      head(s, h) {
        events.push('head');
        status = s;
        headers = h;
      },
      data(bytes) {
        if (events.at(-1) !== 'data') events.push('data');
        parts.push(bytes);
      },
      end() {
        events.push('end');
        done();
      },
      fail(trouble) {
        events.push('fail');
        done(trouble);
      },
    };
    transport({ method: 'GET', headers: {}, ...request }, taker);
  });
}
