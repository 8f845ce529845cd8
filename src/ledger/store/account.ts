import type { Account, AccountReading, AccountRule, EpochMs } from '#contracts';

/**
 * An account with its state, changed in place: a reservation must cost less than a microsecond, and copying would cost more
 * than deciding. Only this file changes the figures of one.
 *
 * Bucket: level(t) = min(capacity, level(t0) + rate·(t − t0)), the token bucket of ITU-T I.371 (the same law as GCRA).
 */
export class Ledgered implements Account {
  readonly id: string;
  rule: AccountRule;
  /** Of a tally. */
  settled = 0;
  reserved = 0;
  /** Of a bucket; below zero after an overrun. */
  level: number;
  /** When `level` was right. */
  at: EpochMs;
  touched: EpochMs;

  constructor(id: string, rule: AccountRule, now: EpochMs) {
    this.id = id;
    this.rule = rule;
    this.level = rule.kind === 'bucket' ? rule.capacity : 0;
    this.at = now;
    this.touched = now;
  }
}

/** Sums of many small refills miss a whole token by rounding; this much is forgiven, and never adds up to a request. */
const EPSILON = 1e-6;
/** What is missing is only reserved and may come back any moment. */
const SOON = 1_000;
export const NEVER = -1;

/** A wall clock that steps back refills nothing; one that leaps ahead refills a full bucket at most. */
export function refill(account: Ledgered, now: EpochMs): number {
  const { rule } = account;
  if (rule.kind !== 'bucket') return 0;
  if (now > account.at) account.level += rule.rate * (now - account.at);
  account.at = now;
  if (account.level > rule.capacity) account.level = rule.capacity;
  return account.level;
}

/** Milliseconds until `amount` can be taken with `leave` left; 0 for now, NEVER when the account could not hold it. */
export function waitFor(account: Ledgered, amount: number, leave: number, now: EpochMs): number {
  const { rule } = account;
  if (rule.kind === 'bucket') {
    // A request larger than the whole bucket waits for a full one and overdraws it, or it would wait for ever.
    const need = Math.min(amount + leave, rule.capacity);
    const short = need - refill(account, now);
    return short <= EPSILON ? 0 : Math.max(1, Math.ceil(short / rule.rate - EPSILON));
  }
  if (amount > rule.limit) return NEVER;
  const need = Math.min(amount + leave, rule.limit);
  if (account.settled + account.reserved + need <= rule.limit) return 0;
  const end = rule.endsAt === undefined ? Number.POSITIVE_INFINITY : Math.max(1, rule.endsAt - now);
  return account.settled + need <= rule.limit ? Math.min(SOON, end) : end;
}

export function reserve(account: Ledgered, amount: number, now: EpochMs): void {
  if (account.rule.kind === 'bucket') account.level -= amount;
  else account.reserved += amount;
  account.touched = now;
}

/** As if it had never been reserved. */
export function giveBack(account: Ledgered, amount: number): void {
  if (account.rule.kind === 'bucket') account.level += amount;
  else account.reserved -= amount;
}

export function replace(account: Ledgered, reserved: number, actual: number): void {
  if (account.rule.kind === 'bucket') account.level += reserved - actual;
  else {
    account.reserved -= reserved;
    account.settled += actual;
  }
}

export function charge(account: Ledgered, amount: number): void {
  if (account.rule.kind === 'bucket') account.level -= amount;
  else account.settled += amount;
}

export function lower(account: Ledgered, left: number, now: EpochMs): void {
  const { rule } = account;
  if (rule.kind === 'bucket') account.level = Math.min(refill(account, now), left);
  else if (Number.isFinite(rule.limit))
    account.settled = Math.max(account.settled, rule.limit - account.reserved - left);
}

export function readingOf(account: Ledgered, now: EpochMs): AccountReading {
  const { rule } = account;
  if (rule.kind === 'bucket') {
    const level = refill(account, now);
    const used = rule.capacity - level;
    return { used, share: used / rule.capacity, left: Math.max(0, level), settled: 0, reserved: 0 };
  }
  const used = account.settled + account.reserved;
  return {
    used,
    // A limit of nothing is reached from the start; 0/0 would read as a calm account.
    share: rule.limit === 0 ? 1 : used / rule.limit,
    left: Math.max(0, rule.limit - used),
    settled: account.settled,
    reserved: account.reserved,
  };
}

/** Late bills still arrive for a while after a period. */
const LATE = 600_000;

/** Nothing would be lost by opening it afresh. */
export function forgettable(account: Ledgered, now: EpochMs): boolean {
  const { rule } = account;
  if (rule.kind === 'bucket') return now - account.touched > LATE && refill(account, now) >= rule.capacity;
  if (account.reserved > 0) return false;
  if (rule.endsAt !== undefined) return now > rule.endsAt + LATE;
  return rule.keepMs !== undefined && now - account.touched > rule.keepMs;
}
