import { z } from 'zod';
import type { EpochMs } from './ids.ts';

/**
 * Latency by the hour of the week: what is normal for a target at this hour, so that nobody blames a release for the time of
 * day. A reading of this process, kept over restarts; it needs no database.
 */

/** What is normal in one hour of the week, milliseconds to the first token of a stream. */
export interface HourView {
  /** 0 = Monday 00:00 in the zone of the provider, 167 = Sunday 23:00. */
  readonly hour: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  /** Observations of the last five weeks; 0: never seen, and what is told is the mean of hours like it. */
  readonly n: number;
  /** Weeks in which this hour was seen, at most five. */
  readonly weeks: number;
}

/** `unknown`: too little was seen, of this hour or of late. */
export const HOUR_STATES = ['normal', 'above', 'below', 'unknown'] as const;
export type HourState = (typeof HOUR_STATES)[number];

/** The hour that it is. */
export interface HourNow {
  readonly hour: number;
  /** `Tue 10:00 ET`. */
  readonly label: string;
  readonly state: HourState;
  /** Normal for this hour, milliseconds; absent while too little is known. */
  readonly normal?: { readonly p50: number; readonly p95: number; readonly p99: number };
  /** Median of the last minutes, milliseconds, and of how many first tokens; absent without any. */
  readonly recent?: { readonly p50: number; readonly n: number };
  /** How many times its normal it takes now; absent without both. */
  readonly factor?: number;
  /** Until when a first token is waited for where a route goes by the hour, milliseconds; absent before it may. */
  readonly timeout?: number;
  /** `normal for Tue 10:00 ET`, `1.4× above normal for Tue 10:00 ET`. */
  readonly says: string;
}

/** `provider`: what Midwatch itself asks takes longer too; `ours`: it does not; `unclear`: too few of it to tell yet; `unknown`: nothing is asked on a schedule. */
export const REGIME_CAUSES = ['provider', 'ours', 'unclear', 'unknown'] as const;
export type RegimeCause = (typeof REGIME_CAUSES)[number];

/** `typical`: most answers; `tail`: the slow ones among them only. */
export const REGIME_OF = ['typical', 'tail'] as const;
export type RegimeOf = (typeof REGIME_OF)[number];

/** It takes longer than its own week says, hour after hour. */
export interface RegimeView {
  /** Beginning of the first hour of it, and when it was found. */
  readonly since: EpochMs;
  readonly foundAt: EpochMs;
  readonly of: RegimeOf;
  readonly cause: RegimeCause;
  readonly says: string;
}

/** How long each token of a stream takes at this hour, and how it goes now. */
export interface PaceView {
  readonly now: HourNow;
  readonly regime?: RegimeView;
}

/** The week of one target for asks of one size. */
export interface HoursView {
  readonly provider: string;
  readonly model: string;
  /** Input tokens of these asks: above `from`, up to `to`; the largest have no `to`. Long prompts take longer, which is no weather. */
  readonly tokens: { readonly from: number; readonly to?: number };
  /** IANA zone in which the load of the provider lives; daylight saving is followed. */
  readonly zone: string;
  /** When the first answer was seen. */
  readonly since: EpochMs;
  /** Four weeks are known: routes with `timeouts.byHour` go by it. */
  readonly acts: boolean;
  readonly now: HourNow;
  /** Slower than its week for hours on end; absent while it is not. */
  readonly regime?: RegimeView;
  /** Likewise of the milliseconds that each token takes once a stream has begun; absent until one was seen. */
  readonly perToken?: PaceView;
  /** 168, by hour; empty before the first hour is over. */
  readonly cells: readonly HourView[];
}

export const hoursQuerySchema = z.object({
  provider: z.string().optional(),
  model: z.string().optional(),
});
export type HoursQuery = z.output<typeof hoursQuerySchema>;
