import type { Failure, Outcome } from '#contracts';
import { servedBy, type Try, type Walk } from './walk.ts';

/** Adds what Midwatch tells by header about the exchange. `running` is the try whose answer has begun and not ended. */
export function tell(
  walk: Walk,
  headers: Record<string, string>,
  outcome?: Outcome,
  running?: Try,
): Record<string, string> {
  const tier = running?.tier.name ?? servedBy(walk)?.tier;
  headers['x-midwatch-exchange'] = walk.id;
  if (walk.route) {
    headers['x-midwatch-route'] = walk.route.name;
    if (walk.route.frozen !== undefined) headers['x-midwatch-frozen'] = walk.route.frozen;
  }
  if (tier) headers['x-midwatch-tier'] = tier;
  if (walk.limit) headers['x-midwatch-max-tokens'] = String(walk.limit.tokens);
  if (outcome) headers['x-midwatch-outcome'] = outcome;
  headers['x-midwatch-attempts'] = String(walk.attempts.length + (running ? 1 : 0));
  if (tier && tier !== walk.route?.tiers[0]?.name) headers['x-midwatch-degraded'] = tier;
  return headers;
}

export const JSON_TYPE = { 'content-type': 'application/json' } as const;

/** Statuses after which the clients of both vendors ask again by themselves, unless they are told that it cannot help. */
const ASKED_AGAIN = (status: number) => status >= 500 || status === 408 || status === 409 || status === 429;

export const shouldRetry = ({ retryable }: Failure, status: number): Record<string, string> =>
  retryable || !ASKED_AGAIN(status) ? {} : { 'x-should-retry': 'false' };

/**
 * What is short and for whom, where the caller is sent away for now by us: `why; axis=…; lane=…; scope=…; after=<ms>[; kept]`. Only with the
 * failure it belongs to: a later target may have refused for another reason.
 */
export function deferred({ deferral }: Walk, { origin, after: told }: Failure): Record<string, string> {
  if (!deferral || origin !== 'midwatch' || deferral.after !== told) return {};
  const { why, axis, lane, provider, model, after, kept } = deferral;
  // The caller writes the model, which may be anything.
  const scope = `${encodeURIComponent(provider)}/${encodeURIComponent(model.toWellFormed())}`;
  return {
    'x-midwatch-deferred': `${why}; axis=${axis}; lane=${lane}; scope=${scope}; after=${Math.ceil(after)}${kept ? '; kept' : ''}`,
  };
}

export const retryAfter = (failure: Failure): Record<string, string> =>
  failure.after === undefined ? {} : { 'retry-after': String(Math.max(1, Math.ceil(failure.after / 1000))) };
