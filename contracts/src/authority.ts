import type { AccountRule } from './accounts.ts';

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
