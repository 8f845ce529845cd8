import type { AskFacets } from './ask.ts';
import type { ExchangeFacts, Place, Who } from './exchange.ts';
import type { Failure } from './failure.ts';
import type { EpochMs, ExchangeId } from './ids.ts';
import type { Lane } from './lanes.ts';
import type { Route } from './ports.ts';

/** Why an exchange was served by another tier than the one meant for it. */
export const DEMOTION_REASONS = [
  'error',
  'timeout',
  'rate_limit',
  'concurrency',
  'budget',
  'router_score',
  'flag',
  'cache',
  'canned',
] as const;
export type DemotionReason = (typeof DEMOTION_REASONS)[number];

/**
 * Who decides at which tier an exchange begins, before anybody is asked: a rule of demotion, a ramp, a router. They are asked in
 * order and the first that has something to say is heard, so that two of them never argue over one exchange.
 */
export interface Steerer {
  /** Does it steer this route at all? The question is not even put together for nobody. Absent: it may steer any. */
  minds?(route: string): boolean;
  /**
   * Asked once an exchange on the hot path: answers at once, from memory, and never throws. Only one that asks somebody else,
   * as its route says that it should, may keep the exchange waiting; its promise never rejects.
   */
  steer(question: SteerQuestion): Turn | undefined | Promise<Turn | undefined>;
  /** Does it want to hear the ends of this route's exchanges from another thread? Absent: of routes that it minds. */
  hears?(route: string): boolean;
  /** The end of an exchange, steered by this one or not. */
  ended?(facts: ExchangeFacts): void;
}

export interface SteerQuestion {
  readonly id: ExchangeId;
  readonly at: EpochMs;
  readonly route: Route;
  /** Names of the tiers that can answer this caller, in the order of the route; tiers with a canned reply included. */
  readonly tiers: readonly string[];
  readonly facets: AskFacets;
  /** Raw ask, for whoever must look deeper than its facets; most must not. */
  readonly body: Uint8Array;
  readonly who: Who;
  readonly place: Place;
  readonly lane: Lane;
}

/** Where an exchange is sent. The other tiers of the route still catch it when that one fails. */
export interface Turn {
  /** Tier to begin with, one of the question's. */
  readonly tier: string;
  /** Tiers that must not be asked at all, such as the new path for whoever is not yet on it. */
  readonly without?: readonly string[];
  /** Who says so, as `demotion:<id>`, `ramp:<route>`, `router:<route>`. */
  readonly by: string;
  readonly reason: DemotionReason;
  /** What the steerer wants to find again at the end: the bucket of a ramp, the arm of a router. */
  readonly cell?: string;
  /** Nobody is to be asked: the caller gets this. */
  readonly refuse?: Failure;
}
