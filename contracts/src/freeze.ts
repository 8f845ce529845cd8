import { z } from 'zod';
import type { RateView } from './api.ts';
import type { EpochMs, ExchangeId } from './ids.ts';
import type { RouteConfig } from './route-config.ts';

/**
 * A frozen route keeps its policy until it is thawed, on every gateway: its tiers, targets, models, timeouts, demotions. Whoever
 * would change it is refused and told who froze it and why; what moves by itself (exercise, shadow, ramp, router) stands still.
 * What callers send is not ours to change: where it moves away from what was sent when the route was frozen, that is shown.
 */

/** What a route was like, by the hash of what differs from the defaults, so that a newer Midwatch with more settings knows it again. */
export interface PolicyVersion {
  readonly route: string;
  /** 12 hex digits. */
  readonly version: string;
  readonly policy: RouteConfig;
  readonly firstUsed: EpochMs;
  readonly lastUsed: EpochMs;
  /** Traffic that ended while it was in force, callers who left aside. */
  readonly exchanges: number;
  /** Of it good. */
  readonly good: number;
}

/** Versions kept of one route, by their last use. */
export const VERSIONS_KEPT = 20;

/**
 * The last good release of a route is the version used last that served at least so many exchanges of which at least this share
 * was good. A rule one can say aloud: no version is good for want of evidence.
 */
export const LAST_GOOD = { exchanges: 50, share: 0.95 } as const;

export interface Freeze extends FreezeMark {
  readonly policy: RouteConfig;
  /** Settings of its providers that decide answers and their price, without credentials, as JSON by name. */
  readonly providers: Readonly<Record<string, string>>;
  /** What was in use then, by subject of a change event; empty for a subject with too many values to follow. */
  readonly seen: Readonly<Record<string, readonly string[]>>;
}

/** Something on a frozen route that is no longer what it was when it was frozen. */
export interface Movement {
  /** `declared.prompt`, `observed.model`, … */
  readonly subject: string;
  readonly value: string;
  readonly lastSeen: EpochMs;
  readonly exchange: ExchangeId;
}

export const freezeCreateSchema = z.strictObject({
  reason: z.string().min(1).max(500).optional(),
  /** A kept version, or `good` for the last good one; absent keeps the present policy. */
  to: z.string().min(1).max(40).optional(),
});
export type FreezeCreate = z.output<typeof freezeCreateSchema>;

/** Who holds a route, at what, and why. */
export interface FreezeMark {
  readonly route: string;
  readonly version: string;
  readonly at: EpochMs;
  readonly by: string;
  readonly reason?: string;
}

export interface FreezeView extends FreezeMark {
  /** The configuration says something else for this route, which takes effect when it is thawed; as a reload would tell it. */
  readonly waiting: readonly string[];
  /** What callers and providers changed since; absent while the database is away. */
  readonly moved?: readonly Movement[];
}

export interface PolicyVersionView {
  readonly version: string;
  readonly firstUsed: EpochMs;
  readonly lastUsed: EpochMs;
  readonly good: RateView;
  readonly inForce: boolean;
  /** `--to good` would take this one. */
  readonly lastGood: boolean;
  /** What would change if it were put in force. */
  readonly differs: readonly string[];
}

/** What every gateway knows of freezes; rejects with `StoreUnavailable`. */
export interface FreezeStore {
  all(): Promise<readonly Freeze[]>;
  /** Grows with every change; cheap to poll. */
  version(): Promise<number>;
  /** Replaces an older freeze of the route. */
  freeze(freeze: Freeze): Promise<void>;
  /** What it was; undefined when the route was not frozen. */
  thaw(route: string): Promise<FreezeMark | undefined>;
  /** Values in use on a route around `at`, by subject. */
  inUse(route: string, at: EpochMs): Promise<Freeze['seen']>;
  /** What was seen since on a route and not then. */
  moved(freeze: Pick<Freeze, 'route' | 'at' | 'seen'>): Promise<readonly Movement[]>;
  /** Adds to the counts of versions, and keeps the last of each route. */
  used(versions: readonly PolicyVersion[]): Promise<void>;
  /** Of one route, the one used last first. */
  versions(route: string): Promise<readonly PolicyVersion[]>;
}

/** What in the house asks before it moves anything by itself. */
export interface FrozenRoutes {
  frozen(route: string): boolean;
}
