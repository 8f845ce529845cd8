import {
  type AskFacets,
  type Attempt,
  type BudgetAsk,
  type BudgetDecision,
  type BudgetGrant,
  type BudgetRefusal,
  type Clock,
  type EpochMs,
  type Failure,
  type Fields,
  type Lane,
  type LimitReading,
  type MonotonicMs,
  NO_USAGE,
  type Pricer,
  type QuotaAsk,
  type QuotaAxis,
  type QuotaDecision,
  type QuotaGrant,
  type QuotaRefusal,
  type Target,
  type Usage,
} from '#contracts';
import { dollars } from '#contracts/say';
import { sha256 } from '#kernel';
import { type QuotaReading, readQuotas } from '#kernel/resilience';
import { seen } from './failures.ts';
import type { Estimate, Walk } from './walk.ts';

/** Whose limits and money stand before an attempt. Both may be absent: then nothing is asked and nothing waits. */
export interface LedgerPorts {
  readonly budgets?: { reserve(ask: BudgetAsk): BudgetDecision | Promise<BudgetDecision> };
  readonly quotas?: {
    reserve(ask: QuotaAsk): QuotaDecision | Promise<QuotaDecision> | undefined;
    observe(key: QuotaKey, readings: readonly LimitReading[]): void;
    refused(key: QuotaKey, retryAfterMs: number): void;
  };
  /** What answers of a route and model were like lately, by a name for both. */
  readonly answers: {
    /** Output tokens, mean. */
    tokens(name: string, max?: number): number;
    /** Output tokens of the longest; undefined until enough were seen. */
    longest(name: string): number | undefined;
    /** Milliseconds that nearly all of them took. */
    ms(name: string): number;
    /** Share of their input that came from the provider's cache. */
    cachedShare(name: string): number;
    saw(
      name: string,
      answer: { readonly tokens: number; readonly ms: number; readonly cached: number },
      at: EpochMs,
    ): void;
  };
}

type QuotaKey = Pick<QuotaAsk, 'provider' | 'credential' | 'model'>;

export interface TollContext {
  readonly clock: Clock;
  readonly pricer: Pricer;
  readonly estimate: Estimate;
}

export interface Toll {
  readonly target: Target;
  readonly model: string;
  readonly cause: BudgetAsk['cause'];
  readonly lane: Lane;
  /** Until when waiting for room is of use. */
  readonly patience: MonotonicMs;
  readonly deadline: MonotonicMs;
}

/** What was taken before an attempt, to be settled by its row. */
export class Paid {
  private readonly ledger: LedgerPorts;
  private readonly key: QuotaKey;
  /** Of the route and model. */
  private readonly name: string;
  private readonly quota: QuotaGrant | undefined;
  private readonly budget: BudgetGrant | undefined;

  constructor(
    ledger: LedgerPorts,
    key: QuotaKey,
    name: string,
    quota: QuotaGrant | undefined,
    budget: BudgetGrant | undefined,
  ) {
    this.ledger = ledger;
    this.key = key;
    this.name = name;
    this.quota = quota;
    this.budget = budget;
  }

  settle(row: Attempt, at: EpochMs): void {
    const { usage, cost, failure } = row;
    const tokensOut = outputOf(usage);
    const tokensIn = inputOf(usage);
    if (tokensOut > 0 && !failure) {
      const cached = tokensIn > 0 ? usage.cacheRead / tokensIn : 0;
      this.ledger.answers.saw(this.name, { tokens: tokensOut, ms: row.timing.total, cached }, at);
    }
    this.budget?.settle({ microUsd: cost.microUsd, state: cost.state });
    // What never left the house took nothing of the provider's limit.
    if (failure?.kind === 'connect' || failure?.kind === 'timeout_connect') this.quota?.release();
    else this.quota?.settle({ tokensIn, cachedIn: usage.cacheRead, tokensOut });
    if (failure?.kind === 'rate_limited') this.ledger.quotas?.refused(this.key, failure.after ?? 1_000);
  }

  /** Tells the ledger what the provider itself says about its limits. */
  told(headers: Fields, now: EpochMs): void {
    if (!this.quota) return;
    const readings = readQuotas(headers, now).map(asLimit);
    if (readings.length > 0) this.ledger.quotas?.observe(this.key, readings);
  }
}

/**
 * Takes what an attempt may need, from the quota of its target and from every budget it falls under, or says why not. At once
 * where nobody has to be waited for.
 */
export function pay(
  ctx: TollContext,
  ledger: LedgerPorts,
  walk: Walk,
  toll: Toll,
): Paid | Failure | Promise<Paid | Failure> {
  const { target, model } = toll;
  const now = ctx.clock.monotonic();
  const bill: Bill = {
    ctx,
    ledger,
    walk,
    toll,
    key: { provider: target.provider, credential: credentialOf(target), model },
    name: `${walk.route?.name} ${model}`,
    tokensIn: inputOf(ctx.estimate(walk.facets, 0, 0)),
    left: Math.max(0, toll.deadline - now),
  };
  if (!ledger.quotas) return fromBudgets(bill, undefined);
  const call = new QuotaCall(bill, now);
  const quota = ledger.quotas.reserve(call);
  if (!(quota instanceof Promise)) return fromBudgets(bill, quota);
  walk.wake = () => call.leave();
  return quota.then((decision) => {
    walk.wake = undefined;
    return fromBudgets(bill, decision);
  });
}

/** What is to be paid for, and what was found out about it. */
interface Bill {
  readonly ctx: TollContext;
  readonly ledger: LedgerPorts;
  readonly walk: Walk;
  readonly toll: Toll;
  readonly key: QuotaKey;
  /** Of the route and model. */
  readonly name: string;
  readonly tokensIn: number;
  /** Milliseconds. */
  readonly left: number;
}

/** What an attempt asks of the quota of its target. */
class QuotaCall implements QuotaAsk {
  readonly provider: string;
  readonly credential: string;
  readonly model: string;
  readonly estimate: QuotaAsk['estimate'];
  readonly lane: Lane;
  readonly tenant: string | undefined;
  readonly caller: string | undefined;
  readonly deadline: EpochMs;
  readonly ttlMs: number;
  /** Made for those who wait, and few do: a controller costs as much as all else that is asked of a quota. Not among the fields, which go to another thread as they are. */
  #leaving: AbortController | undefined;

  constructor({ ctx, ledger, walk, toll, key, name, tokensIn, left }: Bill, now: MonotonicMs) {
    const { answers } = ledger;
    // Room that comes later than this is of no use: the answer would be cut by the deadline, and paid for all the same.
    const latest = Math.min(toll.patience, toll.deadline - answers.ms(name));
    this.provider = key.provider;
    this.credential = key.credential;
    this.model = key.model;
    this.estimate = {
      tokensIn,
      cachedIn: Math.floor(tokensIn * answers.cachedShare(name)),
      tokensOut: answers.tokens(name, walk.facets.maxOutput),
    };
    this.lane = toll.lane;
    this.tenant = walk.who.tenant;
    this.caller = callerOf(walk);
    this.deadline = ctx.clock.now() + Math.max(0, latest - now);
    this.ttlMs = left;
  }

  get signal(): AbortSignal {
    this.#leaving ??= new AbortController();
    return this.#leaving.signal;
  }

  leave(): void {
    this.#leaving?.abort();
  }
}

function fromBudgets(bill: Bill, quota: QuotaDecision | undefined): Paid | Failure | Promise<Paid | Failure> {
  const { ctx, ledger, walk, toll, key, name, tokensIn, left } = bill;
  if (quota && !quota.ok) {
    const { why, axis, kept, retryAfterMs: after } = quota;
    const { provider, model } = key;
    if (after !== undefined) walk.deferral = { why, axis, lane: toll.lane, provider, model, after, kept };
    return quotaShort(key, after, why, axis);
  }
  if (quota) walk.queued += quota.waitedMs;
  if (!ledger.budgets) return new Paid(ledger, key, name, quota, undefined);
  const worst = worstOf(ctx, walk.facets, toll.target, toll.model, tokensIn, ledger.answers.longest(name));
  const budget = ledger.budgets.reserve({
    subject: subjectOf(walk),
    cause: toll.cause,
    worst,
    ttlMs: left,
    ...(worst === undefined && { unpriced: `${toll.target.provider}/${toll.model}` }),
  });
  return budget instanceof Promise
    ? budget.then((decision) => paid(bill, quota, decision))
    : paid(bill, quota, budget);
}

function paid(
  { ledger, key, name }: Bill,
  quota: QuotaGrant | undefined,
  budget: BudgetDecision,
): Paid | Failure {
  if (budget.ok) return new Paid(ledger, key, name, quota, budget);
  quota?.release();
  return overBudget(budget);
}

/** Answers may run to here when the caller names no limit: what current models write at most. */
const LONGEST_ANSWER = 16_384;
/** Where the answers of a route are known, one that is longer than all of the last hundreds is reserved for, and no book. */
const LONGER = 2;
const SHORTEST_KNOWN = 1_024;

/**
 * The dearest this attempt can come to; undefined when nobody knows its price. Exact where the caller names a limit. Where he
 * names none a bound for every case would refuse a caller with a dollar left for an answer of a cent.
 */
function worstOf(
  { pricer, clock }: TollContext,
  facets: AskFacets,
  { provider }: Target,
  model: string,
  input: number,
  longest: number | undefined,
): number | undefined {
  const unnamed =
    longest === undefined
      ? LONGEST_ANSWER
      : Math.min(LONGEST_ANSWER, Math.max(SHORTEST_KNOWN, LONGER * longest));
  const output = (facets.maxOutput ?? unnamed) * facets.choices;
  const { state, microUsd } = pricer.price({
    provider,
    model,
    at: clock.now(),
    usage: { ...NO_USAGE, input, output, basis: 'estimated' },
  });
  return state === 'unpriced' ? undefined : microUsd;
}

const inputOf = (u: Usage): number => u.input + u.cacheRead + u.cacheWrite + u.cacheWriteLong + u.audioIn;
const outputOf = (u: Usage): number => u.output + u.reasoning + u.audioOut;

/** One house, one organisation: its name only tells it from the values of other scopes. */
const ORGANISATION = 'all';

function subjectOf({ who, place, id }: Walk): BudgetAsk['subject'] {
  const subject: { -readonly [scope in keyof BudgetAsk['subject']]: BudgetAsk['subject'][scope] } = {
    organisation: ORGANISATION,
    turn: id,
  };
  if (who.tenant !== undefined) subject.tenant = who.tenant;
  if (who.key !== undefined) subject.key = who.key;
  if (who.feature !== undefined) subject.feature = who.feature;
  if (who.user !== undefined) subject.user = who.user;
  if (place.run !== undefined) subject.run = place.run;
  return subject;
}

/** Callers who say nothing of themselves are one, as are all that share a key: without places kept for them they would all be told the same moment. */
const callerOf = ({ who, caller }: Walk): string => caller ?? `${who.key ?? ''} ${who.user ?? ''}`;

const credentials = new WeakMap<Target, string>();
/** Which key of the provider, without a letter of it. */
function credentialOf(target: Target): string {
  const known = credentials.get(target);
  if (known !== undefined) return known;
  const hash = sha256(target.apiKey ?? '').slice(0, 12);
  credentials.set(target, hash);
  return hash;
}

const AXES: Readonly<Record<QuotaReading['axis'], LimitReading['axis']>> = {
  requests: 'requests',
  tokens: 'tokens',
  input_tokens: 'tokensIn',
  output_tokens: 'tokensOut',
};
const asLimit = (reading: QuotaReading): LimitReading => ({ ...reading, axis: AXES[reading.axis] });

function quotaShort(
  { provider, model }: QuotaKey,
  after: number | undefined,
  why: QuotaRefusal['why'],
  axis: QuotaAxis,
): Failure {
  if (why === 'left') return seen('client_left');
  const place = `providers.${provider}.quota`;
  const words: Readonly<Record<Exclude<typeof why, 'left'>, string>> = {
    never: `This ask alone is larger than the limit of ${AXIS_WORDS[axis]} for ${provider}/${model}: no wait helps. Send less, or have \`${place}\` raised if the provider grants more.`,
    deadline: `${provider}/${model} has no room for this ask before its deadline: its limit of ${AXIS_WORDS[axis]} is used up. A place is likely after retry-after; with x-midwatch-priority: interactive, or a later deadline, it may be sooner.`,
    full: `${provider}/${model} is out of ${AXIS_WORDS[axis]}, and as many callers as may (\`lanes.queue\`) wait already. Come back after retry-after.`,
    away: `The shared limits of ${provider}/${model} cannot be asked (Redis is away), and \`${place}.whenAway\` is \`closed\`. Whoever runs this gateway can set it to \`local\` or \`open\`.`,
  };
  return {
    ...seen('rate_limited', words[why]),
    origin: 'midwatch',
    ...(after !== undefined && { after }),
  };
}

const AXIS_WORDS: Readonly<Record<QuotaAxis, string>> = {
  requests: 'requests a minute',
  tokensIn: 'input tokens a minute',
  tokensOut: 'output tokens a minute',
  tokens: 'tokens a minute',
  requestsPerDay: 'requests a day',
  tokensPerDay: 'tokens a day',
};

function overBudget({
  why,
  budget,
  scope,
  value,
  period,
  limit,
  left,
  asked,
  retryAfterMs,
}: BudgetRefusal): Failure {
  const whose = `Budget "${budget}" (${scope}${scope === 'organisation' ? '' : ` ${value}`}, ${period})`;
  const key = `\`budgets.${budget}.hard\``;
  const next = period === 'lifetime' ? '' : `wait for the next ${period}, `;
  const words: Readonly<Record<typeof why, string>> = {
    exceeded: `${whose} has ${dollars(left)} of ${dollars(limit)} left and this ask may cost ${dollars(asked)}. Lower max_tokens, ${next}or ask whoever keeps midwatch.yaml to raise ${key}.`,
    never: `${whose} is ${dollars(limit)} in all and this ask alone may cost ${dollars(asked)}: no wait helps. Lower max_tokens, or ask whoever keeps midwatch.yaml to raise ${key}.`,
    away: `${whose} is kept with others in Redis, which is away, and \`budgets.${budget}.whenAway\` is \`closed\`: nothing is spent until it is back, or whoever runs this gateway sets \`local\` or \`open\`.`,
  };
  return {
    ...seen('over_budget', words[why]),
    ...(retryAfterMs !== undefined && { after: retryAfterMs }),
  };
}
