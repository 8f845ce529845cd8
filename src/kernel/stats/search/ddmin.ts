/**
 * ddmin: the smallest part of a change that still fails.
 *
 * Formula: split what is left into g parts; try each part alone, then each complement; keep the first that fails; else double g; stop when g passes the number of items. The result is 1-minimal: leaving out any single item makes it pass.
 * Assumes: the whole fails, the empty set passes, the test is deterministic (repeat it, or decide each test by SPRT, when it is not).
 * Cost: at most O(n²) tests, about 2·log₂ n for one culprit.
 * Lies when: the test flips: one wrong answer steers it away for good.
 * Reference: Zeller and Hildebrandt, IEEE TSE 2002.
 */
import { checkPositiveCount } from '../check.ts';

/** Plain JSON; `kept` are indices of the items not yet ruled out. */
export interface DdminState {
  readonly kept: readonly number[];
  readonly parts: number;
  /** Next candidate: 0 … parts−1 are the parts, parts … 2·parts−1 their complements. */
  readonly turn: number;
  readonly tests: number;
}

/** Search over items 0 … n−1, which together fail. */
export function ddminStart(n: number): DdminState {
  checkPositiveCount('n', n);
  return { kept: Array.from({ length: n }, (_, i) => i), parts: Math.min(2, n), turn: 0, tests: 0 };
}

function candidate({ kept, parts, turn }: DdminState): readonly number[] {
  const part = turn % parts;
  const from = Math.floor((part * kept.length) / parts);
  const to = Math.floor(((part + 1) * kept.length) / parts);
  return turn < parts ? kept.slice(from, to) : [...kept.slice(0, from), ...kept.slice(to)];
}

/** The subset to test next, or undefined when `kept` is the answer. */
export function ddminNext(state: DdminState): readonly number[] | undefined {
  return state.kept.length <= 1 || state.turn >= 2 * state.parts ? undefined : candidate(state);
}

/** Tells whether the subset of `ddminNext` failed. */
export function ddminTell(state: DdminState, failed: boolean): DdminState {
  const subset = ddminNext(state);
  if (!subset) return state;
  const tests = state.tests + 1;
  const n = state.kept.length;
  if (failed) {
    const parts = state.turn < state.parts ? 2 : Math.max(state.parts - 1, 2);
    return { kept: subset, parts: Math.min(parts, subset.length), turn: 0, tests };
  }
  // With two parts the complements are the parts again.
  const last = state.parts === 2 ? 2 : 2 * state.parts;
  if (state.turn + 1 < last) return { ...state, turn: state.turn + 1, tests };
  if (state.parts < n) return { kept: state.kept, parts: Math.min(n, 2 * state.parts), turn: 0, tests };
  return { ...state, turn: 2 * state.parts, tests };
}

/** The whole search at once over a synchronous test. */
export function ddmin<T>(items: readonly T[], fails: (subset: readonly T[]) => boolean): readonly T[] {
  let state = ddminStart(items.length);
  for (let subset = ddminNext(state); subset; subset = ddminNext(state)) {
    state = ddminTell(state, fails(subset.map((i) => items[i]!)));
  }
  return state.kept.map((i) => items[i]!);
}
