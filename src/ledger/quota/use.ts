import type { EpochMs } from '#contracts';

/**
 * How fast something is used: exponentially weighted rate on event time, r(t) = Σ amount·e^(−(t−tᵢ)/τ)/τ. Reads too low
 * until about 2τ have passed since the first use.
 */
export interface UseRate {
  add(amount: number, now: EpochMs): void;
  /** Per millisecond. */
  read(now: EpochMs): number;
}

export function useRate(tauMs: number): UseRate {
  let sum = 0;
  let at = 0;
  const decay = (now: EpochMs) => {
    if (now > at) sum *= Math.exp(-(now - at) / tauMs);
    // A clock that was put back must not keep it from fading for as long.
    at = now;
  };
  return {
    add(amount, now) {
      decay(now);
      sum += amount / tauMs;
    },
    read(now) {
      decay(now);
      return sum;
    },
  };
}
