import { z } from 'zod';
import type { RateView } from './api.ts';
import type { Cost, ExchangeFacts } from './exchange.ts';
import type { EpochMs, ExchangeId, MicroUsd } from './ids.ts';
import type { Outcome } from './outcome.ts';
import type { Route, Tier } from './ports.ts';

/**
 * Shadow traffic: when an exchange is over, a copy of its ask goes to a second target. Nobody gets that answer and nobody waits
 * for it; it is compared with the one that was served. The copy is an exchange of its own, with the source `shadow` and the
 * original as its parent, that counts as money and as nothing else.
 */

/**
 * Who decides whether a copy is asked for. The route's own `shadow` is one; a router that wants both of its models asked on a few
 * per cent of the traffic is another. They are asked in order and the first that speaks is heard; the configuration comes last.
 */
export interface Shadower {
  /** May it want copies of this route at all? Absent: of any. Asked before every `shadow`, so that other routes pay nothing. */
  minds?(route: string): boolean;
  /** Asked once an exchange, when it is over: answers at once, from memory, and never throws. */
  shadow(question: ShadowQuestion): ShadowOrder | undefined;
  /** A copy that it asked for was answered and compared. */
  paired?(pair: ShadowPair): void;
}

export interface ShadowQuestion {
  readonly route: Route;
  /** The exchange that was served; its source is `gateway`, and some target was asked. */
  readonly facts: ExchangeFacts;
}

export interface ShadowOrder {
  /** Where the copy goes: a tier of the route, or one of its own. Its first target that can be spoken to is asked once. */
  readonly tier: Tier;
  /** Who says so, as `route` or `router:<route>`. */
  readonly by: string;
}

/**
 * Why a copy that was wanted was not made. `rate` and `busy`: the bounds of the route. `limits`: no room in quota or budget.
 * `closed`: the target is parked, down or refuses our key. `unsayable`: the ask cannot be put to that target. `acts`: it lets the provider act, which it would do twice. `away`: Midwatch is
 * stopping.
 */
export const SHADOW_DROPS = ['rate', 'busy', 'limits', 'closed', 'unsayable', 'acts', 'away'] as const;
export type ShadowDrop = (typeof SHADOW_DROPS)[number];

/** One answer of a pair. */
export interface ShadowSide {
  readonly exchange: ExchangeId;
  /** `provider/model`. */
  readonly target: string;
  readonly outcome: Outcome;
  /** The provider's word for the end. */
  readonly finish?: string;
  /** Visible characters. */
  readonly length: number;
  /** Names in order. */
  readonly tools: readonly string[];
  /** Whether its text is JSON; only where the ask wants JSON. */
  readonly json?: boolean;
  readonly firstTokenMs?: number;
  /** Of the attempt that answered, milliseconds. */
  readonly totalMs: number;
  /** Of the attempt that answered. */
  readonly microUsd: MicroUsd;
  readonly costState: Cost['state'];
}

/** An answer that was served beside the one that was not. Facts about texts, never the texts. */
export interface ShadowPair {
  readonly at: EpochMs;
  readonly route: string;
  readonly by: string;
  readonly served: ShadowSide;
  readonly shadow: ShadowSide;
  readonly agreement: ShadowAgreement;
  /** Characters of the shadow's text for one of the served; absent where one has none. */
  readonly lengthRatio?: number;
  /** Share of word triples that both texts have, of those that either has; absent where one has no text, or texts are not compared. */
  readonly similarity?: number;
}

export interface ShadowAgreement {
  /** Both are good, or neither is. */
  readonly good: boolean;
  /** Both ended for the same reason. */
  readonly end: boolean;
  /** The same tools in the same order; absent where neither called one. */
  readonly tools?: boolean;
  /** With the same arguments; absent where the tools differ. */
  readonly args?: boolean;
}

/** What the pairs say of one ratio: half of them lie below the median. */
export interface RatioView {
  readonly n: number;
  readonly median: number;
  /** 95 % interval of the median, from order statistics; absent below six pairs. */
  readonly low?: number;
  readonly high?: number;
}

/** What the pairs of one route and target say. */
export interface ShadowView {
  readonly route: string;
  /** `provider/model` that was asked in the shadow. */
  readonly target: string;
  readonly pairs: number;
  /** Pairs older than those are not counted here. */
  readonly since: EpochMs;
  readonly good: { readonly served: RateView; readonly shadow: RateView; readonly both: RateView };
  readonly agree: {
    readonly end: RateView;
    readonly tools?: RateView;
    readonly args?: RateView;
    readonly json?: { readonly served: RateView; readonly shadow: RateView };
  };
  /** Of whole answers; a caller who reads a stream slowly stretches the served one. */
  readonly latency?: RatioView;
  /** Of first tokens, streams alone. */
  readonly firstToken?: RatioView;
  readonly cost?: RatioView;
  readonly length?: RatioView;
  readonly similarity?: RatioView;
  /** Newest first. */
  readonly last: readonly ShadowPair[];
  /** Newest of those that differ in more than words: in how they ended, in tools, arguments, or in being JSON. */
  readonly differing: readonly ShadowPair[];
}

export interface ShadowReport {
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly rows: readonly ShadowView[];
  /** Since this process started, by route. */
  readonly now: readonly ShadowTraffic[];
}

export interface ShadowTraffic {
  readonly route: string;
  readonly asked: number;
  readonly underWay: number;
  readonly dropped: Readonly<Partial<Record<ShadowDrop, number>>>;
}

/** Name of the verdict on a shadow's record whose evidence is its pair as JSON. */
export const SHADOW_GUARD = 'shadow';

export const shadowQuerySchema = z.object({
  from: z.coerce.number().optional(),
  to: z.coerce.number().optional(),
  route: z.string().optional(),
});
export type ShadowQuery = z.output<typeof shadowQuerySchema>;
