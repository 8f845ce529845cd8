import type { EpochMs } from '#contracts';

const HOUR = 3_600_000;
const HOURS = 24;
/** Weight of the newest day in an hour's mean, once there are so many that an equal share would be less. */
const NEWEST = 0.3;
/** What an hour's use counts after another one, in how today compares with the days before. */
const FADING = 0.7;
/** So many uses of middling size say that today is like the days before, until today has said more. */
const PRIOR = 2;
/** An hour that was seen for less than this is no hour. */
const SEEN_ENOUGH = HOUR / 2;
/** Hours over which the latest pace is taken at least: a call a second ago is no call a second. */
const LEAST_PACE = 1 / 6;
/** Steps of the walk into the future. */
const STEP = HOUR / 4;

/** Use by hour of the UTC day, and how much busier than usual the last hours were. */
export interface DayProfile {
  add(amount: number, now: EpochMs): void;
  /** Expected use an hour at the instant `at`; the latest pace where no day before has told. */
  expected(at: EpochMs, now: EpochMs): number;
  /** Every hour of a day has been seen. */
  whole(now: EpochMs): boolean;
  /** Middling size of one use. */
  readonly size: number;
}

/**
 * Today's pace is Σ use / Σ use expected by the days before, over the last hours with fading weight. A mean of the hours' own
 * ratios would let a quiet hour of the night, three calls instead of one, foretell an end at noon.
 */
export function dayProfile(): DayProfile {
  const mean: (number | undefined)[] = new Array(HOURS).fill(undefined);
  const days: number[] = new Array(HOURS).fill(0);
  let hour = -1;
  let since = 0;
  let sum = 0;
  /** Of the hours before, faded. */
  let used = 0;
  let usual = 0;
  /** The same without a day to compare with. */
  let lately = 0;
  let hours = 0;
  let size = 0;

  const close = (now: EpochMs) => {
    const current = Math.floor(now / HOUR);
    if (hour < 0) {
      hour = current;
      since = now;
    }
    for (; hour < current; hour++) {
      const seen = (hour + 1) * HOUR - Math.max(since, hour * HOUR);
      if (seen >= SEEN_ENOUGH) remember(hour % HOURS, (sum * HOUR) / seen);
      sum = 0;
    }
  };
  const remember = (cell: number, whole: number) => {
    const before = mean[cell];
    lately = FADING * lately + whole;
    hours = FADING * hours + 1;
    used *= FADING;
    usual *= FADING;
    if (before !== undefined) {
      used += whole;
      usual += before;
    }
    days[cell]!++;
    mean[cell] = before === undefined ? whole : before + Math.max(NEWEST, 1 / days[cell]!) * (whole - before);
  };
  /** Of the running hour. */
  const seenMs = (now: EpochMs) => now - Math.max(since, hour * HOUR);

  const pace = (now: EpochMs): number => {
    const cell = mean[hour % HOURS];
    const here = cell === undefined ? 0 : (cell * seenMs(now)) / HOUR;
    const prior = PRIOR * size;
    const expected = usual + here + prior;
    return expected > 0 ? (used + (cell === undefined ? 0 : sum) + prior) / expected : 1;
  };
  /** Between the middles of two hours the use goes straight from the one to the other. */
  const between = (at: EpochMs): number | undefined => {
    const position = at / HOUR - 0.5;
    const first = Math.floor(position);
    const part = position - first;
    const one = mean[first % HOURS];
    const other = mean[(first + 1) % HOURS];
    if (one === undefined || other === undefined) return part < 0.5 ? one : other;
    return one + part * (other - one);
  };
  const latest = (now: EpochMs): number => {
    return (lately + sum) / Math.max(LEAST_PACE, hours + seenMs(now) / HOUR);
  };

  return {
    add(amount, now) {
      close(now);
      sum += amount;
      if (amount > 0) size += size === 0 ? amount : 0.01 * (amount - size);
    },
    expected(at, now) {
      close(now);
      const known = between(at);
      return known === undefined ? latest(now) : known * pace(now);
    },
    whole(now) {
      close(now);
      return mean.every((use) => use !== undefined);
    },
    get size() {
      return size;
    },
  };
}

/**
 * When `left` is used up: walks through the day, use by `expected` an hour against refill by `rate` per millisecond, which never
 * fills it above `depth`. Undefined when it lasts until `until`.
 */
export function exhaustion(
  left: number,
  { rate, depth }: { readonly rate: number; readonly depth: number },
  expected: (at: EpochMs) => number,
  now: EpochMs,
  until: EpochMs,
): EpochMs | undefined {
  let at = now;
  let rest = left;
  if (rest <= 0) return now;
  while (at < until) {
    const end = Math.min(until, (Math.floor(at / STEP) + 1) * STEP);
    const perMs = expected((at + end) / 2) / HOUR - rate;
    if (perMs > 0 && rest <= perMs * (end - at)) return at + rest / perMs;
    rest = Math.min(depth, rest - perMs * (end - at));
    at = end;
  }
  return undefined;
}

/**
 * What must be left now so that a use by `expected` an hour is met until `until`: the most that it gets ahead of the refill by
 * `rate` per millisecond, max over t of ∫ (expected − rate).
 */
export function needOf(
  rate: number,
  expected: (at: EpochMs) => number,
  now: EpochMs,
  until: EpochMs,
): number {
  let lacking = 0;
  let most = 0;
  for (let at = now; at < until; ) {
    const end = Math.min(until, (Math.floor(at / STEP) + 1) * STEP);
    lacking += (expected((at + end) / 2) / HOUR - rate) * (end - at);
    most = Math.max(most, lacking);
    at = end;
  }
  return most;
}
