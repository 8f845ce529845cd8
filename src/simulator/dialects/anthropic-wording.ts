import type { Problem } from '../problem.ts';
import type { Header } from '../script.ts';
import type { Allowance, Wording } from './dialect.ts';

const TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  409: 'conflict_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  504: 'timeout_error',
  529: 'overloaded_error',
};

const typeOf = (status: number): string =>
  TYPES[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error');

const body = ({ status, message }: Problem, requestId: string): string =>
  JSON.stringify({ type: 'error', error: { type: typeOf(status), message }, request_id: requestId });

export const anthropicWording: Wording = {
  problem: body,
  problemEvent: (problem, requestId) => `event: error\ndata: ${body(problem, requestId)}\n\n`,
  headers: ({ requestId, quota, now }): Header[] => [
    ['request-id', requestId],
    ['anthropic-organization-id', 'org-simulator'],
    ['anthropic-ratelimit-requests-limit', String(quota.requests.limit)],
    ['anthropic-ratelimit-requests-remaining', String(quota.requests.remaining)],
    ['anthropic-ratelimit-requests-reset', rfc3339(now + quota.requests.resetMs)],
    ...tokenHeaders('tokens', quota.tokens, now),
    ...(quota.inputTokens ? tokenHeaders('input-tokens', quota.inputTokens, now) : []),
    ...(quota.outputTokens ? tokenHeaders('output-tokens', quota.outputTokens, now) : []),
  ],
};

/** Anthropic rounds what is left to the nearest thousand. */
const tokenHeaders = (what: string, { limit, remaining, resetMs }: Allowance, now: number): Header[] => [
  [`anthropic-ratelimit-${what}-limit`, String(limit)],
  [`anthropic-ratelimit-${what}-remaining`, String(Math.round(remaining / 1000) * 1000)],
  [`anthropic-ratelimit-${what}-reset`, rfc3339(now + resetMs)],
];

/** Whole seconds, as Anthropic sends them; rounded up, so that the instant is never too early. */
const rfc3339 = (ms: number): string =>
  `${new Date(Math.ceil(ms / 1000) * 1000).toISOString().slice(0, 19)}Z`;
