import { z } from 'zod';
import type { AttemptCause } from './exchange.ts';
import type { EpochMs, MicroUsd } from './ids.ts';
import { duration } from './units.ts';

/**
 * Ledger: reserve, then settle. Money, tokens, requests, retries, hedges, writes are all amounts on accounts; an account is
 * a tally (a period's sum under a limit) or a bucket (refilled continuously). Everything above is policy over these two.
 */

// Lanes

/** Who goes first when there is not enough for all, most urgent first. A lower lane stops earlier, and never starves. */
export const LANES = ['interactive', 'normal', 'batch'] as const;
export type Lane = (typeof LANES)[number];

/** What a caller may write into `x-midwatch-priority`. */
export const PRIORITY_WORDS: Readonly<Record<string, Lane>> = Object.freeze({
  interactive: 'interactive',
  high: 'interactive',
  normal: 'normal',
  batch: 'batch',
  low: 'batch',
});

/** Undefined for a word that means nothing; without a word a caller is in the normal lane. */
export const laneOf = (priority: string | undefined): Lane | undefined => {
  if (priority === undefined || priority === '') return 'normal';
  const word = priority.toLowerCase();
  return Object.hasOwn(PRIORITY_WORDS, word) ? PRIORITY_WORDS[word] : undefined;
};

/** How near an axis is to its limit: below 70 %, from 70 %, from 90 %, nothing left. */
export const PRESSURES = ['calm', 'tight', 'critical', 'exhausted'] as const;
export type Pressure = (typeof PRESSURES)[number];

// Accounts and the stores that keep them

export type AccountRule = TallyRule | BucketRule;

/** A sum under a limit until `endsAt`. */
export interface TallyRule {
  readonly kind: 'tally';
  /** `Infinity` only counts. */
  readonly limit: number;
  /** Absent: never ends. */
  readonly endsAt?: EpochMs;
  /** Unused this long, an account without end may be forgotten. Absent: never, which suits only what is few. */
  readonly keepMs?: number;
  readonly sharing: Sharing;
}

/** Refilled continuously at `rate` per millisecond up to `capacity`; an overrun takes it below zero. */
export interface BucketRule {
  readonly kind: 'bucket';
  readonly rate: number;
  readonly capacity: number;
  readonly sharing: Sharing;
}

/** How several processes share an account. Means nothing to a store that lives in one process. */
export interface Sharing {
  /**
   * Most that all replicas together may hold as idle slices, in the account's unit. Zero: every decision asks the authority.
   * Bounds both errors: never over by more than this, and never refused while more than this is left.
   */
  readonly slack: number;
  /**
   * When the authority cannot be asked. `open`: take and count. `closed`: refuse. `local`: keep the limit against the last
   * shared state known here and what this process itself took since.
   */
  readonly whenAway: WhenAway;
}
export type WhenAway = 'open' | 'closed' | 'local';

/** For an account that is not shared. */
export const ALONE: Sharing = Object.freeze({ slack: 0, whenAway: 'local' });

export interface Account {
  readonly id: string;
  readonly rule: AccountRule;
}

/** What this process knows of an account at an instant. */
export interface AccountReading {
  /** Taken and not coming back: settled and reserved for a tally, what is missing from a full bucket otherwise. */
  readonly used: number;
  /** `used` over limit or capacity; above 1 after an overrun. */
  readonly share: number;
  /** What may still be taken. Never negative. */
  readonly left: number;
  readonly settled: number;
  readonly reserved: number;
}

/** A wish for `amount`, after which at least `leave` must be left for those who are worth more. */
export interface Claim {
  readonly account: Account;
  readonly amount: number;
  readonly leave?: number;
}

/** What was taken. Opaque: only the store that made it can settle it. */
export interface Hold {
  readonly claims: readonly Claim[];
  readonly takenAt: EpochMs;
  readonly expiresAt: EpochMs;
}

export type Taking =
  | { readonly ok: true; readonly hold: Hold }
  | {
      readonly ok: false;
      /** The claim that could not be met; the first when there are several. */
      readonly claim: Claim;
      /**
       * `short`: not enough left. `never`: more than the account could ever hold.
       * `away`: the authority is gone and the account is declared closed then.
       */
      readonly why: 'short' | 'never' | 'away';
      /** Until all claims could be met if nobody else took anything. `Infinity` when waiting does not help. */
      readonly waitMs: number;
    };

/**
 * Keeps accounts. Several claims are met all together or not at all. Answers at once when this process can decide, with a
 * promise when it has to ask; such a promise settles when the authority has answered, is gone or was silent for 250 ms, and never rejects.
 */
export interface LedgerStore {
  /** Finds or opens; a changed rule takes effect at once. Keep the result: it saves the look-up. */
  account(id: string, rule: AccountRule): Account;
  /** `ttlMs`: after it an unsettled hold gives money back and stays counted on buckets, whose request has probably been made. */
  take(claims: readonly Claim[], ttlMs: number): Taking | Promise<Taking>;
  /**
   * Puts what really came in place of what was held, in the order of the claims. False when the hold was settled before.
   * One that expired before is still charged: a late bill is a bill.
   */
  settle(hold: Hold, actual: readonly number[]): boolean;
  /** Counts without asking; for bills that nobody reserved. */
  charge(account: Account, amount: number): void;
  /** Takes a provider's word: at most `left` is left (may be negative). Never raises it: what is in flight is not in his figure. */
  lower(account: Account, left: number): void;
  read(account: Account): AccountReading;
  /** Forgets accounts that ended or lie idle, releases what expired. Called by `take` as well; here for an idle process. */
  sweep(): void;
  /** Everything settled so far is known to the authority when this resolves, or the authority is away. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** State of a memory store as plain JSON: a restart is not an amnesty. */
export interface LedgerSnapshot {
  readonly version: 1;
  readonly at: EpochMs;
  readonly tallies: readonly {
    readonly id: string;
    readonly limit: number | null;
    readonly endsAt?: EpochMs;
    readonly keepMs?: number;
    readonly settled: number;
  }[];
  readonly buckets: readonly {
    readonly id: string;
    readonly rate: number;
    readonly capacity: number;
    readonly level: number;
    readonly at: EpochMs;
  }[];
  /** Unsettled when the snapshot was taken; they count until they expire. */
  readonly holds: readonly {
    readonly expiresAt: EpochMs;
    readonly amounts: readonly (readonly [id: string, amount: number])[];
  }[];
  /** Spend by cause per budget account, and of everything under the empty name. */
  readonly spend?: Readonly<Record<string, Spend>>;
}

/**
 * What many processes share: Redis for replicas, a thread that owns a memory store for threads of one machine. Each message
 * is applied as a whole. Figures about the sender are absolute, so a message that is lost, repeated or overtaken does no harm.
 */
export interface LedgerAuthority {
  /** Rejects when the authority is away, and soon after `signal` aborts, which is how long it may take. */
  exchange(message: AuthorityMessage, signal: AbortSignal): Promise<AuthorityReply>;
  close(): void;
}

export interface AuthorityMessage {
  /** One incarnation of one process. */
  readonly replica: string;
  /** Grows; an older message than the last is refused. */
  readonly seq: number;
  /** How long the authority believes what this replica holds without hearing from it. */
  readonly leaseMs: number;
  readonly accounts: readonly AuthorityAccount[];
  /** Decided in this order, each as a whole. */
  readonly wants: readonly (readonly AuthorityClaim[])[];
}
export interface AuthorityAccount {
  readonly id: string;
  /** Whose figures these are, below the replica: another name each time it has forgotten the account and begins anew. */
  readonly as: string;
  readonly rule: AccountRule;
  /** Milliseconds after which the authority may forget the account. */
  readonly keepMs: number;
  /** Taken under this name since it began: settled, reserved and idle. */
  readonly taken: number;
  /** Of it settled. */
  readonly settled: number;
  /** Of it idle: free for others when the lease has run out. */
  readonly idle: number;
  /** Until its last reservation expires; what a silent replica reserved is free for others only then. */
  readonly holdMs: number;
  /** Idle it would like to have; granted as far as slack and need of others allow. */
  readonly wish: number;
  /** Provider's word, see `LedgerStore.lower`. */
  readonly lower?: number;
}
export interface AuthorityClaim {
  /** Index into `accounts`. */
  readonly account: number;
  readonly amount: number;
  readonly leave: number;
}
export interface AuthorityReply {
  readonly accounts: readonly {
    /** Idle granted on top of what was held. */
    readonly extra: number;
    /** Left for anybody after this message; may be negative. */
    readonly left: number;
    /** Settled by all replicas; 0 for a bucket. */
    readonly settled: number;
  }[];
  /** For each want: granted, or which of its claims failed and how long until it could be met (`Infinity`: never). */
  readonly wants: readonly (
    | { readonly ok: true }
    | { readonly ok: false; readonly claim: number; readonly waitMs: number }
  )[];
}

// Budgets

/** Whose money, widest first. `turn` is one question with all its attempts unless the caller says otherwise. */
export const BUDGET_SCOPES = ['organisation', 'tenant', 'key', 'feature', 'user', 'run', 'turn'] as const;
export type BudgetScope = (typeof BUDGET_SCOPES)[number];
export type BudgetSubject = Readonly<Partial<Record<BudgetScope, string>>>;

export const PERIODS = ['minute', 'hour', 'day', 'week', 'month', 'lifetime'] as const;
/** Calendar periods in UTC; a week starts on Monday. */
export type Period = (typeof PERIODS)[number];

/** What money was spent for. The last three come from the exchange's source, the others from the attempt. */
export const SPEND_CAUSES = [
  'first',
  'retry',
  'reroute',
  'fallback',
  'reprompt',
  'hedge',
  'takeover',
  'probe',
  'exercise',
  'shadow',
] as const satisfies readonly (AttemptCause | 'probe' | 'exercise' | 'shadow')[];
export type SpendCause = (typeof SPEND_CAUSES)[number];

export interface BudgetAsk {
  readonly subject: BudgetSubject;
  readonly cause: SpendCause;
  /** The dearest this attempt can come to; undefined when no price is known, which reserves each budget's default and alarms. */
  readonly worst: MicroUsd | undefined;
  /** Provider and model that have no price, for the alarm. */
  readonly unpriced?: string;
  /** How long the attempt may last; an unsettled reservation is given back after it. */
  readonly ttlMs: number;
}

export type BudgetDecision = BudgetGrant | BudgetRefusal;
export interface BudgetGrant {
  readonly ok: true;
  /**
   * Puts the bill in place of the reservation. `estimated` for a disconnect or a missing usage; `unpriced` charges the
   * default that was reserved. Once; later calls return false.
   */
  settle(bill: { readonly microUsd: MicroUsd; readonly state: SpendState }): boolean;
  /** The attempt was never sent: nothing is charged. */
  release(): boolean;
}
export type SpendState = 'exact' | 'estimated' | 'unpriced' | 'free';
export interface BudgetRefusal {
  readonly ok: false;
  readonly why: 'exceeded' | 'never' | 'away';
  /** Name under `budgets`, and whose account it is. */
  readonly budget: string;
  readonly scope: BudgetScope;
  readonly value: string;
  readonly period: Period;
  readonly limit: MicroUsd;
  readonly left: MicroUsd;
  readonly asked: MicroUsd;
  /** Until the period ends, or a little when what is missing is only reserved; absent when waiting does not help. */
  readonly retryAfterMs?: number;
}

export interface BudgetReading {
  readonly budget: string;
  readonly scope: BudgetScope;
  readonly value: string;
  readonly period: Period;
  readonly from: EpochMs;
  readonly to?: EpochMs;
  readonly soft?: MicroUsd;
  readonly hard?: MicroUsd;
  readonly settled: MicroUsd;
  readonly reserved: MicroUsd;
  /** Settled by this process, by cause. */
  readonly spend: Spend;
}
/** A cause that never came up is absent. */
export type Spend = Readonly<Partial<Record<SpendCause, SpendLine>>>;
export interface SpendLine {
  readonly attempts: number;
  /** As billed: the sum of the records. */
  readonly microUsd: MicroUsd;
  /** Of these `microUsd` estimated, not reported. */
  readonly estimated: MicroUsd;
  /** Attempts without a price. */
  readonly unpriced: number;
  /** Charged for these on top, by the budget's default; no record has it. */
  readonly assumed: MicroUsd;
}

// Quotas

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

// What the ledger tells: each is written to the log and may become a finding

export type LedgerEvent =
  | {
      readonly type: 'budget_soft' | 'budget_hard' | 'budget_over';
      readonly at: EpochMs;
      readonly budget: string;
      readonly scope: BudgetScope;
      readonly value: string;
      readonly limit: MicroUsd;
      readonly used: MicroUsd;
    }
  | {
      readonly type: 'unpriced';
      readonly at: EpochMs;
      /** Provider and model, where known. */
      readonly what?: string;
      readonly subject: BudgetSubject;
      readonly cause: SpendCause;
    }
  | {
      readonly type: 'pressure';
      readonly at: EpochMs;
      readonly scope: string;
      readonly axis: QuotaAxis;
      readonly from: Pressure;
      readonly to: Pressure;
    }
  | { readonly type: 'expired'; readonly at: EpochMs; readonly account: string; readonly amount: number }
  | { readonly type: 'away' | 'back'; readonly at: EpochMs; readonly reason: string };

/** Never throws. */
export type LedgerListener = (event: LedgerEvent) => void;

// Configuration

const count = z.number().int().positive();
const whenAway = z
  .enum(['open', 'closed', 'local'])
  .default('local')
  .describe(
    'When the shared store is gone: serve and count, refuse, or keep the limit by what this process knows.',
  );

/** US dollars: `25`, `0.05` or `$25`; becomes whole micro-dollars. */
export const money = z
  .union([
    z.number().nonnegative(),
    z.string().regex(/^\$?\d+(\.\d{1,6})?$/, 'write dollars like 25, 0.05 or $25'),
  ])
  .transform((value) =>
    Math.round((typeof value === 'number' ? value : Number(value.replace('$', ''))) * 1e6),
  )
  .refine(Number.isSafeInteger, 'more dollars than can be counted to the micro-dollar');

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

/** One entry under `budgets`. */
export const budgetSchema = z
  .strictObject({
    per: z.enum(BUDGET_SCOPES).describe('Every value of this has an account of its own.'),
    match: z.string().default('*').describe('Values the budget is for; `*` matches any run of characters.'),
    period: z.enum(PERIODS).default('month').describe('Calendar period in UTC.'),
    soft: money.optional().describe('Alarm when this is reached.'),
    hard: money.optional().describe('Refuse what could go beyond this.'),
    unpriced: money
      .default(100_000)
      .describe('Reserved and charged for an attempt whose price nobody knows.'),
    slack: money
      .default(0)
      .describe('Most that all replicas together may hold unused; 0 asks the shared store every time.'),
    whenAway,
  })
  .refine((b) => b.soft !== undefined || b.hard !== undefined, 'a budget needs `soft`, `hard` or both')
  .refine(
    (b) => b.soft === undefined || b.hard === undefined || b.soft <= b.hard,
    '`soft` above `hard` would never alarm',
  );
export const budgetsSchema = z.record(z.string(), budgetSchema).default({});
export type BudgetConfig = z.output<typeof budgetSchema>;

const laneSchema = (floor: number, above: number) =>
  z
    .strictObject({
      stopAt: z
        .number()
        .gt(0)
        .max(1)
        .default(above)
        .describe('Pressure at which this lane waits and leaves the rest to those above it.'),
      floor: z
        .number()
        .min(0)
        .max(0.5)
        .default(floor)
        .describe('Share it gets while it waits, however much the lanes above it want.'),
    })
    .prefault({});

/** `lanes:` who waits first, how long the queue may be, and whose share weighs what. */
export const lanesSchema = z
  .strictObject({
    interactive: laneSchema(0, 1),
    normal: laneSchema(0.1, 0.9),
    batch: laneSchema(0.06, 0.7),
    queue: count.default(1_000).describe('Most callers that wait per quota.'),
    keep: count
      .default(10_000)
      .describe('Most places kept per quota for callers that were told when to return.'),
    grace: duration.default(2_000).describe('How long a kept place waits for its caller.'),
    weights: z
      .record(z.string(), z.number().positive())
      .default({})
      .describe('Share of a tenant when quota is short, in proportion; others weigh 1.'),
  })
  .prefault({});
export type LanesConfig = z.output<typeof lanesSchema>;
