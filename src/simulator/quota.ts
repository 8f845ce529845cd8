import type { Clock } from '#contracts';
import type { Allowance, QuotaFacts } from './dialects/dialect.ts';

/** Absent means unlimited. */
export interface Quota {
  /** Matched against the caller's credential and the model; `*` stands for anything. */
  readonly key?: string;
  readonly model?: string;
  readonly requestsPerMinute?: number;
  readonly tokensPerMinute?: number;
  readonly tokensPerDay?: number;
}

export type Admission = QuotaFacts & {
  readonly exceeded?: {
    readonly what: 'requests' | 'tokens' | 'day';
    readonly limit: number;
    readonly waitMs: number;
  };
};

const MINUTE = 60_000;
const DAY = 86_400_000;
export const GENEROUS: QuotaFacts = Object.freeze({
  requests: { limit: 10_000, remaining: 9_999, resetMs: 6 },
  tokens: { limit: 30_000_000, remaining: 29_999_000, resetMs: 2 },
});

/** A bucket that refills continuously, as both providers describe theirs. */
interface Bucket {
  level: number;
  at: number;
}

/**
 * Limits per quota, credential and model. A request is charged its input and its `max_tokens` up front, as the providers
 * do; a refused one is charged nothing.
 */
export function quotas(list: readonly Quota[], clock: Clock) {
  const buckets = new Map<string, Bucket>();
  const level = (name: string, limit: number, window: number): Bucket => {
    const now = clock.monotonic();
    const bucket = buckets.get(name) ?? { level: limit, at: now };
    buckets.set(name, bucket);
    bucket.level = Math.min(limit, bucket.level + ((now - bucket.at) / window) * limit);
    bucket.at = now;
    return bucket;
  };

  return (key: string, model: string, tokens: number): Admission => {
    const quota = list.find((q) => matches(q.key, key) && matches(q.model, model));
    if (!quota) return GENEROUS;
    const scope = `${list.indexOf(quota)} ${key} ${model}`;
    const wants = [
      ['requests', quota.requestsPerMinute, MINUTE, 1],
      ['tokens', quota.tokensPerMinute, MINUTE, tokens],
      ['day', quota.tokensPerDay, DAY, tokens],
    ] as const;
    let exceeded: Admission['exceeded'];
    for (const [what, limit, window, cost] of wants) {
      if (limit === undefined) continue;
      const bucket = level(`${what} ${scope}`, limit, window);
      // A request larger than the whole limit would wait for ever; it is told to wait for a full bucket.
      const short = Math.min(cost, limit) - bucket.level;
      if (short > 1e-9 || cost > limit)
        exceeded ??= { what, limit, waitMs: Math.ceil((Math.max(short, 0) / limit) * window) };
    }
    const allowance = (what: 'requests' | 'tokens', limit: number | undefined, cost: number): Allowance => {
      if (limit === undefined) return GENEROUS[what];
      const bucket = level(`${what} ${scope}`, limit, MINUTE);
      if (!exceeded) bucket.level -= cost;
      const remaining = Math.max(0, Math.floor(bucket.level));
      return { limit, remaining, resetMs: ((limit - bucket.level) / limit) * MINUTE };
    };
    if (!exceeded && quota.tokensPerDay !== undefined)
      level(`day ${scope}`, quota.tokensPerDay, DAY).level -= tokens;
    return {
      requests: allowance('requests', quota.requestsPerMinute, 1),
      tokens: allowance('tokens', quota.tokensPerMinute, tokens),
      exceeded,
    };
  };
}

/** `*` in the pattern stands for any run of characters; no pattern matches everything. */
export function matches(pattern: string | undefined, value: string): boolean {
  if (pattern === undefined || pattern === value || pattern === '*') return true;
  if (!pattern.includes('*')) return false;
  const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(value);
}
