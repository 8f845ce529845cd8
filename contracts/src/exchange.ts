import type { AnswerRecord, AskFacets, AskRecord } from './ask.ts';
import type { Failure } from './failure.ts';
import type { BodyHash, EpochMs, ExchangeId, MicroUsd, ReleaseId, RouteName } from './ids.ts';
import type { Outcome } from './outcome.ts';
import type { Observed } from './release.ts';
import type { DemotionReason } from './steer.ts';

/**
 * One question put to a model, tool or retriever, and what became of it: the one central, immutable record.
 * Gateway, evals, jobs, probes, OTLP and importers all leave this; whatever a screen shows is a function over it.
 *
 * It is born in two steps. The gateway writes `ExchangeFacts`, what it saw while the bytes went by; the scribe adds the
 * `Digest` (hashes of bodies and axes), which costs too much for the hot path and can always be derived again.
 */
export interface Exchange extends ExchangeFacts {
  /** Hash over the declared axes. */
  readonly release: ReleaseId;
  /** Bodies by content hash; absent when the route records none. */
  readonly askRecord?: AskRecord;
  readonly answerRecord?: AnswerRecord;
}

export interface ExchangeFacts {
  readonly id: ExchangeId;
  /** Event time: when the ask arrived. */
  readonly at: EpochMs;
  readonly kind: 'model' | 'tool' | 'retrieval';
  readonly source: Source;
  readonly route: RouteName;
  /** Protocol the caller spoke, for instance `openai-chat`. */
  readonly protocol: string;
  readonly observed: Observed;
  readonly who: Who;
  readonly place: Place;
  readonly ask: AskFacets;
  readonly attempts: readonly Attempt[];
  readonly verdicts: readonly Verdict[];
  readonly tier: TierRecord;
  readonly outcome: Outcome;
  /** Why the outcome is not good, when something failed rather than ended. */
  readonly failure?: Failure;
  /** Of the attempt whose answer the caller got. The sum over attempts is derived. */
  readonly usage: Usage;
  /** Of all attempts together: what this exchange adds to the bill. */
  readonly cost: Cost;
  readonly timing: Timing;
  /** HTTP status the caller saw; 200 is not a success. */
  readonly status: number;
  readonly record: RecordMode;
}

export const SOURCES = [
  'gateway',
  'otlp',
  'import',
  'eval',
  'job',
  'probe',
  'exercise',
  'drill',
  'shadow',
] as const;
export type Source = (typeof SOURCES)[number];

/**
 * What Midwatch asks for its own sake: nobody was served. Such an exchange is money and evidence of its target, and no traffic of
 * the product: no chart, no rate, no slice and no list counts it unless it is asked for. An exercise is traffic: a caller got it.
 */
export const isTraffic = (source: Source): boolean =>
  source !== 'probe' && source !== 'drill' && source !== 'shadow';
/** `full`: bodies as they were, secrets masked. `masked`: personal data masked too. `none`: no bodies, facts only. */
export type RecordMode = 'full' | 'masked' | 'none';

/** Who asked. Strings are the caller's own; empty fields are absent. */
export interface Who {
  /** Id of the Midwatch key; absent for loopback callers before the first key exists. */
  readonly key?: string;
  readonly tenant?: string;
  readonly user?: string;
  readonly feature?: string;
  readonly principal?: string;
}

/** Where in a larger piece of work this exchange stands, as the caller said by header. Never made up. */
export interface Place {
  readonly thread?: string;
  readonly task?: string;
  readonly run?: string;
  readonly step?: string;
  readonly parent?: ExchangeId;
  /** 32 hex digits, from `traceparent`. */
  readonly trace?: string;
  /** 16 hex digits. */
  readonly span?: string;
}

/** One try inside an exchange. Raw facts; nothing here is derived from another row. */
export interface Attempt {
  /** From 1. */
  readonly number: number;
  readonly cause: AttemptCause;
  readonly tier: string;
  readonly provider: string;
  /** Model name sent upstream. */
  readonly model: string;
  /** The protocol it was translated to, where the target does not speak the caller's, and what was lost on the way. */
  readonly translated?: { readonly to: string; readonly losses: readonly string[] };
  readonly startedAt: EpochMs;
  readonly outcome: Outcome;
  readonly status?: number;
  readonly failure?: Failure;
  readonly usage: Usage;
  readonly cost: Cost;
  readonly timing: AttemptTiming;
  /** The provider's own request id, for a support case. */
  readonly providerRequestId?: string;
}

/** `takeover`: it finished an answer that another attempt had begun and the caller had read of. */
export type AttemptCause = 'first' | 'retry' | 'reroute' | 'fallback' | 'reprompt' | 'hedge' | 'takeover';

/** Milliseconds since the attempt started; absent when it never came so far. */
export interface AttemptTiming {
  readonly headers?: number;
  readonly firstByte?: number;
  /** First real output: text, tool call or refusal; not a ping, a role or an empty delta. */
  readonly firstToken?: number;
  readonly total: number;
}

/** Milliseconds since the ask arrived, except `gaps`, between reads of the stream. */
export interface Timing {
  readonly queued: number;
  readonly firstByte?: number;
  readonly firstToken?: number;
  readonly total: number;
  /** Time spent in Midwatch itself: total minus waiting for upstreams and for the caller's socket. */
  readonly overhead: number;
  readonly gaps?: {
    readonly p50: number;
    readonly p99: number;
    readonly max: number;
    readonly count: number;
  };
}

/**
 * Tokens, disjoint: their sum is everything billed. OpenAI counts cached inside input and reasoning inside output,
 * Anthropic keeps cache outside input; both arrive here taken apart.
 */
export interface Usage {
  /** Fresh text input, neither read from nor written to a cache, neither audio nor image. */
  readonly input: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  /** Anthropic's one-hour cache writes, billed at another price than the five-minute ones in `cacheWrite`. */
  readonly cacheWriteLong: number;
  /** Visible text output, without reasoning and audio. */
  readonly output: number;
  readonly reasoning: number;
  readonly audioIn: number;
  readonly audioOut: number;
  readonly imageIn: number;
  readonly imageOut: number;
  /** `reported` by the provider, `estimated` by us from the bytes that went by, `none`: nothing to count. */
  readonly basis: 'reported' | 'estimated' | 'none';
}

export interface Cost {
  readonly microUsd: MicroUsd;
  /** `unpriced` is an alarm, not a zero. `free`: the provider bills nothing for this (simulator, local model, refused before work). */
  readonly state: 'exact' | 'estimated' | 'unpriced' | 'free';
  /** Which price list: package and version, or `config`. Absent when nothing was priced. */
  readonly priceVersion?: string;
  /** Micro-dollars by token kind; sums to `microUsd` exactly. */
  readonly parts?: Readonly<Record<string, MicroUsd>>;
}

export interface TierRecord {
  readonly intended: string;
  readonly served: string;
  /** What led elsewhere: a kind of failure, `health`, `concurrency`, `exercise`, or the name of whoever steered. */
  readonly demotedBy?: string;
  readonly reason?: DemotionReason;
  /** Where a steerer put it, also when that was the intended tier: the bucket of a ramp, the arm of a router. */
  readonly cell?: string;
}

/** What a guard said. */
export interface Verdict {
  readonly guard: string;
  readonly version: number;
  readonly decision: 'pass' | 'flag' | 'change' | 'block';
  readonly evidence?: string;
  readonly body?: BodyHash;
}

export const NO_USAGE: Usage = Object.freeze({
  input: 0,
  cacheRead: 0,
  cacheWrite: 0,
  cacheWriteLong: 0,
  output: 0,
  reasoning: 0,
  audioIn: 0,
  audioOut: 0,
  imageIn: 0,
  imageOut: 0,
  basis: 'none',
});

export const NO_COST: Cost = Object.freeze({ microUsd: 0, state: 'free' });
