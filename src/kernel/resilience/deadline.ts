/**
 * One deadline over every attempt and wait of an exchange.
 *
 * Formula: at = start + min(route's total, caller's own); an attempt may take min(its own limit, at − now − reserve), and is not begun when that is less than the shortest time in which it could be of use.
 * Assumes: `now` on the clock the deadline was made with.
 * Cost: 30 ns.
 * Lies when: `minUseful` is guessed: below the target's own median a retry mostly buys a second timeout.
 * Reference: gRPC, "Deadlines" (propagation); Google SRE Book, chapter 22 (deadline propagation).
 */

/** A deadline is its instant, in milliseconds of whichever clock the caller keeps. */
export interface Deadline {
  readonly at: number;
}

/** The caller can only shorten the route's own total; a span that is not a number shortens nothing. */
export function createDeadline(start: number, total: number, callers?: number): Deadline {
  return { at: start + (callers !== undefined && callers < total ? Math.max(0, callers) : total) };
}

/** Milliseconds left, never negative; also what is passed on to an upstream that understands it. */
export function timeLeft(deadline: Deadline, now: number): number {
  return Math.max(0, deadline.at - now);
}

export interface AttemptTime {
  /** The attempt's own limit, for instance the headers timeout. */
  readonly limit?: number;
  /** Shortest time worth beginning for, for instance the target's median (F41: retry only if remaining ≥ p50). */
  readonly minUseful?: number;
  /** Kept back for what must still happen after it, for instance writing the error. */
  readonly reserve?: number;
}

/** Milliseconds an attempt begun now may take; undefined when it should not be begun. */
export function timeForAttempt(
  deadline: Deadline,
  now: number,
  { limit = Number.POSITIVE_INFINITY, minUseful = 0, reserve = 0 }: AttemptTime = {},
): number | undefined {
  const left = deadline.at - now - reserve;
  return left <= 0 || left < minUseful ? undefined : Math.min(limit, left);
}
