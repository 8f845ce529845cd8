import type { Clock } from '#contracts';

export interface Backoff {
  /** Waits longer each time, up to `max`; ends early when `signal` aborts. */
  wait(signal: AbortSignal): Promise<void>;
  reset(): void;
  readonly tries: number;
}

/** Exponential with full jitter over the upper half, so that several gateways that lost one database do not return in step. */
export function createBackoff(
  clock: Clock,
  { min, max }: { readonly min: number; readonly max: number },
): Backoff {
  let tries = 0;
  return {
    get tries() {
      return tries;
    },
    reset() {
      tries = 0;
    },
    wait(signal) {
      const ceiling = Math.min(max, min * 2 ** Math.min(tries++, 30));
      return clock.sleep(ceiling * (0.5 + clock.random() / 2), signal);
    },
  };
}
