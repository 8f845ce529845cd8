import type { Socket } from 'bun';
import type { Origin } from './route.ts';
import { codeOf, type Upstream } from './upstream.ts';

const KEEPALIVE_PROBE_MS = 30_000;

const HANDLERS: Bun.SocketHandler<Upstream> = {
  open(socket) {
    prepare(socket);
    socket.data.opened(socket);
  },
  data: (socket, bytes) => socket.data.received(bytes),
  drain: (socket) => socket.data.drain(),
  close: (socket, error) => socket.data.closed(error),
  error: (socket, error) => socket.data.closed(error),
  connectError: (socket, error) => socket.data.refused(codeOf(error)),
};

const SECURE: Bun.SocketHandler<Upstream> = {
  ...HANDLERS,
  open: prepare,
  handshake(socket, authorized, error) {
    if (authorized && error === null) socket.data.opened(socket);
    else {
      socket.data.refused(error === null ? 'The TLS handshake failed.' : codeOf(error));
      socket.terminate();
    }
  },
};

function prepare(socket: Socket<Upstream>): void {
  socket.setNoDelay(true);
  // A model may think for minutes; middleboxes forget a silent connection in less.
  socket.setKeepAlive(true, KEEPALIVE_PROBE_MS);
}

/** Opens a connection and tells `upstream` when it can be used. */
export function dial(upstream: Upstream, origin: Origin, ca: readonly string[]): void {
  const { host, port, secure } = origin;
  // Not awaited: `connectError` is told of everything this could reject with.
  void Bun.connect<Upstream>({
    hostname: host,
    port,
    data: upstream,
    ...(secure && {
      tls: { serverName: host, rejectUnauthorized: true, ...(ca.length > 0 && { ca: [...ca] }) },
    }),
    socket: secure ? SECURE : HANDLERS,
  } as Bun.TCPSocketConnectOptions<Upstream>);
}
