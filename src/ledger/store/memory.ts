import {
  type Account,
  ALONE,
  type Claim,
  type Clock,
  type EpochMs,
  type LedgerListener,
  type LedgerSnapshot,
  type LedgerStore,
  type Taking,
} from '#contracts';
import {
  charge,
  forgettable,
  giveBack,
  Ledgered,
  lower,
  NEVER,
  readingOf,
  refill,
  replace,
  reserve,
  waitFor,
} from './account.ts';
import { createHolds, type Held, type Holds } from './holds.ts';

/** Exact within one process; survives a restart by `snapshot`. */
export interface MemoryStore extends LedgerStore {
  take(claims: readonly Claim[], ttlMs: number): Taking;
  snapshot(): LedgerSnapshot;
}

const FORGET_EVERY = 60_000;

const own = (account: Account): Ledgered => {
  if (account instanceof Ledgered) return account;
  throw new TypeError(`account ${account.id} belongs to another store`);
};

export function createMemoryStore(options: {
  readonly clock: Pick<Clock, 'now'>;
  readonly onEvent?: LedgerListener;
  readonly snapshot?: LedgerSnapshot;
}): MemoryStore {
  const { clock, onEvent } = options;
  const accounts = new Map<string, Ledgered>();
  const holds = createHolds((hold, now) => {
    for (const { account, amount } of hold.claims) {
      // A bucket keeps the estimate: the provider has most likely counted the request, and it refills by itself.
      if (account.rule.kind === 'tally') giveBack(own(account), amount);
      onEvent?.({ type: 'expired', at: now, account: account.id, amount });
    }
  });
  let forgetAt = clock.now() + FORGET_EVERY;

  function forget(now: EpochMs): void {
    if (now < forgetAt) return;
    forgetAt = now + FORGET_EVERY;
    for (const [id, account] of accounts) if (forgettable(account, now)) accounts.delete(id);
  }

  if (options.snapshot) restore(options.snapshot, accounts, holds, clock.now());

  return {
    account(id, rule) {
      const known = accounts.get(id);
      if (known?.rule.kind === rule.kind) {
        if (known.rule !== rule) {
          // The old rule's refill up to now is its own; the new one starts from there.
          refill(known, clock.now());
          known.rule = rule;
        }
        return known;
      }
      const opened = new Ledgered(id, rule, clock.now());
      accounts.set(id, opened);
      return opened;
    },

    take(claims, ttlMs) {
      const now = clock.now();
      holds.expire(now);
      forget(now);
      for (let i = 0; i < claims.length; i++) {
        const claim = claims[i]!;
        const account = own(claim.account);
        if (waitFor(account, claim.amount, claim.leave ?? 0, now) === 0) {
          reserve(account, claim.amount, now);
          continue;
        }
        // One by one and back again, so that two claims on one account see each other.
        while (i-- > 0) giveBack(own(claims[i]!.account), claims[i]!.amount);
        return refused(claims, claim, now);
      }
      return { ok: true, hold: holds.keep(claims, now, now + ttlMs) };
    },

    settle(hold, actual) {
      const before = holds.close(hold);
      if (before === undefined) return false;
      const { claims } = hold;
      for (let i = 0; i < claims.length; i++) {
        const { account, amount } = claims[i]!;
        const gone = before === 'expired' && account.rule.kind === 'tally';
        replace(own(account), gone ? 0 : amount, actual[i] ?? 0);
      }
      return true;
    },

    charge: (account, amount) => charge(own(account), amount),

    lower: (account, left) => lower(own(account), left, clock.now()),

    read: (account) => readingOf(own(account), clock.now()),

    sweep() {
      const now = clock.now();
      holds.expire(now);
      forget(now);
    },

    flush: () => Promise.resolve(),
    close: () => Promise.resolve(),
    snapshot: () => snapshotOf(accounts, holds.open, clock.now()),
  };
}

/** The longest wait of all claims: the caller who returns then finds all of them met. */
function refused(claims: readonly Claim[], claim: Claim, now: EpochMs): Taking {
  let waitMs = 0;
  let why: 'short' | 'never' = 'short';
  for (const { account, amount, leave = 0 } of claims) {
    const wait = waitFor(own(account), amount, leave, now);
    if (wait === NEVER) why = 'never';
    waitMs = Math.max(waitMs, wait === NEVER ? Number.POSITIVE_INFINITY : wait);
  }
  // Two claims on one account may each fit alone.
  return { ok: false, claim, why, waitMs: Math.max(1, waitMs) };
}

function snapshotOf(
  accounts: ReadonlyMap<string, Ledgered>,
  open: ReadonlySet<Held>,
  now: EpochMs,
): LedgerSnapshot {
  const all = [...accounts.values()];
  return {
    version: 1,
    at: now,
    tallies: all.flatMap(({ id, rule, settled }) =>
      rule.kind === 'tally'
        ? [
            {
              id,
              limit: Number.isFinite(rule.limit) ? rule.limit : null,
              ...(rule.endsAt !== undefined && { endsAt: rule.endsAt }),
              ...(rule.keepMs !== undefined && { keepMs: rule.keepMs }),
              settled,
            },
          ]
        : [],
    ),
    buckets: all.flatMap(({ id, rule, level, at }) =>
      rule.kind === 'bucket' ? [{ id, rate: rule.rate, capacity: rule.capacity, level, at }] : [],
    ),
    holds: [...open].map(({ claims, expiresAt }) => ({
      expiresAt,
      amounts: claims.map(({ account, amount }) => [account.id, amount] as const),
    })),
  };
}

function restore(
  snapshot: LedgerSnapshot,
  accounts: Map<string, Ledgered>,
  holds: Holds,
  now: EpochMs,
): void {
  for (const { id, limit, endsAt, keepMs, settled } of snapshot.tallies) {
    const tally = new Ledgered(
      id,
      { kind: 'tally', limit: limit ?? Number.POSITIVE_INFINITY, endsAt, keepMs, sharing: ALONE },
      now,
    );
    tally.settled = settled;
    accounts.set(id, tally);
  }
  for (const { id, rate, capacity, level, at } of snapshot.buckets) {
    const bucket = new Ledgered(id, { kind: 'bucket', rate, capacity, sharing: ALONE }, at);
    bucket.level = level;
    accounts.set(id, bucket);
  }
  for (const { expiresAt, amounts } of snapshot.holds) {
    const claims = amounts.flatMap(([id, amount]) => {
      const account = accounts.get(id);
      // What a bucket held is already missing from its level.
      return account?.rule.kind === 'tally' ? [{ account, amount }] : [];
    });
    for (const { account, amount } of claims) reserve(own(account), amount, now);
    holds.keep(claims, snapshot.at, expiresAt);
  }
}
