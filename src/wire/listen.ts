import { isIP } from 'node:net';
import type { Clock, Handler, Log, Peer } from '#contracts';
import { Connection, type House } from './connection.ts';
import { LIMITS, type Limits } from './limits.ts';
import { Stage } from './outbox.ts';
import { turn } from './turn.ts';

export interface ListenOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /**
   * Others may listen on the port as well, and the kernel deals connections out among them. `first`: refuses a port that anybody
   * has already. Absent: ours alone.
   */
  readonly shared?: 'first' | 'joins';
  /** Bytes of a request body; the handler is told `too_large` beyond. */
  readonly maxBody: number;
  readonly clock: Clock;
  readonly log?: Log;
  readonly handler: Handler;
  readonly limits?: Partial<Limits>;
}

export interface Listening {
  readonly port: number;
  readonly url: string;
  connections(): number;
  /** Takes no more connections. Idle ones end; the others after their present answer, or with `force` at once. */
  stop(force: boolean): void;
}

const received = (connection: Connection, bytes: Buffer) => connection.received(bytes);

const KEEPALIVE_PROBE_MS = 60_000;

/**
 * HTTP/1.1 on a raw socket. Bun's own server costs more for a call than everything the gateway does with it, has a limit
 * for answers that take their time, and hands a body over as a stream.
 * @throws the system's error, with its `code`
 */
export function listen(options: ListenOptions): Listening {
  const { host, clock, log } = options;
  const open = new Set<Connection>();
  const house: House = {
    handler: options.handler,
    clock,
    log,
    limits: { ...LIMITS, ...options.limits },
    maxBody: options.maxBody,
    stage: new Stage(),
    tick: 0,
    unread: 0,
    crowded: false,
    stopping: false,
  };
  const server = Bun.listen<Connection>({
    hostname: host,
    ...placed(options),
    // A caller that has shut its side down after its request still gets the answer.
    allowHalfOpen: true,
    socket: {
      open(socket) {
        socket.setNoDelay(true);
        // An answer may take minutes without a byte; a caller whose machine is gone is found out meanwhile.
        socket.setKeepAlive(true, KEEPALIVE_PROBE_MS);
        const connection = new Connection(socket, house, peerOf(socket.remoteAddress));
        socket.data = connection;
        open.add(connection);
      },
      data: (socket, bytes) => turn(received, socket.data, bytes),
      drain: (socket) => socket.data.drain(),
      end: (socket) => socket.data.finished(),
      close(socket) {
        open.delete(socket.data);
        socket.data.closed();
        if (house.stopping && open.size === 0) cancelTicks();
      },
      error(socket, error) {
        log?.('error', 'wire.connection', { message: error.message });
        socket.terminate();
      },
    },
  });
  const cancelTicks = clock.every(1000, () => {
    house.tick++;
    house.crowded = house.unread > house.limits.unreadBytes;
    house.unread = 0;
    for (const connection of open) connection.check();
  });
  return {
    port: server.port,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${server.port}`,
    connections: () => open.size,
    stop(force) {
      if (!house.stopping) server.stop(false);
      house.stopping = true;
      for (const connection of [...open])
        if (force) connection.terminate();
        else connection.retire();
      if (open.size === 0 || force) cancelTicks();
    },
  };
}

/** Without a word a second Midwatch could share the port on some systems, and take every other call. */
function placed({ host, port, shared }: ListenOptions) {
  if (shared === undefined) return { port, exclusive: true };
  if (shared === 'joins') return { port, reusePort: true };
  // Whoever has the port alone, or shares it, is found out by asking for it alone; a moment later it is shared with our own.
  const alone = Bun.listen({ hostname: host, port, exclusive: true, socket: { data: () => undefined } });
  alone.stop(true);
  return { port: alone.port, reusePort: true };
}

const isLoopback = (address: string): boolean => address === '::1' || address.startsWith('127.');

function peerOf(remote: string): Peer {
  const address = remote.startsWith('::ffff:') ? remote.slice(7) : remote;
  return { address, loopback: isIP(address) !== 0 && isLoopback(address) };
}
