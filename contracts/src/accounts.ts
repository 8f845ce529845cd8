import type { Spend } from './budgets.ts';
import type { EpochMs } from './ids.ts';
import type { Sharing } from './sharing.ts';

/**
 * Ledger: reserve, then settle. Money, tokens, requests, retries, hedges, writes are all amounts on accounts; an account is
 * a tally (a period's sum under a limit) or a bucket (refilled continuously). Everything above is policy over these two.
 */

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
