/**
 * Arrival order: late and repeated observations put right before a detector sees them.
 *
 * Formula: observations wait until the newest event time has passed theirs by `lateness`, then leave sorted by (event time, id); an id seen within that span is dropped, and so is what comes later than `lateness`.
 * Assumes: ids are unique per observation; event times are those of the event, never of its arrival.
 * Cost: O(log n) to find the place and O(n) to insert, n waiting observations.
 * Lies when: `lateness` is shorter than the pipeline's real delay: then data are dropped, and `late` counts them.
 * Reference: Akidau et al., "The Dataflow Model", VLDB 2015 (watermarks).
 */
import { checkFinite, checkNonNegative } from '../check.ts';

export interface Arriving<T> {
  readonly id: string;
  /** Event time, epoch milliseconds. */
  readonly at: number;
  readonly value: T;
}

export interface ArrivalState<T> {
  /** Newest event time seen. */
  readonly newest?: number;
  /** Sorted by (at, id). What has been handed on is forgotten: a repeat of it carries the same time and is late. */
  readonly held: readonly Arriving<T>[];
  /** Dropped for coming after their time. */
  readonly late: number;
  readonly repeated: number;
}

export const ARRIVAL_START: ArrivalState<never> = Object.freeze({
  held: Object.freeze([]),
  late: 0,
  repeated: 0,
});

const before = (a: Arriving<unknown>, b: Arriving<unknown>) => a.at < b.at || (a.at === b.at && a.id < b.id);

/**
 * Takes one arrival and hands on what is now due, in order. The same set of observations, each within the lateness,
 * is handed on identically whatever the order of arrival.
 */
export function arrive<T>(
  state: ArrivalState<T>,
  arriving: Arriving<T>,
  lateness: number,
): { readonly state: ArrivalState<T>; readonly due: readonly Arriving<T>[] } {
  checkNonNegative('lateness', lateness);
  checkFinite('arriving.at', arriving.at);
  const newest = Math.max(state.newest ?? arriving.at, arriving.at);
  if (state.newest !== undefined && arriving.at <= state.newest - lateness) {
    return { state: { ...state, late: state.late + 1 }, due: [] };
  }
  let lo = 0;
  let hi = state.held.length;
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if (before(state.held[mid]!, arriving)) lo = mid + 1;
    else hi = mid;
  }
  if (state.held.some((other) => other.id === arriving.id)) {
    return { state: { ...state, repeated: state.repeated + 1 }, due: [] };
  }
  const held = [...state.held.slice(0, lo), arriving, ...state.held.slice(lo)];
  let count = 0;
  while (count < held.length && held[count]!.at <= newest - lateness) count++;
  return {
    state: { newest, held: held.slice(count), late: state.late, repeated: state.repeated },
    due: held.slice(0, count),
  };
}

/** Hands on everything still held: the stream has ended. */
export function arrivalEnd<T>(state: ArrivalState<T>): {
  readonly state: ArrivalState<T>;
  readonly due: readonly Arriving<T>[];
} {
  return { state: { ...state, held: [] }, due: state.held };
}
