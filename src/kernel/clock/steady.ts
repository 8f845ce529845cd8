import type { Clock, EpochMs, MonotonicMs } from '#contracts';

/** Epoch time that never steps, for waits that are kept as instants. */
export interface SteadyClock extends Pick<Clock, 'now' | 'random'> {
  at(monotonic: MonotonicMs): EpochMs;
  /** Milliseconds by which the wall clock has stepped ahead since; add it to an instant that others are told, take it off one they tell. */
  stepped(): number;
}

/** What is less is rounding, and the wall clock being slewed. */
const STEP = 1_000;

/**
 * The wall clock as it went on from here: when that is put back by an hour, a target parked for a minute would stay parked for
 * sixty-one, and a circuit that closed an hour from now would be deaf to every failure until then.
 */
export function steadyClock(clock: Clock): SteadyClock {
  const origin = clock.now() - clock.monotonic();
  const at = (monotonic: MonotonicMs) => (origin + monotonic) as EpochMs;
  return {
    now: () => at(clock.monotonic()),
    at,
    random: () => clock.random(),
    stepped() {
      const by = clock.now() - at(clock.monotonic());
      return Math.abs(by) < STEP ? 0 : by;
    },
  };
}
