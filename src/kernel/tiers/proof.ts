/**
 * The proof of one fallback edge: what its exercises say, and since when.
 *
 * Formula: PROVEN while the one-sided lower Clopper–Pearson bound of the success rate over the last `window` exercises under this contract is ≥ `bound`; with no failure that is n ≥ ln(1 − confidence)/ln(bound): 59 for 95 %, 299 for 99 %. BROKEN after `brokenAfter` failures in a row, or when the 99.9 % upper bound falls below `bound`. STALE when the last success is older than `staleAfter`.
 * Assumes: exercises drawn from the traffic by chance, none left out and none repeated until it passed; slow counts as failed.
 * Cost: one Beta quantile per reading; state at most `window` characters.
 * Lies when: the exercised share is of easy traffic only, or of a load at which rate limits stay silent: that takes a drill.
 * Reference: Clopper and Pearson 1934; Hanley and Lippman-Hand 1983.
 */
import type { EpochMs } from '#contracts';
import { sha256 } from '../hash/index.ts';
import { canonical } from '../json/canonical.ts';
import { checkInnerProbability, checkPositive, checkPositiveCount } from '../stats/check.ts';
import { clopperPearsonLower, clopperPearsonUpper } from '../stats/intervals/clopper-pearson.ts';
import { trialsToProve } from '../stats/intervals/rule-of-three.ts';
import { binomialTail } from '../stats/numeric/beta.ts';

export interface ProofRule {
  /** Success rate to be proven; 0.95. */
  readonly bound?: number;
  readonly confidence?: number;
  /** Milliseconds after the last success; 24 hours. */
  readonly staleAfter?: number;
  /** Failures in a row; 3. */
  readonly brokenAfter?: number;
  /** Exercises that count; 400. More would let last month's successes hide this week's failures. */
  readonly window?: number;
}

/** Plain JSON. `recent` holds one character per exercise, oldest first: `1` good, `0` failed. */
export interface ProofState {
  readonly contract: string;
  readonly recent: string;
  readonly lastSuccess?: EpochMs;
  readonly lastExercise?: EpochMs;
  /** Set when it broke; exercises before count no more. */
  readonly brokenAt?: EpochMs;
  readonly lastFailure?: { readonly at: EpochMs; readonly reason: string };
}

export interface Exercised {
  readonly at: EpochMs;
  /** Contract hash under which it ran: a result that comes in after a change proves nothing about the new one. */
  readonly contract: string;
  readonly good: boolean;
  readonly reason?: string;
}

export type ProofName = 'UNPROVEN' | 'PROVEN' | 'STALE' | 'BROKEN';

export interface Proof {
  readonly state: ProofName;
  /** Exercises that count, and failures among them. */
  readonly n: number;
  readonly failures: number;
  /** Success rate proven so far; absent before the first exercise. */
  readonly bound?: number;
  /** Further exercises until PROVEN if none fails; 0 once there. */
  readonly needed: number;
  readonly hashMatches: boolean;
  readonly lastSuccess?: EpochMs;
  readonly why: string;
}

/** Name of everything a fallback depends on: prompt, model, schema, context shape, config keys, library lock. */
export const contractHash = (parts: Readonly<Record<string, unknown>>): string =>
  sha256(canonical(parts)).slice(0, 32);

/** Looked at after every exercise, so much stricter than `confidence`: at 0.95 a sound edge would be called broken within weeks. */
const SURELY = 0.999;

export function edgeProof(rule: ProofRule = {}) {
  const { bound = 0.95, confidence = 0.95, staleAfter = 86_400_000, brokenAfter = 3, window = 400 } = rule;
  checkInnerProbability('bound', bound);
  checkInnerProbability('confidence', confidence);
  checkPositive('staleAfter', staleAfter);
  checkPositiveCount('brokenAfter', brokenAfter);
  const enough = trialsToProve(bound, 1 - confidence);
  if (window < enough)
    throw new RangeError(`edgeProof: window ${window} can never prove ${bound}, which takes ${enough}`);

  // The same question as "lower bound ≥ bound", without the search for the bound: a tenth of the time.
  const proves = (good: number, n: number) => n > 0 && binomialTail(good, n, bound) <= 1 - confidence;
  const needed = (good: number, n: number): number => {
    // Smallest number of further successes that lifts the bound: it rises with every one, so halving finds it.
    let [low, high] = [0, enough];
    while (!proves(good + high, n + high)) [low, high] = [high, high * 2];
    while (low < high) {
      const mid = (low + high) >> 1;
      if (proves(good + mid, n + mid)) high = mid;
      else low = mid + 1;
    }
    return low;
  };
  const goodIn = (recent: string) => recent.length - recent.replaceAll('1', '').length;

  return {
    /** Exercises without a failure that prove `bound`. */
    enough,
    start: (contract: string): ProofState => ({ contract, recent: '' }),

    /** Counts an exercise; `inForce` is the contract hash now. */
    step(
      state: ProofState,
      { at, contract, good, reason = 'failed' }: Exercised,
      inForce: string,
    ): ProofState {
      if (contract !== inForce) return state;
      const own = contract === state.contract ? state : { contract, recent: '' };
      const recent = (own.recent + (good ? '1' : '0')).slice(-window);
      if (good) return { ...own, recent, lastSuccess: at, lastExercise: at };
      const failed = { ...own, lastExercise: at, lastFailure: { at, reason } };
      const n = recent.length;
      const broken =
        recent.endsWith('0'.repeat(brokenAfter)) ||
        (goodIn(recent) < n && clopperPearsonUpper(goodIn(recent), n, SURELY) < bound);
      return broken ? { ...failed, recent: '', brokenAt: at } : { ...failed, recent };
    },

    /** Where the edge stands now under the contract that is in force now. */
    read(state: ProofState, now: EpochMs, contract: string): Proof {
      const hashMatches = state.contract === contract;
      if (!hashMatches)
        return {
          state: 'UNPROVEN',
          n: 0,
          failures: 0,
          needed: enough,
          hashMatches,
          ...(state.lastSuccess === undefined ? {} : { lastSuccess: state.lastSuccess }),
          why: 'its contract has changed since it was exercised',
        };
      const n = state.recent.length;
      const good = goodIn(state.recent);
      const proven = proves(good, n);
      const facts = {
        n,
        failures: n - good,
        ...(n === 0 ? {} : { bound: clopperPearsonLower(good, n, confidence) }),
        needed: proven ? 0 : needed(good, n),
        hashMatches,
        ...(state.lastSuccess === undefined ? {} : { lastSuccess: state.lastSuccess }),
      };
      if (state.brokenAt !== undefined && !proven)
        return { ...facts, state: 'BROKEN', why: state.lastFailure?.reason ?? 'failed' };
      if (!proven)
        return {
          ...facts,
          state: 'UNPROVEN',
          why: n === 0 ? 'never exercised' : `${facts.needed} good exercises short`,
        };
      if (now - (state.lastSuccess ?? 0) > staleAfter)
        return { ...facts, state: 'STALE', why: 'no success for too long' };
      return { ...facts, state: 'PROVEN', why: `${good} of ${n} good` };
    },
  };
}
