import type { Clock } from '#contracts';
import type { Allowance, QuotaFacts } from './dialects/dialect.ts';
import type { TokenUsage } from './script.ts';

/** Absent means unlimited. */
export interface Quota {
  /** Matched against the caller's credential and the model; `*` stands for anything. */
  readonly key?: string;
  readonly model?: string;
  readonly requestsPerMinute?: number;
  /** Input and `max_tokens` together, taken before the answer, as OpenAI counts. */
  readonly tokensPerMinute?: number;
  /** Apart, as Anthropic counts: input when it arrives, output when it has been written. */
  readonly tokensInPerMinute?: number;
  readonly tokensOutPerMinute?: number;
  readonly tokensPerDay?: number;
  /** How much of a minute's limit may be used at once, milliseconds; a whole minute when absent. */
  readonly burst?: number;
  /** False: input that is read from a cache is given back to `tokensInPerMinute`. */
  readonly countCacheReads?: boolean;
}

export type LimitName = 'requests' | 'tokens' | 'inputTokens' | 'outputTokens' | 'day';

export type Admission = QuotaFacts & {
  readonly exceeded?: {
    readonly what: LimitName;
    readonly limit: number;
    readonly waitMs: number;
  };
  /** Counts what is known only when the answer is over. Absent where nothing waits for it. */
  readonly answered?: (usage: TokenUsage) => void;
};

/** What a call asks for before it is answered. */
export interface Wanted {
  readonly input: number;
  readonly maxOutput: number;
}

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

interface Limit {
  readonly what: LimitName;
  readonly limit: number;
  readonly window: number;
  readonly depth: number;
  readonly bucket: Bucket;
  /** Taken on arrival. */
  readonly cost: number;
}

/** Limits per quota, credential and model. A refused request is charged nothing. */
export function quotas(list: readonly Quota[], clock: Clock) {
  const buckets = new Map<string, Bucket>();
  const refilled = (bucket: Bucket, { limit, window, depth }: Omit<Limit, 'bucket' | 'cost' | 'what'>) => {
    const now = clock.monotonic();
    bucket.level = Math.min(depth, bucket.level + ((now - bucket.at) / window) * limit);
    bucket.at = now;
    return bucket;
  };

  const limitsOf = (quota: Quota, scope: string, { input, maxOutput }: Wanted): Limit[] => {
    const axes = [
      ['requests', quota.requestsPerMinute, MINUTE, 1],
      ['tokens', quota.tokensPerMinute, MINUTE, input + maxOutput],
      ['inputTokens', quota.tokensInPerMinute, MINUTE, input],
      // Nobody knows yet how much is written, so one token of room opens the door and the overrun is paid off after it.
      ['outputTokens', quota.tokensOutPerMinute, MINUTE, 0],
      ['day', quota.tokensPerDay, DAY, input + maxOutput],
    ] as const;
    return axes.flatMap(([what, limit, window, cost]) => {
      if (limit === undefined) return [];
      const depth = window === MINUTE ? (limit * (quota.burst ?? MINUTE)) / MINUTE : limit;
      const name = `${what} ${scope}`;
      const bucket = buckets.get(name) ?? { level: depth, at: clock.monotonic() };
      buckets.set(name, bucket);
      return [{ what, limit, window, depth, cost, bucket: refilled(bucket, { limit, window, depth }) }];
    });
  };

  return (key: string, model: string, wanted: Wanted): Admission => {
    const quota = list.find((q) => matches(q.key, key) && matches(q.model, model));
    if (!quota) return GENEROUS;
    const limits = limitsOf(quota, `${list.indexOf(quota)} ${key} ${model}`, wanted);
    let exceeded: Admission['exceeded'];
    for (const { what, limit, window, depth, cost, bucket } of limits) {
      // A request larger than the whole limit would wait for ever; it is told to wait for a full bucket.
      const short = Math.min(what === 'outputTokens' ? 1 : cost, depth) - bucket.level;
      if (short > 1e-9 || cost > depth)
        exceeded ??= { what, limit, waitMs: Math.ceil((Math.max(short, 0) / limit) * window) };
    }
    if (!exceeded) for (const { bucket, cost } of limits) bucket.level -= cost;
    const allowance = (name: LimitName): Allowance | undefined => {
      const found = limits.find(({ what }) => what === name);
      if (!found) return undefined;
      const { limit, window, depth, bucket } = found;
      const remaining = Math.max(0, Math.floor(bucket.level));
      return { limit, remaining, resetMs: ((depth - bucket.level) / limit) * window };
    };
    const later = (what: LimitName) => limits.find((one) => one.what === what)?.bucket;
    const written = later('outputTokens');
    const read = quota.countCacheReads === false ? later('inputTokens') : undefined;
    return {
      requests: allowance('requests') ?? GENEROUS.requests,
      tokens: allowance('tokens') ?? GENEROUS.tokens,
      inputTokens: allowance('inputTokens'),
      outputTokens: allowance('outputTokens'),
      exceeded,
      ...(!exceeded &&
        (written || read) && {
          answered({ output, reasoning, cacheRead }) {
            if (written) written.level -= output + reasoning;
            if (read) read.level += cacheRead;
          },
        }),
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
