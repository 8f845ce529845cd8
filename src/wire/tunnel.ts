import type { Socket } from 'bun';
import { MAX_HEAD } from './limits.ts';
import type { Origin, ProxyServer } from './route.ts';
import { codeOf, type Upstream } from './upstream.ts';

const HEAD_END = '\r\n\r\n';

/** A connection to a proxy that is to become one to the origin (RFC 9110 §9.3.6). */
export class Tunnel {
  readonly upstream: Upstream;
  private readonly origin: Origin;
  private readonly proxy: ProxyServer;
  private readonly tls: Bun.TLSOptions;
  private text = '';
  private dug = false;

  constructor(upstream: Upstream, origin: Origin, proxy: ProxyServer, tls: Bun.TLSOptions) {
    this.upstream = upstream;
    this.origin = origin;
    this.proxy = proxy;
    this.tls = tls;
  }

  dig(socket: Socket<Tunnel>): void {
    const { host, port } = this.origin;
    const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    // The first thing on the connection and smaller than any socket's buffer: it is taken whole.
    socket.write(`CONNECT ${authority} HTTP/1.1\r\nhost: ${authority}\r\n${this.proxy.authorization}\r\n`);
  }

  /** After the upgrade this is told of the bytes of the TLS session as well; they are not for it. */
  received(socket: Socket<Tunnel>, bytes: Buffer, secure: Bun.SocketHandler<Upstream>): void {
    if (this.dug) return;
    this.text += bytes.toString('latin1');
    const end = this.text.indexOf(HEAD_END);
    if (end < 0) {
      if (this.text.length > MAX_HEAD) this.refuse('The proxy does not answer in HTTP.');
      return;
    }
    const status = /^HTTP\/1\.[01] ([0-9]{3})/.exec(this.text)?.[1];
    if (status?.startsWith('2') !== true)
      this.refuse(`The proxy answered CONNECT with ${status ?? 'no HTTP'}.`);
    // Whoever speaks before our side of the handshake is not the origin.
    else if (end + HEAD_END.length < this.text.length) this.refuse('The proxy sent more than its answer.');
    else {
      this.dug = true;
      socket.upgradeTLS({ data: this.upstream, tls: this.tls, socket: secure });
    }
  }

  closed(error: Error | undefined): void {
    if (!this.dug) this.refuse(error === undefined ? 'The proxy closed the connection.' : codeOf(error));
  }

  private refuse(detail: string): void {
    this.dug = true;
    this.upstream.refused(detail);
  }
}
