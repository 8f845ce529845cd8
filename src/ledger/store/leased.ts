import type {
  Account,
  AuthorityAccount,
  AuthorityReply,
  Claim,
  Clock,
  EpochMs,
  LedgerAuthority,
  LedgerListener,
  LedgerStore,
  Taking,
} from '#contracts';
import { patiently } from '#kernel';
import { createHolds } from './holds.ts';
import { Leased } from './leased-account.ts';

/**
 * Shares accounts with other processes through an authority. What the slack allows is leased ahead and handed out at once;
 * everything else costs one round trip, many decisions to a message, one message at a time. When the authority is away each
 * account behaves as it is declared to, within `timeoutMs` for whoever was waiting and at once for everybody after.
 */
export interface LeasedOptions {
  readonly authority: LedgerAuthority;
  readonly clock: Clock;
  /** For people who look into the shared store; what tells one incarnation from the next is added here. */
  readonly replica: string;
  readonly onEvent?: LedgerListener;
  /** How long the authority keeps what a silent replica holds. */
  readonly leaseMs?: number;
  /** How long a settled bill may wait to be told. */
  readonly syncMs?: number;
  /** How long an answer is waited for, not counting stalls of this process. */
  readonly timeoutMs?: number;
}

interface Want {
  readonly claims: readonly Claim[];
  readonly ttlMs: number;
  readonly since: EpochMs;
  decide: ((taking: Taking) => void) | undefined;
  /** What each claim has from our own idle. */
  own: readonly number[];
}

const AWAY_WAIT = 1_000;
const FIRST_RETRY = 250;
const LAST_RETRY = 2_000;
const FORGET_EVERY = 60_000;
/** More in one message would make Redis, which does one thing at a time, wait for it. */
const MOST_WANTS = 256;
const MOST_ACCOUNTS = 1_000;

const own = (account: Account): Leased => {
  if (account instanceof Leased) return account;
  throw new TypeError(`account ${account.id} belongs to another store`);
};

export function createLeasedStore(options: LeasedOptions): LedgerStore {
  const { authority, clock, onEvent, leaseMs = 5_000, syncMs = 100, timeoutMs = 250 } = options;
  // A process that starts again under its old name (in a container every one is number 1) must not speak for the dead one.
  const replica = `${options.replica}.${Buffer.from(clock.randomBytes(8)).toString('hex')}`;
  const accounts = new Map<string, Leased>();
  const dirty = new Set<Leased>();
  let generation = 0;
  let waiting: Want[] = [];
  let inFlight: Promise<void> | undefined;
  let seq = 0;
  let isAway = false;
  let retryMs = FIRST_RETRY;
  let heard = clock.monotonic();
  let stopSync: (() => void) | undefined;
  let stopRetry: (() => void) | undefined;
  let forgetAt = clock.now() + FORGET_EVERY;
  let closed = false;
  let closing = false;
  /** Something could not wait while a message was under way. */
  let urgent = false;

  const holds = createHolds((hold, now) => {
    for (const { account, amount } of hold.claims) {
      if (account.rule.kind === 'tally') own(account).back(amount);
      onEvent?.({ type: 'expired', at: now, account: account.id, amount });
    }
    soon();
  });
  const stopBeat = clock.every(leaseMs / 4, beat);

  /** Keeps leases alive, gives back what lies idle, and voids all of it when nobody was heard for too long. */
  function beat(): void {
    const now = clock.now();
    const stale = clock.monotonic() - heard > leaseMs * 0.8;
    for (const account of accounts.values()) {
      if (account.idle > 0 && (stale || now - account.touched > leaseMs / 4)) account.drop();
      if (account.taken !== account.settled) dirty.add(account);
    }
    sweep(now);
    if (!isAway) send();
  }

  function sweep(now: EpochMs): void {
    holds.expire(now);
    if (now < forgetAt) return;
    forgetAt = now + FORGET_EVERY;
    let any = false;
    for (const [id, account] of accounts) {
      const { rule, taken, settled, touched } = account;
      if (dirty.has(account) || now - touched < FORGET_EVERY * 10) continue;
      if (rule.kind === 'tally' && taken !== settled) continue;
      accounts.delete(id);
      any = true;
    }
    // What it settled stays in the authority's books under the old name.
    if (any) generation++;
  }

  const soon = (): void => {
    stopSync ??= clock.after(syncMs, () => {
      stopSync = undefined;
      send();
    });
  };

  function hold(claims: readonly Claim[], ttlMs: number, now: EpochMs): Taking {
    for (const { account } of claims) own(account).until = Math.max(own(account).until, now + ttlMs);
    return { ok: true, hold: holds.keep(claims, now, now + ttlMs) };
  }

  /** From the lease alone; undefined when it does not reach. */
  function atOnce(claims: readonly Claim[], ttlMs: number, now: EpochMs): Taking | undefined {
    for (const { account, amount, leave = 0 } of claims) {
      const mine = own(account);
      if (mine.boundless) continue;
      if (mine.idle < amount || (leave > 0 && !mine.fits(amount, leave, now))) return undefined;
    }
    let low = false;
    for (const { account, amount } of claims) {
      const mine = own(account);
      mine.draw(amount, now);
      low ||= !mine.boundless && mine.wish() > 0;
    }
    if (low && !isAway) send();
    else soon();
    return hold(claims, ttlMs, now);
  }

  /** The declared behaviour of each account, all or nothing. */
  function alone(claims: readonly Claim[], ttlMs: number, now: EpochMs): Taking {
    for (const claim of claims) {
      const mine = own(claim.account);
      const { whenAway } = mine.rule.sharing;
      if (mine.boundless || whenAway === 'open') continue;
      if (whenAway === 'closed' && mine.idle < claim.amount)
        return { ok: false, claim, why: 'away', waitMs: AWAY_WAIT };
      if (mine.fits(claim.amount, claim.leave ?? 0, now)) continue;
      return { ok: false, claim, why: 'short', waitMs: waitAlone(mine, claim, now) };
    }
    for (const { account, amount } of claims) own(account).draw(amount, now);
    return hold(claims, ttlMs, now);
  }

  function ask(claims: readonly Claim[], ttlMs: number, now: EpochMs): Promise<Taking> {
    return new Promise((resolve) => {
      const want: Want = { claims, ttlMs, since: now, decide: undefined, own: [] };
      const stop = patiently(clock, timeoutMs, () => {
        const decide = want.decide;
        // What is in flight for it comes home with the reply.
        want.decide = undefined;
        decide?.(alone(claims, ttlMs, clock.now()));
      });
      want.decide = (taking) => {
        stop();
        resolve(taking);
      };
      waiting.push(want);
      send();
    });
  }

  /** `probe`: also when there is nothing to say. */
  function send(probe = false): void {
    urgent = inFlight !== undefined;
    if (inFlight || closed) return;
    const now = clock.now();
    waiting = waiting.filter((want) => want.decide !== undefined);
    const wants = waiting.splice(0, MOST_WANTS);
    const index = new Map<Leased, number>();
    for (const { claims } of wants)
      for (const { account } of claims) if (!index.has(own(account))) index.set(own(account), index.size);
    for (const account of dirty) {
      if (index.size >= MOST_ACCOUNTS) break;
      if (!index.has(account)) index.set(account, index.size);
    }
    if (index.size === 0 && !probe) return;
    // Own idle goes in first: near the end of a budget the last of it may be our own.
    for (const want of wants) {
      for (const { account } of want.claims)
        own(account).until = Math.max(own(account).until, now + want.ttlMs + timeoutMs);
      want.own = want.claims.map(({ account, amount }) => {
        const mine = own(account);
        const part = Math.min(mine.idle, amount);
        mine.idle -= part;
        return part;
      });
    }
    const reports = [...index.keys()].map((account) =>
      account.report(now, !closing && now - account.touched < leaseMs / 4),
    );
    const message = {
      replica,
      seq: ++seq,
      leaseMs,
      accounts: reports,
      wants: wants.map(({ claims, own: parts }) =>
        claims.map(({ account, amount, leave = 0 }, k) => ({
          account: index.get(own(account))!,
          amount: amount - parts[k]!,
          leave,
        })),
      ),
    };
    const abort = new AbortController();
    const stop = patiently(clock, timeoutMs, () => abort.abort());
    inFlight = Promise.race([authority.exchange(message, abort.signal), aborted(abort.signal)]).then(
      (reply) => {
        stop();
        inFlight = undefined;
        hear();
        heed([...index.keys()], reports, wants, reply);
        if (waiting.length > 0 || urgent) send();
        else if (dirty.size > 0) soon();
      },
      (error) => {
        stop();
        inFlight = undefined;
        lose(wants, error);
        for (const account of index.keys()) dirty.add(account);
      },
    );
  }

  function heed(
    told: readonly Leased[],
    reports: readonly AuthorityAccount[],
    wants: readonly Want[],
    reply: AuthorityReply,
  ): void {
    const now = clock.now();
    const granted = new Map<Leased, number>();
    wants.forEach(({ claims, own: parts }, w) => {
      if (!reply.wants[w]?.ok) return;
      claims.forEach(({ account, amount }, k) => {
        granted.set(own(account), (granted.get(own(account)) ?? 0) + amount - parts[k]!);
      });
    });
    told.forEach((account, i) => {
      account.learn(reports[i]!, reply.accounts[i]!, granted.get(account) ?? 0, now);
    });
    wants.forEach((want, w) => {
      const { claims, ttlMs, own: parts, decide } = want;
      const outcome = reply.wants[w]!;
      if (!outcome.ok) {
        claims.forEach(({ account }, k) => {
          own(account).back(parts[k]!);
        });
        decide?.({ ok: false, claim: claims[outcome.claim]!, why: 'short', waitMs: outcome.waitMs });
      } else if (decide) {
        for (const { account } of claims) own(account).touched = now;
        decide(hold(claims, ttlMs, now));
      } else for (const { account, amount } of claims) own(account).back(amount);
    });
  }

  function lose(wants: readonly Want[], error: unknown): void {
    for (const { claims, own: parts } of wants)
      claims.forEach(({ account }, k) => {
        own(account).idle += parts[k]!;
      });
    if (!isAway) {
      isAway = true;
      retryMs = FIRST_RETRY;
      const reason = error instanceof Error ? error.message : String(error);
      onEvent?.({ type: 'away', at: clock.now(), reason });
    }
    const now = clock.now();
    for (const { claims, ttlMs, decide } of [...wants, ...waiting.splice(0)])
      decide?.(alone(claims, ttlMs, now));
    if (closed) return;
    stopRetry?.();
    stopRetry = clock.after(retryMs, () => {
      stopRetry = undefined;
      send(true);
    });
    retryMs = Math.min(LAST_RETRY, retryMs * 2);
  }

  function hear(): void {
    heard = clock.monotonic();
    if (!isAway) return;
    isAway = false;
    stopRetry?.();
    // It may have lost its data; what this replica spent is told again, as the same absolute figures.
    for (const account of accounts.values()) if (account.rule.kind === 'tally') dirty.add(account);
    onEvent?.({ type: 'back', at: clock.now(), reason: 'the authority answers again' });
  }

  return {
    account(id, rule) {
      const known = accounts.get(id);
      if (known?.rule.kind === rule.kind) {
        known.rule = rule;
        return known;
      }
      const as = generation === 0 ? replica : `${replica}~${generation}`;
      const opened = new Leased(id, rule, as, dirty, clock.now());
      accounts.set(id, opened);
      return opened;
    },

    take(claims, ttlMs) {
      const now = clock.now();
      sweep(now);
      for (const claim of claims) {
        const { rule } = claim.account;
        if (rule.kind === 'tally' && claim.amount > rule.limit)
          return { ok: false, claim, why: 'never', waitMs: Number.POSITIVE_INFINITY };
      }
      return (
        atOnce(claims, ttlMs, now) ?? (isAway || closed ? alone(claims, ttlMs, now) : ask(claims, ttlMs, now))
      );
    },

    settle(hold, actual) {
      const before = holds.close(hold);
      if (before === undefined) return false;
      const { claims } = hold;
      let exact = false;
      for (let i = 0; i < claims.length; i++) {
        const { account, amount } = claims[i]!;
        const mine = own(account);
        const gone = before === 'expired' && account.rule.kind === 'tally';
        mine.bill(gone ? 0 : amount, actual[i] ?? 0);
        exact ||= account.rule.sharing.slack === 0;
      }
      // Without slack what was left over is somebody else's at once.
      if (exact && !isAway) send();
      soon();
      return true;
    },

    charge(account, amount) {
      own(account).bill(0, amount);
      soon();
    },

    lower(account, left) {
      const mine = own(account);
      mine.lower = Math.min(left, mine.lower ?? left);
      mine.known = { ...mine.known, left: mine.known.left + Math.min(0, left - mine.left(clock.now())) };
      dirty.add(mine);
      soon();
    },

    read: (account) => own(account).reading(clock.now()),
    sweep: () => sweep(clock.now()),

    async flush() {
      const unsettled = () => waiting.length > 0 || dirty.size > 0;
      do {
        if (!inFlight) send();
        await inFlight;
      } while (!isAway && !closed && unsettled());
    },

    async close() {
      closing = true;
      await inFlight;
      for (const account of accounts.values()) if (account.idle > 0) account.drop();
      await this.flush();
      closed = true;
      stopBeat();
      stopSync?.();
      stopRetry?.();
      authority.close();
    },
  };
}

function waitAlone(account: Leased, { amount, leave = 0 }: Claim, now: EpochMs): number {
  const { rule } = account;
  if (rule.kind === 'tally')
    return rule.endsAt === undefined ? Number.POSITIVE_INFINITY : Math.max(1, rule.endsAt - now);
  const short = Math.min(amount + leave, rule.capacity) - account.left(now);
  return Math.max(1, Math.ceil(short / rule.rate));
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('the authority did not answer in time')), {
      once: true,
    });
  });
