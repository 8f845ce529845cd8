import type { Upstream } from './upstream.ts';

/** Where connections of one kind lead; what is in one pool may be used for any request to it. */
export interface Origin {
  readonly secure: boolean;
  /** Without brackets; for the certificate. */
  readonly host: string;
  readonly port: number;
  /** Where the socket goes, when that is not the origin itself. */
  readonly proxy: ProxyServer | undefined;
  /** Last in, first out: the connections at the bottom grow old and are let go. */
  readonly idle: Upstream[];
}

export interface ProxyServer {
  readonly host: string;
  readonly port: number;
  /** A `proxy-authorization` line, or nothing. */
  readonly authorization: string;
}

/** A URL, read once. */
export interface Route {
  readonly origin: Origin;
  /** For the request line. */
  readonly target: string;
  readonly hostHeader: string;
  /** Header lines for a proxy that is sent the request itself; a tunnel is given them when it is dug. */
  readonly proxyLines: string;
}

/** URLs come from configuration; whoever makes up a new one for each call pays for reading it. */
const ROUTES_KEPT = 1_000;

/** Undefined for what is no http or https URL. */
export type Router = (url: string) => Route | undefined;

export function createRouter(proxyOf: (url: string) => string | undefined): {
  readonly route: Router;
  readonly origins: ReadonlyMap<string, Origin>;
} {
  const routes = new Map<string, Route>();
  const origins = new Map<string, Origin>();

  const originOf = (secure: boolean, host: string, port: number, proxy: ProxyServer | undefined): Origin => {
    const key = `${secure ? 's' : 'p'} ${host} ${port} ${proxy ? `${proxy.host} ${proxy.port} ${proxy.authorization}` : ''}`;
    let origin = origins.get(key);
    if (origin === undefined) {
      origin = { secure, host, port, proxy, idle: [] };
      origins.set(key, origin);
    }
    return origin;
  };
  const read = (text: string): Route | undefined => {
    const url = URL.parse(text);
    if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return undefined;
    const secure = url.protocol === 'https:';
    const proxyUrl = proxyOf(text);
    const proxy = proxyUrl === undefined ? undefined : readProxy(proxyUrl);
    const path = `${url.pathname}${url.search}`;
    const relayed = proxy !== undefined && !secure;
    return {
      origin: originOf(secure, bare(url.hostname), portOf(url), proxy),
      target: relayed ? `${url.origin}${path}` : path,
      hostHeader: url.host,
      proxyLines: relayed ? proxy.authorization : '',
    };
  };

  return {
    origins,
    route(url) {
      const known = routes.get(url);
      if (known !== undefined) return known;
      const route = read(url);
      if (route === undefined) return undefined;
      if (routes.size >= ROUTES_KEPT) routes.clear();
      routes.set(url, route);
      return route;
    },
  };
}

const bare = (hostname: string): string => (hostname.startsWith('[') ? hostname.slice(1, -1) : hostname);
const portOf = (url: URL): number =>
  url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);

/** @throws Error when the proxy is no http URL; says so without its password. */
function readProxy(text: string): ProxyServer {
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (url === null || url.protocol !== 'http:') throw new Error('A proxy must be given as http://host:port.');
  const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return {
    host: bare(url.hostname),
    port: portOf(url),
    authorization:
      url.username === '' ? '' : `proxy-authorization: Basic ${Buffer.from(user).toString('base64')}\r\n`,
  };
}
