import type { EpochMs } from '#contracts';

const HOUR = 3_600_000;
/** Weight of the newest day in an hour's mean. */
const NEWEST = 0.3;

/** Weight of the last hour in how today compares with the days before. */
const LAST_HOUR = 0.3;

/** Use by hour of the UTC day, and how much busier than usual the last hours were. */
export interface DayProfile {
  add(amount: number, now: EpochMs): void;
  /** Expected use in the hour that holds `at`; the running hour's own pace before any day has been seen. */
  expected(at: EpochMs, now: EpochMs): number;
}

export function dayProfile(): DayProfile {
  const mean: (number | undefined)[] = new Array(24);
  let hour = -1;
  let sum = 0;
  let since = 0;
  let pace = 1;

  const close = (now: EpochMs) => {
    const current = Math.floor(now / HOUR);
    if (hour < 0) {
      hour = current;
      since = now;
    }
    for (; hour < current; hour++) {
      const cell = hour % 24;
      // The hour in which we began was not seen whole; scaled, it is better than nothing.
      const seen = (hour + 1) * HOUR - Math.max(since, hour * HOUR);
      const whole = (sum * HOUR) / seen;
      const before = mean[cell];
      if (before) pace += LAST_HOUR * (whole / before - pace);
      mean[cell] = before === undefined ? whole : before + NEWEST * (whole - before);
      sum = 0;
    }
  };

  return {
    add(amount, now) {
      close(now);
      sum += amount;
    },
    expected(at, now) {
      close(now);
      const known = mean[Math.floor(at / HOUR) % 24];
      if (known !== undefined) return known * pace;
      const seen = now - Math.max(since, hour * HOUR);
      const latest = mean[(hour + 23) % 24];
      return latest ?? (seen > 0 ? (sum * HOUR) / seen : 0);
    },
  };
}

/**
 * When `left` is used up: walks hour by hour, use by `expected` against refill by `rate` per millisecond, linear within an
 * hour. Undefined when it lasts until `until`.
 */
export function exhaustion(
  left: number,
  rate: number,
  expected: (at: EpochMs) => number,
  now: EpochMs,
  until: EpochMs,
): EpochMs | undefined {
  let at = now;
  let rest = left;
  if (rest <= 0) return now;
  while (at < until) {
    const end = Math.min(until, (Math.floor(at / HOUR) + 1) * HOUR);
    const perMs = expected(at) / HOUR - rate;
    if (perMs > 0 && rest <= perMs * (end - at)) return at + rest / perMs;
    rest -= perMs * (end - at);
    at = end;
  }
  return undefined;
}
