/**
 * Park: the instant until which a target gets no ordinary traffic.
 *
 * Formula: with a wait from the target, until = now + min(cap, wait), never earlier than before; without one, own wait d·(1 + U/4) with d = 1 s·2^n up to 48 s, hence 1 s to 60 s; n counts 429s without Retry-After since the last success.
 * Assumes: one state a target and credential; `now` and `startedAt` on one clock that survives a restart, that is epoch.
 * Cost: 50 ns.
 * Lies when: the limit is shared with callers we do not see: the park then ends on time and the next 429 doubles it.
 * Reference: RFC 6585 §4 (429); the doubling is Brooker's (see backoff) with the jitter above the wait instead of below.
 */
import { LONGEST_WAIT } from './retry-after.ts';

export interface ParkRule {
  /** First own wait, ms. */
  readonly first: number;
  /** Longest own wait, jitter included, ms. */
  readonly longest: number;
  /** Longest wait taken from a target's word, ms. */
  readonly cap: number;
}

export const PARK: ParkRule = Object.freeze({ first: 1_000, longest: 60_000, cap: LONGEST_WAIT });

export interface ParkState {
  /** When it was last parked; 0 when never. */
  since: number;
  /** No ordinary traffic before this instant. */
  until: number;
  /** Parks without a word from the target since the last success. */
  streak: number;
  /** It is not full: it refused what it was asked with this credential. */
  forbidden?: boolean;
}

export const createParkState = (): ParkState => ({ since: 0, until: 0, streak: 0 });

export interface Refusal {
  readonly now: number;
  /** When the refused attempt was begun. */
  readonly startedAt: number;
  /** `readRetryAfter` of the answer. */
  readonly wait?: number;
  readonly random: () => number;
}

/**
 * Parks the target after a refusal for want of capacity; returns the milliseconds until it may be asked again. Refusals
 * of attempts that were under way when the park began belong to the same event: a hundred at once double nothing.
 */
export function park(
  state: ParkState,
  { now, startedAt, wait, random }: Refusal,
  { first, longest, cap }: ParkRule = PARK,
): number {
  const straggler = state.since > 0 && startedAt <= state.since;
  if (wait !== undefined) {
    state.until = Math.max(state.until, now + Math.min(cap, Math.max(0, wait)));
    if (!straggler) state.since = now;
  } else if (!straggler) {
    const own = Math.min(longest / 1.25, first * 2 ** Math.min(state.streak, 30));
    state.until = Math.max(state.until, now + own * (1 + random() / 4));
    state.streak++;
    state.since = now;
  }
  return parkedFor(state, now);
}

/** An answer to an attempt begun after the park ends the doubling; one begun before it says nothing about now. */
export function parkSucceeded(state: ParkState, startedAt: number): void {
  if (startedAt > state.since) state.streak = 0;
}

/** Milliseconds until ordinary traffic may go there; 0 when it may now. */
export function parkedFor(state: ParkState, now: number): number {
  return Math.max(0, state.until - now);
}

/** What a caller is told when every target is parked: milliseconds until the first of them is free. */
export function earliestFree(states: Iterable<ParkState>, now: number): number | undefined {
  let least: number | undefined;
  for (const state of states) least = Math.min(least ?? Number.POSITIVE_INFINITY, parkedFor(state, now));
  return least;
}
