import type { ApiError } from '#contracts';
import type { Refusal } from './refusal.ts';

/**
 * On every answer. `no-store` because answers hold prompts; the policy `default-src 'none'` makes a stored body that a
 * browser is talked into opening as a page inert. No CORS header on purpose: other origins have no business here.
 */
const SECURITY = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

export const json = (
  value: unknown,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): Response =>
  new Response(JSON.stringify(value), {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  });

export const empty = (status: number, headers: Readonly<Record<string, string>> = {}): Response =>
  new Response(null, { status, headers });

export function refuse(refusal: Refusal): Response {
  const body: ApiError = {
    error: { code: refusal.code, message: refusal.message, hint: refusal.hint },
  };
  return json(body, refusal.status, refusal.headers);
}

export function secured(response: Response): Response {
  for (const [name, value] of Object.entries(SECURITY)) response.headers.set(name, value);
  return response;
}

/** The same head without a body. Cancelling matters for a stream, which would otherwise stay subscribed. */
export function headOnly(response: Response): Response {
  void response.body?.cancel();
  return new Response(null, { status: response.status, headers: response.headers });
}
