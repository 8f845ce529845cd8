import type { EpochMs, MonotonicMs } from './ids.ts';

/** Time and chance come in by this door; a virtual one makes a simulated month take seconds. */
export interface Clock {
  /** Wall clock, milliseconds, may be fractional and may step. */
  now(): EpochMs;
  /** Never steps back; differences only. */
  monotonic(): MonotonicMs;
  /** Runs `fn` after `ms`; the returned function cancels. */
  after(ms: number, fn: () => void): () => void;
  /** Runs `fn` when the event loop is through with what it has in hand; the returned function cancels. */
  soon(fn: () => void): () => void;
  /** Runs `fn` every `ms` until cancelled. */
  every(ms: number, fn: () => void): () => void;
  /** Resolves after `ms`, or early (without throwing) when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Uniform in [0, 1). */
  random(): number;
  /** `n` random bytes, cryptographically strong on the system clock, seeded on a virtual one. */
  randomBytes(n: number): Uint8Array;
}
