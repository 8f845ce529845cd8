/**
 * Jittered exponential backoff of one exchange, inside one bound for all its waits.
 *
 * Formula: d_n = min(max, base·2^n); wait = max(d_n/2, asked) + U·d_n/2, U uniform on [0, 1); no wait when it would exceed `total` over all waits or the time remaining.
 * Assumes: one state an exchange.
 * Cost: 50 ns.
 * Lies when: used as the only protection: jitter spreads a storm, only the retry budget ends it.
 * Reference: Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog 2015 ("equal jitter": half of the wait is kept, because a wait near zero is a hammer).
 */
export interface BackoffRule {
  /** Upper end of the first wait, ms. */
  readonly base: number;
  /** Upper end of every wait that nobody asked for, ms. */
  readonly max: number;
  /** Bound of all waits of the exchange together, ms. */
  readonly total: number;
}

export const BACKOFF: BackoffRule = Object.freeze({ base: 200, max: 2_000, total: 10_000 });

export interface BackoffState {
  /** Waits so far. */
  waits: number;
  /** Milliseconds waited so far. */
  waited: number;
}

export const createBackoffState = (): BackoffState => ({ waits: 0, waited: 0 });

export interface WaitAsked {
  /** Time left for the exchange less what the next attempt needs to be of use, ms. */
  readonly remaining: number;
  readonly random: () => number;
  /** What the target asked for; jitter comes on top of it, never off it. */
  readonly asked?: number;
}

/**
 * Milliseconds to wait before the next attempt, booked in the state; undefined when the wait does not fit, which means
 * move on or fail now. A wait is never shortened to fit: coming early is the one thing a 429 asked us not to do.
 */
export function nextWait(
  state: BackoffState,
  { remaining, random, asked = 0 }: WaitAsked,
  { base, max, total }: BackoffRule = BACKOFF,
): number | undefined {
  const half = Math.min(max, base * 2 ** Math.min(state.waits, 30)) / 2;
  const wait = Math.max(half, asked) + random() * half;
  if (wait > remaining || state.waited + wait > total) return undefined;
  state.waits++;
  state.waited += wait;
  return wait;
}
