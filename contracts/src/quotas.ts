import { z } from 'zod';
import type { EpochMs } from './ids.ts';
import type { Lane } from './lanes.ts';
import { whenAway } from './sharing.ts';
import { duration } from './units.ts';

/** How near an axis is to its limit: below 70 %, from 70 %, from 90 %, nothing left. */
export const PRESSURES = ['calm', 'tight', 'critical', 'exhausted'] as const;
export type Pressure = (typeof PRESSURES)[number];

/** `tokens` are input and output together, as some providers count. */
export const QUOTA_AXES = [
  'requests',
  'tokensIn',
  'tokensOut',
  'tokens',
  'requestsPerDay',
  'tokensPerDay',
] as const;
export type QuotaAxis = (typeof QUOTA_AXES)[number];

/** What one attempt takes. */
export interface QuotaAmounts {
  readonly tokensIn: number;
  /** Of these read from a cache; free where `countCacheReads` is false. */
  readonly cachedIn?: number;
  readonly tokensOut: number;
}

export interface QuotaAsk {
  readonly provider: string;
  /** Which credential; an id or hash, never the credential itself. */
  readonly credential: string;
  readonly model: string;
  readonly estimate: QuotaAmounts;
  readonly lane: Lane;
  /** Whose share; callers without one share one. */
  readonly tenant?: string;
  /** Tells one caller from another, so that who was told when to return finds his place: idempotency key, else key and user. A caller may hold several. */
  readonly caller?: string;
  /** Latest instant at which being served is of use; absent or now: do not wait. */
  readonly deadline?: EpochMs;
  /** How long the attempt may last. */
  readonly ttlMs: number;
  /** Gives up the place in the queue; the decision is then a refusal with `left`. */
  readonly signal?: AbortSignal;
}

export type QuotaDecision = QuotaGrant | QuotaRefusal;
export interface QuotaGrant {
  readonly ok: true;
  readonly waitedMs: number;
  /** Puts what was really used in place of the estimate. Once; later calls return false. */
  settle(actual: QuotaAmounts): boolean;
  /** The attempt was never sent: everything goes back. */
  release(): boolean;
}
export interface QuotaRefusal {
  readonly ok: false;
  /**
   * `deadline`: cannot be served in time. `full`: the queue is at its bound. `never`: larger than the limit.
   * `away`: the authority is gone and the quota is closed then. `left`: the caller gave up.
   */
  readonly why: 'deadline' | 'full' | 'never' | 'away' | 'left';
  /** The axis that is short. */
  readonly axis: QuotaAxis;
  /** Who returns after it is served; absent for `never` and `left`. */
  readonly retryAfterMs?: number;
  /** A place is kept for the caller at that instant. Without it the figure is an estimate: too many places are kept already. */
  readonly kept: boolean;
}

/** Provider's word in an answer's headers. Axis words of its own are mapped by whoever reads the headers. */
export interface LimitReading {
  readonly axis: QuotaAxis;
  readonly limit?: number;
  readonly remaining?: number;
  /** Until the axis is full again. */
  readonly resetMs?: number;
}

export interface QuotaReading {
  /** `provider credential model-pattern`. */
  readonly scope: string;
  readonly pressure: Pressure;
  /** The axis with the highest share. */
  readonly binding: QuotaAxis;
  readonly axes: readonly {
    readonly axis: QuotaAxis;
    readonly limit: number;
    readonly share: number;
    readonly left: number;
    readonly pressure: Pressure;
    /** Of a daily axis: when it runs out if the day goes on like the days before; absent when it does not within a day. */
    readonly exhaustsAt?: EpochMs;
  }[];
  readonly waiting: Readonly<Record<Lane, number>>;
  /** Places kept for callers that were told when to return. */
  readonly kept: number;
}

const count = z.number().int().positive();

/** One entry under `providers.<name>.quota`, or a list of them; the first whose `models` fits a model counts for it. */
export const quotaSchema = z.strictObject({
  models: z
    .string()
    .default('*')
    .describe('Model names the limits are for; `*` matches any run of characters.'),
  perModel: z
    .boolean()
    .default(false)
    .describe('Each matching model has these limits for itself instead of all together.'),
  requestsPerMinute: count.optional(),
  tokensInPerMinute: count.optional(),
  tokensOutPerMinute: count.optional(),
  tokensPerMinute: count.optional().describe('Input and output together.'),
  requestsPerDay: count.optional(),
  tokensPerDay: count.optional(),
  burst: duration
    .default(6_000)
    .describe("How much of a minute's limit may be used at once; providers grant as little as this."),
  day: z
    .enum(['continuous', 'calendar'])
    .default('continuous')
    .describe('Daily limits refill all the time, or at midnight UTC.'),
  headroom: z.number().gt(0).max(1).default(0.97).describe('Share of the published limits that is used.'),
  countCacheReads: z.boolean().default(true).describe('False where cached input does not count.'),
  learn: z.boolean().default(true).describe("Follow lower limits and levels in the provider's headers."),
  slack: z
    .number()
    .min(0)
    .max(0.5)
    .default(0.02)
    .describe(
      'Share of each limit that all replicas together may hold unused, so that most calls need not ask.',
    ),
  whenAway,
});
/** `providers.<name>.quota`. */
export const quotasSchema = z
  .union([quotaSchema, z.array(quotaSchema).min(1)])
  .transform((quota) => (Array.isArray(quota) ? quota : [quota]));
export type QuotaConfig = z.output<typeof quotaSchema>;
