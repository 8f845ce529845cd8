import { type EpochMs, LANES, type Lane, type QuotaAxis } from '#contracts';
import { type DayProfile, dayProfile, exhaustion, needOf } from './day.ts';
import type { Limit } from './limits.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** On what the lanes above are expected to use: a day is not like the one before by so much. */
const MARGIN = 1.25;

type Daily = Pick<Limit, 'axis' | 'rate' | 'depth' | 'endsAt'>;

/** Of what was used between two looks, how much counts after another one: about the last hour does. */
const FADING = 1 - 1 / 60;
/** Reservations come and go between two looks; so much more than our own is not others yet, and a few asks at night are nothing to tell by. */
const OTHERS_FROM = 1.2;
const PRIOR = 10;

/** What an axis was used for by hour of the day, by everybody here and by each lane. */
interface Axis {
  readonly all: DayProfile;
  readonly by: Readonly<Record<Lane, DayProfile>>;
  /** A walk through the day costs microseconds, and is asked for with every call. */
  readonly reserved: Partial<Record<Lane, { readonly at: EpochMs; readonly amount: number | undefined }>>;
  /** Used here since the last look. */
  own: number;
  /** Of the last look: what was gone of the limit, and when. */
  gone: number | undefined;
  at: EpochMs;
  endsAt: EpochMs | undefined;
  /** Faded sums: used here, and used of the shared limit by all replicas. */
  here: number;
  together: number;
}

/** Daily limits: when one runs out, and what the lanes above will still need of it. */
export interface Days {
  add(axis: QuotaAxis, lane: Lane, amount: number, now: EpochMs): void;
  /** How much of the limit is gone, by all who share it. */
  look(limit: Daily, used: number, now: EpochMs): void;
  /** When what is left is used up; undefined when it lasts. */
  exhaustsAt(limit: Daily, left: number, now: EpochMs): EpochMs | undefined;
  /** What the lanes above this one are expected to need until the limit is full again; undefined while too little was seen here to tell. */
  reserve(limit: Daily, lane: Lane, now: EpochMs): number | undefined;
}

export function createDays(): Days {
  const axes = new Map<QuotaAxis, Axis>();
  const of = (axis: QuotaAxis): Axis => {
    const known = axes.get(axis);
    if (known) return known;
    const by = Object.fromEntries(LANES.map((lane) => [lane, dayProfile()])) as Record<Lane, DayProfile>;
    const fresh: Axis = {
      all: dayProfile(),
      by,
      reserved: {},
      own: 0,
      gone: undefined,
      at: 0,
      endsAt: undefined,
      here: 0,
      together: 0,
    };
    axes.set(axis, fresh);
    return fresh;
  };
  const untilOf = ({ endsAt }: Daily, now: EpochMs) => endsAt ?? now + DAY;

  /** A limit that several replicas share is used so many times as fast as is seen here. */
  function times({ here, together, all }: Axis): number {
    const prior = PRIOR * all.size;
    const ratio = here <= 0 && together > 0 ? Number.POSITIVE_INFINITY : (together + prior) / (here + prior);
    return ratio >= OTHERS_FROM ? ratio : 1;
  }

  function needed(limit: Daily, lane: Lane, now: EpochMs): number | undefined {
    const axis = of(limit.axis);
    const { all, by } = axis;
    const factor = MARGIN * times(axis);
    if (!all.whole(now) || factor === Number.POSITIVE_INFINITY) return undefined;
    const above = LANES.slice(0, LANES.indexOf(lane)).map((other) => by[other]);
    const expected = (at: EpochMs) => factor * above.reduce((sum, one) => sum + one.expected(at, now), 0);
    const need = needOf(limit.rate, expected, now, untilOf(limit, now));
    // Use comes in lumps: what the refill pays for on the whole it does not pay for at once.
    return expected(now) > 0 ? need + Math.max(...above.map(({ size }) => size)) : need;
  }

  return {
    add(axis, lane, amount, now) {
      const one = of(axis);
      const { all, by } = one;
      one.own += amount;
      all.add(amount, now);
      // All of them, so that an hour in which a lane was silent is an hour without use and not one unseen.
      for (const other of LANES) by[other].add(other === lane ? amount : 0, now);
    },
    look(limit, used, now) {
      const axis = of(limit.axis);
      if (axis.gone !== undefined && now - axis.at < MINUTE && now >= axis.at) return;
      // A full bucket refills nothing, so from one that may have been full nothing is told.
      const told = axis.gone !== undefined && axis.endsAt === limit.endsAt && (limit.rate === 0 || used > 0);
      if (told) {
        const gained = used - (axis.gone as number) + limit.rate * (now - axis.at);
        axis.here = FADING * axis.here + axis.own;
        axis.together = FADING * axis.together + gained;
      }
      axis.own = 0;
      axis.gone = used;
      axis.at = now;
      axis.endsAt = limit.endsAt;
    },
    exhaustsAt(limit, left, now) {
      const axis = of(limit.axis);
      const factor = times(axis);
      if (factor === Number.POSITIVE_INFINITY) return undefined;
      const expected = (at: EpochMs) => factor * axis.all.expected(at, now);
      return exhaustion(left, limit, expected, now, untilOf(limit, now));
    },
    reserve(limit, lane, now) {
      const { reserved } = of(limit.axis);
      const known = reserved[lane];
      if (known && now - known.at < MINUTE && now >= known.at) return known.amount;
      const amount = needed(limit, lane, now);
      reserved[lane] = { at: now, amount };
      return amount;
    },
  };
}
