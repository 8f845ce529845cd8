import { StoreUnavailable } from '#contracts';
import { adminVerifier } from './auth/admin.ts';
import { auditor } from './auth/audit.ts';
import { createGate } from './auth/gate.ts';
import { identifier } from './auth/identify.ts';
import { createLimiter } from './auth/limiter.ts';
import { createSessions } from './auth/sessions.ts';
import { empty, headOnly, json, refuse, secured } from './http/answer.ts';
import type { Endpoint } from './http/endpoint.ts';
import { databaseDown, notFound, Refusal } from './http/refusal.ts';
import { allowed, type Match, router } from './http/router.ts';
import { changeTail } from './live/changes.ts';
import type { LiveStream } from './live/stream.ts';
import { openapi } from './openapi/document.ts';
import type { Parts } from './parts.ts';
import { endpoints } from './resources/index.ts';
import { METRICS } from './resources/metrics.ts';
import type { ApiServices } from './services.ts';
import { createTokenService } from './tokens/service.ts';

export const API_BASE = '/api/v1';

export interface Api {
  /** Answers everything under `/api/v1`, and `/metrics`; never rejects. `peer.address` is the other end of the socket. */
  fetch(request: Request, peer: { readonly address: string }): Promise<Response>;
  /** Ends every live stream, so that a server waiting for its clients can stop. */
  close(): void;
}

export function createApi(services: ApiServices): Api {
  const { clock, log, store } = services;
  const tokens = createTokenService(services);
  const parts: Parts = {
    services,
    tokens,
    identify: identifier(
      adminVerifier({ clock, limiter: createLimiter(clock), adminHash: () => services.adminHash() }),
      tokens,
    ),
    sessions: createSessions(services),
    audit: auditor(services),
    changes: changeTail(store, clock, log),
    document: () => openapi(endpoints, services.status().version),
    streams: new Set<LiveStream>(),
  };
  const gate = createGate(parts.identify, parts.sessions);
  const match = router(endpoints);

  const answer = async (request: Request, address: string): Promise<Response> => {
    const url = new URL(request.url);
    const path = url.pathname.startsWith(`${API_BASE}/`)
      ? url.pathname.slice(API_BASE.length)
      : url.pathname === METRICS
        ? METRICS
        : undefined;
    const found = path === undefined ? undefined : match(path);
    if (!found)
      throw notFound(`There is nothing at ${url.pathname}.`, `${API_BASE}/openapi.json lists every path.`);
    if (request.method === 'OPTIONS') return empty(204, { allow: allowed(found) });
    const endpoint = chooseMethod(found, request.method);
    const admitted = endpoint.access === 'open' ? undefined : await gate(request, address, endpoint.access);
    const value = await endpoint.serve(
      { request, url, address, params: found.params, ...(admitted && { caller: admitted.caller }) },
      parts,
    );
    const response = value instanceof Response ? value : json(value);
    if (admitted?.cookie) response.headers.append('set-cookie', admitted.cookie);
    return request.method === 'HEAD' ? headOnly(response) : response;
  };

  const explain = (error: unknown, request: Request): Refusal => {
    if (error instanceof Refusal) return error;
    if (error instanceof StoreUnavailable) return databaseDown();
    // The reason goes to the log, where values are masked, and not to the caller.
    log('error', 'api.failed', {
      method: request.method,
      path: new URL(request.url).pathname,
      reason: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
    return new Refusal(
      500,
      'internal',
      'Midwatch failed to answer this.',
      'Its log has the reason under the event api.failed; `midwatch doctor` checks the set-up.',
    );
  };

  return {
    async fetch(request, peer) {
      try {
        return secured(await answer(request, peer.address));
      } catch (error) {
        return secured(refuse(explain(error, request)));
      }
    },
    close() {
      for (const stream of [...parts.streams]) stream.close();
    },
  };
}

function chooseMethod(found: Match, method: string): Endpoint {
  const endpoint = found.methods.get(method === 'HEAD' ? 'GET' : method);
  if (endpoint) return endpoint;
  const allow = allowed(found);
  throw new Refusal(405, 'method_not_allowed', `${method} is not possible here.`, `Use ${allow}.`, { allow });
}
