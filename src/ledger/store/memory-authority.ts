import type {
  AccountRule,
  AuthorityAccount,
  AuthorityMessage,
  AuthorityReply,
  Clock,
  EpochMs,
  LedgerAuthority,
} from '#contracts';

interface Replica {
  taken: number;
  settled: number;
  idle: number;
  /** Its idle is its own until then, its reservations until the second. */
  leasedUntil: EpochMs;
  heldUntil: EpochMs;
}

interface Shared {
  rule: AccountRule;
  readonly replicas: Map<string, Replica>;
  level: number;
  at: EpochMs;
  /** Used by somebody who tells us nothing: what a provider's word says beyond our own sum. */
  noted: number;
  forgetAt: EpochMs;
}

const EPSILON = 1e-6;
const SOON = 1_000;
/** Silent this long, a replica of a bucket is forgotten; of a tally its bill is still needed. */
const GONE = 3_600_000;

/**
 * An authority in memory: for the threads of one machine (behind a message port) and the reference that the Redis script is
 * compared with, step by step and in the same words.
 */
export function createMemoryAuthority(clock: Pick<Clock, 'now'>): LedgerAuthority {
  const accounts = new Map<string, Shared>();
  const seqs = new Map<string, number>();

  return {
    async exchange(message) {
      if (message.seq <= (seqs.get(message.replica) ?? 0)) throw new Error('overtaken by a later message');
      seqs.set(message.replica, message.seq);
      return settle(accounts, message, clock.now());
    },
    close: () => undefined,
  };
}

function settle(accounts: Map<string, Shared>, message: AuthorityMessage, now: EpochMs): AuthorityReply {
  for (const [id, { forgetAt }] of accounts) if (forgetAt < now) accounts.delete(id);
  const here = message.accounts.map((report) => {
    const shared = open(accounts, report, now);
    tell(shared, report, message.leaseMs, now);
    return shared;
  });
  const give = (i: number, amount: number) => {
    const shared = here[i]!;
    shared.replicas.get(message.accounts[i]!.as)!.taken += amount;
    if (shared.rule.kind === 'bucket') shared.level -= amount;
  };

  const wants = message.wants.map((claims) => {
    for (let k = 0; k < claims.length; k++) {
      const { account, amount, leave } = claims[k]!;
      const waitMs = waitFor(here[account]!, amount, leave, now);
      if (waitMs === 0) {
        give(account, amount);
        continue;
      }
      for (let j = 0; j < k; j++) give(claims[j]!.account, -claims[j]!.amount);
      return { ok: false, claim: k, waitMs } as const;
    }
    return { ok: true } as const;
  });

  return {
    wants,
    accounts: here.map((shared, i) => {
      const extra = spare(shared, message.accounts[i]!.wish);
      give(i, extra);
      shared.replicas.get(message.accounts[i]!.as)!.idle += extra;
      return { extra, left: left(shared), settled: sum(shared, 'settled') };
    }),
  };
}

function open(accounts: Map<string, Shared>, { id, rule, keepMs }: AuthorityAccount, now: EpochMs): Shared {
  let shared = accounts.get(id);
  if (!shared) {
    const level = rule.kind === 'bucket' ? rule.capacity : 0;
    shared = { rule, replicas: new Map(), level, at: now, noted: 0, forgetAt: 0 };
    accounts.set(id, shared);
  }
  shared.rule = rule;
  shared.forgetAt = keepMs > 0 ? now + keepMs : Number.POSITIVE_INFINITY;
  return shared;
}

/** Puts the sender's figures in place of what was known of him, after those who fell silent lost what they held. */
function tell(shared: Shared, report: AuthorityAccount, leaseMs: number, now: EpochMs): void {
  const { rule } = shared;
  const { as } = report;
  for (const [name, other] of shared.replicas) {
    if (other.leasedUntil < now) {
      // Of a bucket nothing comes back: it refills by itself, and what was taken has probably been used.
      if (rule.kind === 'tally') other.taken -= other.idle;
      other.idle = 0;
    }
    if (other.heldUntil < now && rule.kind === 'tally') other.taken = other.settled;
    if (other.heldUntil < now - GONE && rule.kind === 'bucket' && name !== as) shared.replicas.delete(name);
  }
  const known = shared.replicas.get(as);
  if (rule.kind === 'bucket') {
    shared.level = Math.min(rule.capacity, shared.level + rule.rate * Math.max(0, now - shared.at));
    shared.at = now;
    // After a loss of data the past is not taken from the new bucket once more.
    shared.level = Math.min(rule.capacity, shared.level - (report.taken - (known?.taken ?? report.taken)));
  }
  const { taken, settled, idle, holdMs } = report;
  const heldUntil = now + Math.max(leaseMs, holdMs);
  shared.replicas.set(as, { taken, settled, idle, leasedUntil: now + leaseMs, heldUntil });
  if (report.lower === undefined) return;
  if (rule.kind === 'bucket') shared.level = Math.min(shared.level, report.lower);
  else if (Number.isFinite(rule.limit))
    shared.noted = Math.max(shared.noted, rule.limit - report.lower - sum(shared, 'taken'));
}

const sum = (shared: Shared, what: 'taken' | 'settled' | 'idle'): number => {
  if (shared.rule.kind === 'bucket' && what === 'settled') return 0;
  let total = 0;
  for (const replica of shared.replicas.values()) total += replica[what];
  return total;
};

const left = (shared: Shared): number =>
  shared.rule.kind === 'bucket' ? shared.level : shared.rule.limit - shared.noted - sum(shared, 'taken');

function waitFor(shared: Shared, amount: number, leave: number, now: EpochMs): number {
  const { rule } = shared;
  if (rule.kind === 'bucket') {
    const short = Math.min(amount + leave, rule.capacity) - shared.level;
    return short <= EPSILON ? 0 : Math.max(1, Math.ceil(short / rule.rate - EPSILON));
  }
  const need = Math.min(amount + leave, rule.limit);
  if (need <= left(shared)) return 0;
  const end = rule.endsAt === undefined ? Number.POSITIVE_INFINITY : Math.max(1, rule.endsAt - now);
  return sum(shared, 'settled') + shared.noted + need <= rule.limit ? Math.min(SOON, end) : end;
}

/** Within the slack of all together, and never the last half: near the end everybody asks every time. */
function spare(shared: Shared, wish: number): number {
  const { rule } = shared;
  const room = rule.sharing.slack - sum(shared, 'idle');
  const half = rule.kind === 'bucket' ? shared.level - rule.capacity / 2 : left(shared) / 2;
  return Math.max(0, Math.floor(Math.min(wish, room, half)));
}
