import type {
  AskFacets,
  Attempt,
  AttemptCause,
  Axes,
  Clock,
  Cost,
  EpochMs,
  ExchangeId,
  Failure,
  FailureKind,
  Finished,
  Lane,
  Log,
  MonotonicMs,
  Observed,
  Outcome,
  Outgoing,
  Place,
  Pricer,
  ProofState,
  Protocol,
  QuotaAxis,
  QuotaRefusal,
  Reading,
  Route,
  Seam,
  Source,
  Target,
  Tier,
  Turn,
  Usage,
  Who,
} from '#contracts';
import { NO_COST, NO_USAGE } from '#contracts';
import type { Lag } from '#kernel';
import type { Flight } from './attempt.ts';
import type { Climate } from './climate.ts';
import { signalOf } from './fair.ts';
import type { Proofs } from './fallbacks/proofs.ts';
import { round, roundIf } from './gaps.ts';
import type { Limits, SetLimit } from './limits.ts';
import type { Step } from './plan.ts';
import type { Errand } from './prepare.ts';
import type { Seat, Seats } from './seats.ts';
import type { Stall } from './stalls.ts';
import type { Standing } from './standing.ts';
import type { Paid } from './toll.ts';
import type { Weather } from './weather.ts';

/**
 * One exchange on its way through the house. Born when the ask arrives, filled in step by step, closed by the record; one
 * object all the way, because a copy per step would be most of what the hot path allocates.
 */
/** Who is sent away for now, in the terms of a program. */
export interface Deferral {
  readonly why: QuotaRefusal['why'];
  readonly axis: QuotaAxis | 'concurrency';
  readonly lane: Lane;
  readonly provider: string;
  readonly model: string;
  /** Milliseconds. */
  readonly after: number;
  /** A place is kept until then. */
  readonly kept: boolean;
}

export interface Walk {
  readonly id: ExchangeId;
  readonly at: EpochMs;
  readonly start: MonotonicMs;
  readonly protocol: Protocol;
  readonly outgoing: Outgoing;
  who: Who;
  /** The caller's own name for this ask, if he gave one. */
  readonly caller?: string;
  readonly place: Place;
  readonly declared: Axes;
  /** The caller speaks to Midwatch by header, so it is told by a last comment what is known only at the end of a stream. */
  readonly talks: boolean;
  facets: AskFacets;
  body?: Uint8Array;
  route?: Route;
  readonly attempts: Attempt[];
  /** Row of the try that served, where that is not the last one. */
  served?: Attempt;
  /** The try that runs, so that a caller who leaves or a shutdown can cut it. */
  flight?: Flight;
  /** All that race, where more than one do. */
  rivals?: readonly Flight[];
  /** Tries begun, in order. */
  readonly made: Try[];
  /** That Midwatch set for the last try. */
  limit?: SetLimit | undefined;
  /** The last refusal for want of room that says when to come back. */
  deferral?: Deferral;
  /** Why nothing more may be tried: the caller left, we are shutting down. */
  stopped?: FailureKind;
  /** Ends a pause between two tries early. */
  wake?: () => void;
  /** Whose exchange this is: a caller's, one of his sent through a fallback on purpose, or our own. */
  source: Source;
  /** Fallback that a copy is to exercise when this exchange is over. */
  rehearses?: Step;
  /** Told when an exchange of our own is over. */
  told?: (finished: Finished) => void;
  /** What of the caller's own request a call is made of; there once a route is found. */
  errand?: Errand;
  /** Where it was sent before anybody was asked, and by whom. */
  turn?: Turn;
  /** Why the tier that was meant for it was passed over without a try, which would have been a row. */
  passed?: FailureKind | 'health';
  /** Sent to a lower tier although the one before still answers: its targets are full, or get a part of their traffic. */
  spilled?: 'limit' | 'brownout' | undefined;
  /** Fallbacks that it was sent to without a proof of theirs. */
  leant?: readonly Leant[];
  /** Another target finished what the caller had begun to read. */
  taken?: Taken;
  /** Names of the provider's header fields that were too large to pass on. */
  leftOut?: string;
  /** Why nobody finished a stream that broke off, where its route wants that. */
  alone?: string;
  /** Milliseconds spent waiting for room in a quota, or for a place at a target. */
  queued: number;
  /** Milliseconds spent in our own code so far; what is awaited of upstream and caller is not ours. */
  own: number;
}

/** A try of a fallback that nobody knew to work. */
export interface Leant {
  readonly tier: string;
  readonly target: string;
  readonly state: ProofState;
  /** It was not needed: to make room, to save time. */
  readonly chosen?: 'limit' | 'brownout' | 'hedge' | undefined;
}

/** A takeover that was heard. */
export interface Taken {
  /** What the answer had broken off of, and after how many characters. */
  readonly after: FailureKind;
  readonly at: number;
  readonly by: Seam;
}

/** Ends the walk, wherever it is, for a reason of ours or of the caller's. */
export function stopWalk(walk: Walk, cause: FailureKind): void {
  walk.stopped ??= cause;
  walk.flight?.cut(cause);
  for (const rival of walk.rivals ?? []) rival.cut(cause);
  walk.wake?.();
}

/** A first token that is later than is normal for the hour is not waited for while somebody else could answer. */
export interface Impatience {
  readonly at: MonotonicMs;
  /** Asked when the time has come: true books a further try against the budget of the route; false: go on waiting. */
  may(): boolean;
  /** For whoever reads the failure. */
  readonly hint: string;
}

/** One try while it runs. */
export interface Try {
  readonly number: number;
  readonly cause: AttemptCause;
  readonly step: Step;
  readonly tier: Tier;
  readonly target: Target;
  readonly model: string;
  readonly translated: Attempt['translated'];
  readonly paid: Paid | undefined;
  /** The provider was asked for usage that the caller did not ask for, and does not see. */
  readonly wished: boolean;
  /** Of its answer, where the caller named none and Midwatch did. */
  readonly limit: SetLimit | undefined;
  /** The provider was asked for usage at all. */
  readonly asksUsage: boolean;
  /** The transport sent it twice; it may do so once in an exchange. */
  resent?: boolean;
  /** When it is given up for want of a first token, sooner than the route's own limit. */
  impatience?: Impatience;
  /** What is too long a silence once it streams, where its route goes by the target's own. */
  stall?: Stall;
  /** Its place among the calls under way, where those are counted. */
  seat?: Seat;
  readonly startedAt: EpochMs;
  readonly start: MonotonicMs;
  /** Milliseconds until it was on its way: near none on a connection that stood. */
  connected?: number;
  status?: number;
  headers?: number;
  firstByte?: number;
  firstToken?: number;
  /** Milliseconds of that for which we may not have looked; 0 where our loop keeps up. */
  late: number;
  /** The same at its end. */
  endLate: number;
  /** We stood still while it ran. */
  stood: boolean;
  providerRequestId?: string;
  /** Answered from a cassette: nobody was paid. */
  replayed?: boolean;
  /** The provider has the call, or nearly. */
  sent?: boolean;
}

/** Estimates what a provider did not report. */
export type Estimate = (ask: AskFacets, textLength: number, toolCalls: number) => Usage;

/** What a try is billed by. */
export interface Billing {
  readonly clock: Clock;
  readonly pricer: Pricer;
  readonly estimate: Estimate;
  readonly standing: Standing;
  readonly proofs: Proofs;
  readonly climate: Climate;
  readonly limits: Limits;
  readonly weather: Weather;
  readonly seats: Seats;
  readonly log: Log;
  readonly lag: Lag;
}

/** Row of the try whose answer the caller gets. */
export const servedBy = (walk: Walk): Attempt | undefined => walk.served ?? walk.attempts.at(-1);

/** Tries of this target so far, those that run included. */
export const triesOf = (walk: Walk, step: Step): number =>
  walk.made.filter((one) => one.step === step).length;

/** Names under which providers return their own id of a call. */
const REQUEST_IDS = ['x-request-id', 'request-id', 'apim-request-id', 'cf-ray'] as const;

export const requestId = (headers: Readonly<Record<string, string>>): string | undefined => {
  for (const name of REQUEST_IDS) {
    const value = headers[name];
    if (value) return value.slice(0, 128);
  }
  return undefined;
};

export interface TryEnd {
  readonly outcome: Outcome;
  readonly failure?: Failure;
  readonly reading?: Reading;
  /** Milliseconds that a stream kept us waiting after its first output, without what the caller kept it waiting. */
  readonly streamed?: number;
}

/** Closes a try: the raw fact that everything else is derived from. */
export function closeTry(one: Try, { clock, pricer, estimate }: Billing, walk: Walk, end: TryEnd): Attempt {
  const usage = usageOf(one, walk, end, estimate);
  return {
    number: one.number,
    cause: one.cause,
    tier: one.tier.name,
    provider: one.target.provider,
    model: one.model,
    translated: one.translated,
    startedAt: one.startedAt,
    outcome: end.outcome,
    status: one.status,
    failure: end.failure,
    usage,
    cost: costOf(one, pricer, usage, end.reading?.observed),
    timing: {
      headers: roundIf(one.headers),
      firstByte: roundIf(one.firstByte),
      firstToken: roundIf(one.firstToken),
      total: round(clock.monotonic() - one.start),
    },
    providerRequestId: one.providerRequestId,
  };
}

/** Ends the try that runs: its row is written, and its target's standing is told. */
export function endTry(one: Try, ctx: Billing, walk: Walk, end: TryEnd): Attempt {
  const row = closeTry(one, ctx, walk, end);
  walk.attempts.push(row);
  one.paid?.settle(row, ctx.clock.now());
  const now = ctx.clock.monotonic();
  one.endLate = ctx.lag.late(now);
  one.stood = ctx.lag.stood(one.start, now) !== undefined;
  try {
    learn(one, ctx, walk, end, row);
  } catch (error) {
    // What could not be learnt of an answer must not keep its caller from the end of it.
    ctx.log('error', 'an end could not be learnt from', { exchange: walk.id, error: String(error) });
  }
  return row;
}

function learn(one: Try, ctx: Billing, walk: Walk, end: TryEnd, row: Attempt): void {
  const { input, output, reasoning, cacheWrite, cacheWriteLong } = row.usage;
  ctx.standing.ended(one, end, walk.facets, input);
  if (walk.route) {
    leanOn(one, ctx, walk, walk.route);
    ctx.proofs.ended(walk.route, one, end, walk, row);
  }
  ctx.climate.ended(one, walk.facets, end, output + reasoning, walk.source === 'probe');
  if (one.stall && signalOf(one, end) === 'good') one.stall.learn();
  ctx.weather.ended(one, walk, end, input + cacheWrite + cacheWriteLong);
  // An estimate of ours is no length that a limit may rest on; what was translated has the translator's own.
  if (walk.route?.config.maxTokens === 'auto' && !one.translated && row.usage.basis === 'reported') {
    const { provider } = one.target;
    ctx.limits.ended(walk, { provider, model: one.model, limit: one.limit }, end, output + reasoning);
  }
  one.seat?.leave({ one, end, walk, input, output: output + reasoning });
}

/** Before what this try shows is counted. Ours, and exercises, are there to find out. */
function leanOn({ step, model, cause }: Try, { proofs }: Billing, walk: Walk, route: Route): void {
  if (step.tier === route.tiers[0] || walk.source !== 'gateway' || walk.turn?.tier === step.tier.name) return;
  const { state } = proofs.standing(route, step);
  if (state === 'PROVEN') return;
  const failed = walk.attempts.some(({ tier, failure }) => tier !== step.tier.name && failure);
  const chosen = cause === 'hedge' ? 'hedge' : failed ? undefined : walk.spilled;
  const target = `${step.target.provider}/${model}`;
  walk.leant = [...(walk.leant ?? []), { tier: step.tier.name, target, state, chosen }];
}

/** Providers bill on for what we gave up ourselves: they had the ask, and nobody tells what they did with it. */
const GIVEN_UP: ReadonlySet<FailureKind> = new Set<FailureKind>([
  'client_left',
  'hedge_lost',
  'shutting_down',
  'timeout_headers',
  'timeout_total',
]);

/** A provider that began to answer has worked, and bills; where it did not say how much, the estimate says that it is one. */
function usageOf(one: Try, walk: Walk, { reading, failure }: TryEnd, estimate: Estimate): Usage {
  if (reading && reading.usage.basis !== 'none') return reading.usage;
  const answered = reading !== undefined && one.status !== undefined && one.status < 300;
  if (answered) return estimate(walk.facets, reading.textLength, reading.toolCalls);
  const given = one.sent === true && failure !== undefined && GIVEN_UP.has(failure.kind);
  return given ? estimate(walk.facets, 0, 0) : NO_USAGE;
}

/** Tiers of service that are billed at another price than the list's: half of it, or twice. */
const OTHERWISE_BILLED: ReadonlySet<string> = new Set(['flex', 'batch', 'priority']);

/**
 * The served model has the right price; a served name that no list knows falls back to the name that was asked for. What was
 * served in a tier that the list has no price of is an estimate.
 */
function costOf(one: Try, pricer: Pricer, usage: Usage, observed: Observed | undefined): Cost {
  const cost = listedCost(one, pricer, usage, observed?.model);
  const tier = observed?.serviceTier;
  if (tier === undefined || !OTHERWISE_BILLED.has(tier) || cost.state !== 'exact') return cost;
  // Whoever writes down prices of his own knows in which tier he is served.
  return cost.priceVersion === 'config' ? cost : { ...cost, state: 'estimated' };
}

function listedCost(one: Try, pricer: Pricer, usage: Usage, served: string | undefined): Cost {
  if (usage.basis === 'none' || one.replayed) return NO_COST;
  const { model, startedAt: at } = one;
  const { provider } = one.target;
  const cost = pricer.price({ provider, usage, at, model: served ?? model });
  return cost.state === 'unpriced' && served !== undefined && served !== model
    ? pricer.price({ provider, usage, at, model })
    : cost;
}
