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
  type QuotaDecision,
  type QuotaGrant,
  type Target,
  type Usage,
} from '#contracts';
import { sha256 } from '#kernel';
import { type QuotaReading, readQuotas } from '#kernel/resilience';
import { seen } from './failures.ts';
import { dollars } from './record.ts';
import type { Estimate, Walk } from './walk.ts';

/** Whose limits and money stand before an attempt. Both may be absent: then nothing is asked and nothing waits. */
export interface LedgerPorts {
  readonly budgets?: { reserve(ask: BudgetAsk): BudgetDecision | Promise<BudgetDecision> };
  readonly quotas?: {
    reserve(ask: QuotaAsk): QuotaDecision | Promise<QuotaDecision> | undefined;
    observe(key: QuotaKey, readings: readonly LimitReading[]): void;
    refused(key: QuotaKey, retryAfterMs: number): void;
  };
  /** Output tokens that an answer of this model is expected to have. */
  readonly expectOutput: (model: string, max?: number) => number;
  readonly sawOutput: (model: string, tokens: number, at: EpochMs) => void;
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
  private readonly quota: QuotaGrant | undefined;
  private readonly budget: BudgetGrant | undefined;

  constructor(
    ledger: LedgerPorts,
    key: QuotaKey,
    quota: QuotaGrant | undefined,
    budget: BudgetGrant | undefined,
  ) {
    this.ledger = ledger;
    this.key = key;
    this.quota = quota;
    this.budget = budget;
  }

  settle(row: Attempt, at: EpochMs): void {
    const { usage, cost, failure } = row;
    const tokensOut = outputOf(usage);
    if (tokensOut > 0) this.ledger.sawOutput(this.key.model, tokensOut, at);
    this.budget?.settle({ microUsd: cost.microUsd, state: cost.state });
    // What never left the house took nothing of the provider's limit.
    if (failure?.kind === 'connect' || failure?.kind === 'timeout_connect') this.quota?.release();
    else this.quota?.settle({ tokensIn: inputOf(usage), tokensOut });
    if (failure?.kind === 'rate_limited') this.ledger.quotas?.refused(this.key, failure.after ?? 1_000);
  }

  /** Tells the ledger what the provider itself says about its limits. */
  told(headers: Fields, now: EpochMs): void {
    if (!this.quota) return;
    const readings = readQuotas(headers, now).map(asLimit);
    if (readings.length > 0) this.ledger.quotas?.observe(this.key, readings);
  }
}

/** Takes what an attempt may need, from the quota of its target and from every budget it falls under, or says why not. */
export async function pay(
  ctx: TollContext,
  ledger: LedgerPorts,
  walk: Walk,
  toll: Toll,
): Promise<Paid | Failure> {
  const { clock } = ctx;
  const { target, model } = toll;
  const now = clock.monotonic();
  const key = { provider: target.provider, credential: credentialOf(target), model };
  const left = Math.max(0, toll.deadline - now);
  const tokensIn = inputOf(ctx.estimate(walk.facets, 0, 0));
  const { maxOutput } = walk.facets;
  const gaveUp = new AbortController();
  const asked = ledger.quotas?.reserve({
    ...key,
    estimate: { tokensIn, tokensOut: ledger.expectOutput(model, maxOutput) },
    lane: toll.lane,
    ...(walk.who.tenant !== undefined && { tenant: walk.who.tenant }),
    ...(callerOf(walk) && { caller: callerOf(walk) as string }),
    deadline: clock.now() + Math.max(0, toll.patience - now),
    ttlMs: left,
    signal: gaveUp.signal,
  });
  walk.wake = () => gaveUp.abort();
  const quota = await asked;
  walk.wake = undefined;
  if (quota && !quota.ok) return quotaShort(key, quota.retryAfterMs, quota.why, quota.axis);
  if (quota) walk.queued += quota.waitedMs;
  const budget = await ledger.budgets?.reserve({
    subject: subjectOf(walk),
    cause: toll.cause,
    worst: worstOf(ctx, walk.facets, target, model, tokensIn),
    ttlMs: left,
  });
  if (budget && !budget.ok) {
    quota?.release();
    return overBudget(budget);
  }
  return new Paid(ledger, key, quota, budget);
}

/** Answers may run to here when the caller names no limit: what current models write at most. */
const LONGEST_ANSWER = 16_384;

/** The dearest this attempt can come to; undefined when nobody knows its price. */
function worstOf(
  { pricer, clock }: TollContext,
  facets: AskFacets,
  { provider }: Target,
  model: string,
  input: number,
): number | undefined {
  const output = (facets.maxOutput ?? LONGEST_ANSWER) * facets.choices;
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

const subjectOf = ({ who, place, id }: Walk): BudgetAsk['subject'] => ({
  organisation: ORGANISATION,
  turn: id,
  ...(who.tenant !== undefined && { tenant: who.tenant }),
  ...(who.key !== undefined && { key: who.key }),
  ...(who.feature !== undefined && { feature: who.feature }),
  ...(who.user !== undefined && { user: who.user }),
  ...(place.run !== undefined && { run: place.run }),
});

const callerOf = ({ who, caller }: Walk): string | undefined =>
  caller ??
  (who.key === undefined && who.user === undefined ? undefined : `${who.key ?? ''} ${who.user ?? ''}`);

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
  why: string,
  axis: string,
): Failure {
  if (why === 'left') return seen('client_left');
  return {
    ...seen(
      'rate_limited',
      why === 'never'
        ? `This ask alone is larger than the ${axis} limit that is configured for ${provider}/${model} (providers.${provider}.quota).`
        : `The quota of ${provider}/${model} has no room for this ask in time (${axis}, ${why}); it does after retry-after.`,
    ),
    origin: 'midwatch',
    ...(after !== undefined && { after }),
  };
}

function overBudget({
  budget,
  scope,
  value,
  period,
  limit,
  left,
  asked,
  retryAfterMs,
}: BudgetRefusal): Failure {
  return {
    ...seen(
      'over_budget',
      `Budget "${budget}" (${scope} ${value}, ${period}) has ${dollars(left)} of ${dollars(limit)} dollars left and this ask may cost ${dollars(asked)}; lower max_tokens, wait for the next period, or have the budget raised.`,
    ),
    ...(retryAfterMs !== undefined && { after: retryAfterMs }),
  };
}
