import type { Claim, EpochMs, Hold } from '#contracts';

export class Held implements Hold {
  readonly claims: readonly Claim[];
  readonly takenAt: EpochMs;
  readonly expiresAt: EpochMs;
  state: 'open' | 'expired' | 'settled' = 'open';
  constructor(claims: readonly Claim[], takenAt: EpochMs, expiresAt: EpochMs) {
    this.claims = claims;
    this.takenAt = takenAt;
    this.expiresAt = expiresAt;
  }
}

/** Unsettled holds of one store. */
export interface Holds {
  readonly open: ReadonlySet<Held>;
  keep(claims: readonly Claim[], takenAt: EpochMs, expiresAt: EpochMs): Held;
  /** What it was before; undefined when it was settled already. */
  close(hold: Hold): 'open' | 'expired' | undefined;
  expire(now: EpochMs): void;
}

export function createHolds(expired: (hold: Held, now: EpochMs) => void): Holds {
  const open = new Set<Held>();
  /** No hold expires before this, so most calls need not look. */
  let earliest = Number.POSITIVE_INFINITY;
  return {
    open,
    keep(claims, takenAt, expiresAt) {
      const hold = new Held(claims, takenAt, expiresAt);
      open.add(hold);
      if (expiresAt < earliest) earliest = expiresAt;
      return hold;
    },
    close(hold) {
      if (!(hold instanceof Held)) throw new TypeError('the hold belongs to another store');
      if (hold.state === 'settled') return undefined;
      const before = hold.state;
      hold.state = 'settled';
      open.delete(hold);
      return before;
    },
    expire(now) {
      if (now < earliest) return;
      earliest = Number.POSITIVE_INFINITY;
      for (const hold of open) {
        if (hold.expiresAt > now) {
          if (hold.expiresAt < earliest) earliest = hold.expiresAt;
          continue;
        }
        open.delete(hold);
        hold.state = 'expired';
        expired(hold, now);
      }
    },
  };
}
