import { isIP } from 'node:net';
import type { Gateway, Peer } from '#gateway';
import type { Assets } from './console-assets.ts';
import { StartError } from './start-error.ts';

export interface Doors {
  readonly gateway: Gateway;
  readonly api: { fetch(request: Request, peer: { readonly address: string }): Promise<Response> | Response };
  /** Undefined while the console is still being bundled. */
  readonly assets: () => Assets | undefined;
  readonly ready: () => { readonly ok: boolean; readonly says: string };
}

export interface Listener {
  readonly port: number;
  readonly url: string;
  stop(): Promise<void>;
}

/** Longest idle of a connection between requests; Bun's own limit is 255 s. A running answer is exempt, see below. */
const IDLE_SECONDS = 120;

const PAGE_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
} as const;

export function listen(doors: Doors, at: { readonly host: string; readonly port: number }): Listener {
  let server: ReturnType<typeof Bun.serve>;
  try {
    server = Bun.serve({
      hostname: at.host,
      port: at.port,
      idleTimeout: IDLE_SECONDS,
      // The gateway counts itself and answers in the caller's dialect; this bound only stops what no limit could mean.
      maxRequestBodySize: 1024 ** 3,
      development: false,
      // Outside development Bun shares a port by default: a second Midwatch would start without a word and take every call.
      reusePort: false,
      fetch(request, bun) {
        const peer = () => peerOf(bun.requestIP(request)?.address ?? '');
        // A model may think for minutes before its first token; the gateway's own timeouts end what must end.
        const answer = doors.gateway.handle(request, { peer, keepOpen: () => bun.timeout(request, 0) });
        return answer ?? other(doors, request, peer());
      },
      error(error) {
        // A stream that was broken on purpose arrives here too; the connection is already gone then.
        return new Response(
          JSON.stringify({ error: { code: 'internal', message: 'Internal error.', hint: error.name } }),
          {
            status: 500,
            headers: { 'content-type': 'application/json' },
          },
        );
      },
    });
  } catch (error) {
    throw explain(error, at);
  }
  const port = server.port as number;
  return {
    port,
    url: `http://${at.host.includes(':') ? `[${at.host}]` : at.host}:${port}`,
    stop: () => server.stop(true),
  };
}

async function other(doors: Doors, request: Request, peer: Peer): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname.startsWith('/api/')) return doors.api.fetch(request, peer);
  if (pathname === '/healthz') return new Response('ok\n');
  if (pathname === '/readyz') {
    const { ok, says } = doors.ready();
    return new Response(`${says}\n`, { status: ok ? 200 : 503 });
  }
  if (pathname === '/v1' || pathname.startsWith('/v1/')) return unknownEndpoint(request, pathname);
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return new Response('Nothing takes this method here.\n', {
      status: 405,
      headers: { allow: 'GET, HEAD' },
    });
  return page(doors, pathname);
}

function page(doors: Doors, pathname: string): Response {
  const assets = doors.assets();
  if (!assets)
    return new Response('The console is being prepared; reload in a second.\n', {
      status: 503,
      headers: { 'retry-after': '1' },
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
  // Every other path is a page of the console, which finds its own way.
  const index = assets.get('/');
  return index
    ? new Response(index.body, {
        headers: { ...PAGE_HEADERS, 'content-type': index.type, 'cache-control': 'no-cache' },
      })
    : new Response('This build carries no console.\n', { status: 404 });
}

/** A path below `/v1` that nobody serves, in the dialect of whoever asks. */
function unknownEndpoint(request: Request, pathname: string): Response {
  const message = `Midwatch has no endpoint ${request.method} ${pathname}. It serves /v1/chat/completions, /v1/responses, /v1/embeddings, /v1/messages, /v1/messages/count_tokens and /v1/models.`;
  const body = request.headers.has('anthropic-version')
    ? { type: 'error', error: { type: 'not_found_error', message } }
    : { error: { message, type: 'invalid_request_error', param: null, code: 'unknown_url' } };
  return Response.json(body, { status: 404 });
}

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host.startsWith('127.') || host.startsWith('::ffff:127.');

const peers = new Map<string, Peer>();
function peerOf(address: string): Peer {
  const known = peers.get(address);
  if (known) return known;
  if (peers.size > 10_000) peers.clear();
  const peer = { address, loopback: isIP(address) !== 0 && isLoopback(address) };
  peers.set(address, peer);
  return peer;
}

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
