import type { Clock } from '#contracts';

const WINDOW = 60_000;
const FAILURES = 10;
/** Addresses remembered at once; beyond it those that have been quiet longest go first. */
const ADDRESSES = 10_000;

export interface Limiter {
  /** Milliseconds until this address may try again; 0 when it may now. */
  wait(address: string): number;
  /**
   * Books a failure in advance and returns how to take it back. Counting only after the (slow) verification would let a
   * caller start any number of them at once.
   */
  attempt(address: string): () => void;
}

/** At most ten failures a minute and address, on a sliding window. */
export function createLimiter(clock: Clock): Limiter {
  const failures = new Map<string, number[]>();
  const recent = (address: string) =>
    (failures.get(address) ?? []).filter((at) => at > clock.monotonic() - WINDOW);
  return {
    wait(address) {
      const times = recent(address);
      const oldest = times[times.length - FAILURES];
      return oldest === undefined ? 0 : oldest + WINDOW - clock.monotonic();
    },
    attempt(address) {
      const at = clock.monotonic();
      const times = recent(address);
      failures.delete(address);
      failures.set(address, [...times, at]);
      if (failures.size > ADDRESSES) failures.delete(failures.keys().next().value as string);
      return () => {
        const now = failures.get(address);
        const index = now?.indexOf(at) ?? -1;
        if (index >= 0) now?.splice(index, 1);
      };
    },
  };
}
