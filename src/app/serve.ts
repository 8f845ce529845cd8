import type { Clock, Handler, Log, Peer } from '#contracts';
import type { Gateway } from '#gateway';
import { bridge, type ListenOptions, listen as serve } from '#wire';
import type { Assets } from './console-assets.ts';
import { StartError } from './start-error.ts';

export interface Doors {
  /** The data plane. */
  readonly gateway: Pick<Gateway, 'serves' | 'handle'>;
  /** Questions answered in their own time; a gateway alone has none. */
  readonly runs?: Pick<Gateway, 'serves' | 'handle'>;
  readonly api: { fetch(request: Request, peer: { readonly address: string }): Promise<Response> | Response };
  /** Takes out of a text what must not be said again. */
  readonly mask: (text: string) => string;
  /** Undefined where the console could not be prepared. */
  readonly assets: () => Promise<Assets | undefined>;
  readonly ready: () => { readonly ok: boolean; readonly says: string };
  readonly clock: Clock;
  readonly log: Log;
  /** Largest request body, bytes. */
  readonly maxBody: number;
}

export interface Listener {
  readonly port: number;
  readonly url: string;
  stop(): void;
}

const PAGE_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
} as const;

/** Where a listener stands, and whether other threads listen there as well. */
export type Place = Pick<ListenOptions, 'host' | 'port' | 'shared'>;

/** Leads every request to whoever answers it. */
export function front(doors: Omit<Doors, 'clock' | 'maxBody'>): Handler {
  const others = bridge((request, peer) => other(doors, request, peer), internalError(doors.log));
  const { gateway, runs } = doors;
  return (incoming, outgoing) => {
    const { path } = incoming;
    if (gateway.serves(path)) return gateway.handle(incoming, outgoing);
    return runs?.serves(path) ? runs.handle(incoming, outgoing) : others(incoming, outgoing);
  };
}

export const listen = ({ clock, maxBody, ...doors }: Doors, at: Place): Listener =>
  listenWith({ ...at, clock, maxBody, handler: front(doors) });

/** @throws StartError with a remedy */
export function listenWith(options: ListenOptions): Listener {
  const { host } = options;
  try {
    const { port, stop } = serve(options);
    return {
      port,
      url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
      stop: () => stop(true),
    };
  } catch (error) {
    throw explain(error, options);
  }
}

const internalError =
  (log: Log) =>
  (error: unknown): Response => {
    log('error', 'request failed inside', { error: String(error) });
    return Response.json(
      { error: { code: 'internal', message: 'Internal error.', hint: 'The log of Midwatch names it.' } },
      { status: 500 },
    );
  };

async function other(
  doors: Pick<Doors, 'api' | 'assets' | 'ready' | 'mask'>,
  request: Request,
  peer: Peer,
): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname.startsWith('/api/') || pathname === '/metrics') return doors.api.fetch(request, peer);
  if (pathname === '/healthz') return new Response('ok\n');
  if (pathname === '/readyz') {
    const { ok, says } = doors.ready();
    return new Response(`${says}\n`, { status: ok ? 200 : 503 });
  }
  // Nothing else here takes a POST, so it is a model that is asked, at the wrong address.
  if (pathname === '/v1' || pathname.startsWith('/v1/') || request.method === 'POST')
    return unknownEndpoint(request, doors.mask(pathname));
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return new Response('Nothing takes this method here.\n', {
      status: 405,
      headers: { allow: 'GET, HEAD' },
    });
  return page(doors, request, pathname);
}

async function page(
  doors: Pick<Doors, 'assets' | 'mask'>,
  request: Request,
  pathname: string,
): Promise<Response> {
  const assets = await doors.assets();
  if (!assets)
    return new Response('The console could not be prepared; the log of Midwatch says why.\n', {
      status: 503,
    });
  const asset = assets.get(pathname);
  if (asset && pathname !== '/')
    return new Response(asset.body, {
      headers: {
        'content-type': asset.type,
        'cache-control': 'public, max-age=31536000, immutable',
        'x-content-type-options': 'nosniff',
      },
    });
  if (pathname.startsWith('/assets/')) return new Response('No such asset.\n', { status: 404 });
  // Every other path is a page of the console, which finds its own way: to a person. A browser says that it wants a page; to a
  // program that asks for a path that is not there, a page with status 200 would be a wrong answer that looks right.
  if (pathname !== '/' && !wantsPage(request))
    return new Response(
      `There is nothing at ${doors.mask(pathname)}. Pages of the console are for browsers (Accept: text/html); programs find /v1, /api/v1, /metrics, /healthz and /readyz.\n`,
      { status: 404, headers: { vary: 'accept' } },
    );
  const index = assets.get('/');
  return index
    ? new Response(index.body, {
        headers: { ...PAGE_HEADERS, 'content-type': index.type, 'cache-control': 'no-cache', vary: 'accept' },
      })
    : new Response('This build carries no console.\n', { status: 404 });
}

const wantsPage = (request: Request): boolean => /\btext\/html\b/i.test(request.headers.get('accept') ?? '');

const SERVED = [
  '/v1/chat/completions',
  '/v1/responses',
  '/v1/embeddings',
  '/v1/messages',
  '/v1/messages/count_tokens',
  '/v1/models',
  '/v1/runs',
] as const;

/** A path of the data plane that nobody serves, in the dialect of whoever asks. Most of them come of a wrong base URL. */
function unknownEndpoint(request: Request, pathname: string): Response {
  const plain = pathname.replace(/\/+/g, '/').replace(/\/$/, '');
  const meant = SERVED.find((path) => plain.endsWith(path.slice('/v1'.length)));
  // Below /v1/messages there is one dialect, even where a caller leaves out the header that its client always sends.
  const anthropic = request.headers.has('anthropic-version') || /(^|\/)messages(\/|$)/.test(plain);
  const base = anthropic
    ? 'The base URL of an Anthropic client ends before /v1.'
    : 'The base URL of an OpenAI client ends in /v1, without a slash behind it.';
  const hint = meant ? `Did you mean ${meant}? ${base}` : `It serves ${SERVED.join(', ')}.`;
  const message = `Midwatch has no endpoint ${request.method} ${pathname}. ${hint}`;
  const body = anthropic
    ? { type: 'error', error: { type: 'not_found_error', message } }
    : { error: { message, type: 'invalid_request_error', param: null, code: 'unknown_url' } };
  return Response.json(body, { status: 404 });
}

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host.startsWith('127.') || host.startsWith('::ffff:127.');

function explain(
  error: unknown,
  { host, port }: { readonly host: string; readonly port: number },
): StartError {
  const code = (error as { code?: string }).code;
  if (code === 'EADDRINUSE')
    return new StartError(
      `Port ${port} on ${host} is taken by another program.`,
      `Stop it, or choose another port: \`midwatch up --port ${port + 10}\`, or \`listen: { port: … }\` in midwatch.yaml.`,
    );
  if (code === 'EACCES')
    return new StartError(
      `This user may not listen on port ${port}.`,
      'Choose a port above 1023, or run behind a proxy that owns the low one.',
    );
  return new StartError(
    `Cannot listen on ${host}:${port} (${code ?? String(error)}).`,
    'Check `listen.host`: it must be an address of this machine.',
  );
}
