import { rootCertificates } from 'node:tls';
import type { Socket } from 'bun';
import type { Origin } from './route.ts';
import { Tunnel } from './tunnel.ts';
import { turn } from './turn.ts';
import { codeOf, type Upstream } from './upstream.ts';

const KEEPALIVE_PROBE_MS = 30_000;

const received = (upstream: Upstream, bytes: Buffer) => upstream.received(bytes);

const PLAIN: Bun.SocketHandler<Upstream> = {
  open(socket) {
    if (prepare(socket, socket.data)) socket.data.opened(socket);
  },
  data: (socket, bytes) => turn(received, socket.data, bytes),
  drain: (socket) => socket.data.drain(),
  close: (socket, error) => socket.data.closed(error),
  error: (socket, error) => socket.data.closed(error),
  connectError: (socket, error) => socket.data.refused(codeOf(error)),
};

const SECURE: Bun.SocketHandler<Upstream> = {
  ...PLAIN,
  open(socket) {
    prepare(socket, socket.data);
  },
  handshake(socket, authorized, error) {
    if (authorized && error === null) socket.data.opened(socket);
    else socket.data.refused(error === null ? 'The TLS handshake failed.' : codeOf(error));
  },
};

const TUNNEL: Bun.SocketHandler<Tunnel> = {
  open(socket) {
    if (prepare(socket, socket.data.upstream)) socket.data.dig(socket);
  },
  data: (socket, bytes) => socket.data.received(socket, bytes, SECURE),
  close: (socket, error) => socket.data.closed(error),
  error: (socket, error) => socket.data.closed(error),
  connectError: (socket, error) => socket.data.closed(error),
};

/** False when nobody wants the connection any more. */
function prepare(socket: Socket<unknown>, upstream: Upstream): boolean {
  if (!upstream.attached(socket)) {
    socket.terminate();
    return false;
  }
  socket.setNoDelay(true);
  // A model may think for minutes; middleboxes forget a silent connection in less.
  socket.setKeepAlive(true, KEEPALIVE_PROBE_MS);
  return true;
}

/** Opens a connection and tells `upstream` when it can be used. */
export function dial(upstream: Upstream, origin: Origin, ca: readonly string[]): void {
  const { host, port, secure, proxy } = origin;
  const at = { hostname: proxy?.host ?? host, port: proxy?.port ?? port };
  const tls: Bun.TLSOptions = {
    serverName: host,
    rejectUnauthorized: true,
    ...(ca.length > 0 && { ca: [...rootCertificates, ...ca] }),
  };
  // Not awaited: `connectError` is told of all that these could reject with.
  if (!secure) void Bun.connect({ ...at, data: upstream, socket: PLAIN });
  else if (proxy === undefined) void Bun.connect({ ...at, data: upstream, tls, socket: SECURE });
  else void Bun.connect({ ...at, data: new Tunnel(upstream, origin, proxy, tls), socket: TUNNEL });
}
