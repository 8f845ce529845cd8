import type { Socket } from 'bun';
import type { Clock, Log } from '#contracts';
import type { Call } from '../call.ts';
import type { Script } from '../script.ts';
import { type Connection, connection } from './connection.ts';
import type { Played } from './play.ts';

export interface Listening {
  readonly port: number;
  readonly url: string;
  /** Closes the listener and every connection at once. */
  stop(): void;
}

export interface Performer {
  respond(call: Call): Script;
  settle(script: Script, played: Played): void;
}

/**
 * A real HTTP/1.1 server of our own: Bun.serve and node:http both repair framing, and a simulator must be able to break
 * it (no head, a wrong length, a reset in mid-stream).
 */
export function listen(
  at: { readonly host?: string; readonly port: number },
  clock: Clock,
  performer: Performer,
  log: Log,
): Listening {
  const host = at.host ?? '127.0.0.1';
  const open = new Set<Socket<Connection>>();
  const server = Bun.listen<Connection>({
    hostname: host,
    port: at.port,
    socket: {
      open(socket) {
        socket.setNoDelay(true);
        socket.data = connection(socket, clock, performer);
        open.add(socket);
      },
      data: (socket, bytes) => socket.data.data(bytes),
      drain: (socket) => socket.data.drain(),
      close(socket) {
        open.delete(socket);
        socket.data.close();
      },
      error(socket, error) {
        log('error', 'simulator.connection', { message: error.message });
        socket.terminate();
      },
    },
  });
  return {
    port: server.port,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${server.port}`,
    stop() {
      server.stop(true);
      for (const socket of open) socket.terminate();
    },
  };
}
