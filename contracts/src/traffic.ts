import { z } from 'zod';
import type { WatchTotals } from './api.ts';
import type { BudgetReading } from './budgets.ts';
import type { EpochMs, MicroUsd } from './ids.ts';
import type { Lane } from './lanes.ts';
import type { QuotaReading } from './quotas.ts';
import type { SlownessView } from './weather.ts';

/**
 * What the control plane tells of traffic: how targets stand, how near the limits are, where the money went.
 * Providers, quotas and budgets are readings of this process and need no database; spend comes from the record.
 */

/** `unknown`: configured, and nothing was seen of it yet. No data is never a pass. */
export const PROVIDER_STATUSES = ['down', 'brownout', 'degraded', 'watch', 'healthy', 'unknown'] as const;
export type ProviderStatus = (typeof PROVIDER_STATUSES)[number];

/** How one target stands. Worst first in a list. */
export interface ProviderView {
  readonly provider: string;
  readonly model: string;
  /** Protocol, and ` whole` for answers that are no streams; absent while nothing was asked of it. */
  readonly endpoint?: string;
  /** Routes that lead here; none when only an older configuration did. */
  readonly routes: readonly string[];
  readonly status: ProviderStatus;
  /** The reason in one sentence. */
  readonly says: string;
  /** In [0, 1]: share of good answers times speed against its own normal; 0 when down. */
  readonly score: number;
  /** Share of its ordinary traffic that it gets now. */
  readonly share: number;
  readonly circuit: 'closed' | 'open' | 'probing' | 'ramp';
  /** No probe before this instant. */
  readonly until?: EpochMs;
  /** Milliseconds until it takes ordinary traffic again; 0 when it does. */
  readonly closedFor: number;
  /** Its provider refused our key. */
  readonly keyRefused: boolean;
  /** When it came into this state; absent when it was never in another. */
  readonly since?: EpochMs;
  /** Share of bad answers, and factor of slowness, lately. */
  readonly bad: number;
  readonly slowness: number;
  /** Evidence against it, and where it becomes an alarm. */
  readonly statistic: number;
  readonly threshold: number;
  /** Calls under way to this model, all endpoints together; absent where they are not limited. */
  readonly concurrency?: {
    /** Now; it follows the capacity of the target. */
    readonly limit: number;
    readonly inFlight: number;
    readonly waiting: Readonly<Record<Lane, number>>;
  };
  /** Slow now, all endpoints together, and why; absent while it is not. */
  readonly slow?: SlownessView;
  /** Of the record, for all endpoints of this model together; absent without attempts or without a database. */
  readonly lastHour?: WatchTotals;
}

/** One credential of a provider and the models whose limits it shares. */
export interface QuotaView extends QuotaReading {
  readonly provider: string;
  /** Tells one key of the provider from another without a letter of it. */
  readonly credential: string;
  readonly models: string;
}

/** One account of a budget. */
export interface BudgetView extends BudgetReading {
  /** Under the hard limit, neither spent nor reserved; absent without one. */
  readonly left?: MicroUsd;
  /** `soft`: the alarm has sounded. `hard`: what could go beyond is refused. */
  readonly state: 'within' | 'soft' | 'hard';
}

export const SPEND_BY = ['cause', 'route', 'provider', 'key', 'tenant', 'feature'] as const;
export type SpendBy = (typeof SPEND_BY)[number];

export const spendQuerySchema = z.object({
  from: z.coerce.number().optional(),
  to: z.coerce.number().optional(),
  by: z.enum(SPEND_BY).default('cause'),
});
export type SpendQuery = z.output<typeof spendQuerySchema>;

/** Sums over attempts. */
export interface SpendTotals {
  readonly attempts: number;
  readonly microUsd: MicroUsd;
  /** Of these `microUsd` estimated, not reported. */
  readonly estimatedMicroUsd: MicroUsd;
  /** Of these in attempts whose answer nobody got. */
  readonly wastedMicroUsd: MicroUsd;
  /** Attempts without a price: an alarm, not a zero. */
  readonly unpriced: number;
  readonly tokensIn: number;
  readonly tokensOut: number;
}

export interface SpendRow extends SpendTotals {
  /** Absent: what names none. */
  readonly name?: string;
  /** What people call it, where that is another word: the name of a key. */
  readonly label?: string;
  /** Everybody beyond those that are counted apart. */
  readonly rest?: true;
}

/** Dearest first; the rows sum to `total`, and `total` to the bill. */
export interface SpendReport {
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly by: SpendBy;
  readonly total: SpendTotals;
  readonly rows: readonly SpendRow[];
}

/** What a reload changed, as `routes.chat.timeouts.idle: 30000 → 10000`; values that may be secrets are not shown. */
export interface ReloadView {
  readonly changed: readonly string[];
}
