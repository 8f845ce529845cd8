import type { Clock, MonotonicMs } from '#contracts';

/**
 * Between two beats, ms. A loop that turns anyway does not feel them; one that only waits for a long answer wakes up for each, which
 * is 0.3 % of a core. A look at every round of the loop would be exact, and cost each socket that has something to say.
 */
const BEAT = 20;
/** Less is the grain of timers, and not worth a thought, ms. */
const LATE = 10;
/** So late, ms, is no busy loop: a process that was frozen, or got no processor. */
const STILL = 1_000;

/** What this process missed since its start. */
export interface LagStats {
  /** Times that it stood still for a second or more while something was under way. */
  readonly stalls: number;
  /** Milliseconds, all together, for which its loop was late by more than the grain of timers. */
  readonly lateMs: number;
  /** The longest of them. */
  readonly worstMs: number;
}

/** A stretch in which nothing could be read. */
export interface Still {
  readonly from: MonotonicMs;
  readonly to: MonotonicMs;
}

/**
 * How late the event loop is. Whoever times others has to know: what lay in a socket while we were frozen or busy looks as if it
 * had come late, and a timer that fires first looks like a silence. Known while something beats; always 0 in virtual time.
 */
export interface Lag {
  /** Something is waited for from now on. */
  begin(): void;
  /** Milliseconds for which what is read at `now` may have lain unread; 0 where we keep up. */
  late(now: MonotonicMs): number;
  /** The last time that we stood still, if that was not over by `since`. */
  stood(since: MonotonicMs, now: MonotonicMs): Still | undefined;
  read(): LagStats;
}

const NEVER = Number.NEGATIVE_INFINITY;

/** A beat that comes late says for how long nothing could be read. It goes on as long as `busy`. `stalled` is told of each stall, ms. */
export function createLag(
  clock: Pick<Clock, 'monotonic' | 'every'>,
  busy: () => boolean,
  stalled: (ms: number) => void = () => undefined,
): Lag {
  let stop: (() => void) | undefined;
  /**
   * The last beat, and the one before: all sockets were looked at between them, so what is read now has come since. It may be as
   * old as two rounds of a busy loop, when it came just after that look and others stand before it in this one.
   */
  let last: MonotonicMs = 0;
  let before: MonotonicMs = 0;
  let from: MonotonicMs = NEVER;
  let to: MonotonicMs = NEVER;
  let stalls = 0;
  let lateMs = 0;
  let worstMs = 0;

  const beat = () => {
    before = last;
    last = clock.monotonic();
    const late = last - before - BEAT;
    if (late > LATE) {
      lateMs += late;
      if (late > worstMs) worstMs = late;
      if (late >= STILL) {
        from = before;
        to = last;
        stalls++;
        stalled(late);
      }
    }
    if (busy()) return;
    stop?.();
    stop = undefined;
  };
  return {
    begin() {
      if (stop) return;
      last = clock.monotonic();
      before = last;
      stop = clock.every(BEAT, beat);
    },
    late(now) {
      if (!stop) return 0;
      const late = now - before - 2 * BEAT;
      return late > LATE ? late : 0;
    },
    stood(since, now) {
      if (stop && now - last - BEAT >= STILL) return { from: last, to: now };
      return to > since ? { from, to } : undefined;
    },
    read: () => ({ stalls, lateMs, worstMs }),
  };
}

/** Of a loop that is never late. */
export const NO_LAG: Lag = Object.freeze({
  begin() {},
  late: () => 0,
  stood: () => undefined,
  read: () => ({ stalls: 0, lateMs: 0, worstMs: 0 }),
});
