/**
 * Burn-rate windows with a reachability check.
 *
 * Formula: burn(W) = bad share in W / budget; a pair fires when both its long and its short window burn at or above its factor. Since a share is at most 1, burn ≤ 1/budget: a factor above that can never fire and is refused.
 * Assumes: event time; each window is counted in equal cells and spans between (cells − 1)/cells of its length and all of it.
 * Cost: O(windows) per observation, O(cells) when a cell is entered; state about 1 KB for three pairs at 12 cells.
 * Lies when: the loss is slow: on a 5 % budget a climb over weeks shows in no pair before day 23, so it needs a CUSUM beside it; with few events one failure burns: `minN` silences windows below it, and silence there is not health.
 * Reference: Google, The Site Reliability Workbook, chapter 5, "Alerting on SLOs".
 */
import {
  checkCount,
  checkFinite,
  checkInnerProbability,
  checkLength,
  checkPositive,
  checkPositiveCount,
} from '../check.ts';
import { StatsError } from '../error.ts';
import type { Sequential } from './sequential.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export interface BurnPair {
  readonly factor: number;
  /** Milliseconds. */
  readonly long: number;
  readonly short: number;
}

/** The usual pairs of a 30-day budget: 2 % in an hour, 5 % in six hours, 10 % in three days. */
export const USUAL_BURN_PAIRS: readonly BurnPair[] = Object.freeze([
  { factor: 14.4, long: HOUR, short: 5 * MINUTE },
  { factor: 6, long: 6 * HOUR, short: 30 * MINUTE },
  { factor: 1, long: 3 * DAY, short: 6 * HOUR },
]);

/** Whether a burn factor can fire at all under this budget. */
export function burnReachable(factor: number, budget: number): boolean {
  checkPositive('factor', factor);
  checkInnerProbability('budget', budget);
  return factor <= 1 / budget;
}

/** Pairs derived from the cap, for wide budgets such as a tier mix: 0.8/budget means hard failover, then 3, 1.5 and 1. */
export function cappedBurnPairs(budget: number): readonly BurnPair[] {
  checkInnerProbability('budget', budget);
  const first = 0.8 / budget;
  const pairs = [
    { factor: first, long: HOUR, short: 5 * MINUTE },
    { factor: 3, long: 6 * HOUR, short: 30 * MINUTE },
    { factor: 1.5, long: DAY, short: 2 * HOUR },
    { factor: 1, long: 3 * DAY, short: 6 * HOUR },
  ];
  return pairs.filter((pair, i) => burnReachable(pair.factor, budget) && (i === 0 || pair.factor < first));
}

interface WindowState {
  /** Index of the newest cell since the epoch. */
  readonly head: number;
  /** Oldest first. */
  readonly bad: readonly number[];
  readonly all: readonly number[];
}

export interface BurnState {
  readonly windows: readonly WindowState[];
}

export interface BurnObservation {
  /** Event time, epoch milliseconds. */
  readonly at: number;
  readonly bad: number;
  /** Exchanges in this observation; 0 only advances the time. */
  readonly n: number;
}

export interface BurnPairReading extends BurnPair {
  readonly alarm: boolean;
  /** Absent while the window holds nothing. */
  readonly longBurn?: number;
  readonly shortBurn?: number;
  readonly n: number;
}

export interface BurnReading {
  readonly alarm: boolean;
  readonly pairs: readonly BurnPairReading[];
}

export interface BurnRule {
  /** Allowed bad share, 0 < budget < 1. */
  readonly budget: number;
  readonly pairs?: readonly BurnPair[];
  readonly cells?: number;
  /** Fewest exchanges in the long window for an alarm. */
  readonly minN?: number;
}

/** Windows over event time. Order of arrival does not matter within the shorter window; older than a window is ignored by it. */
export function burnRate(rule: BurnRule): Sequential<BurnState, BurnObservation, BurnReading> {
  const { budget, pairs = USUAL_BURN_PAIRS, cells = 12, minN = 20 } = rule;
  checkInnerProbability('budget', budget);
  checkLength('pairs', pairs);
  checkPositiveCount('cells', cells);
  checkCount('minN', minN);
  pairs.forEach((pair, i) => {
    checkPositive(`pairs[${i}].long`, pair.long);
    checkPositive(`pairs[${i}].short`, pair.short);
    if (pair.short > pair.long) throw new StatsError(`pairs[${i}].short`, 'must not exceed long');
    if (!burnReachable(pair.factor, budget)) {
      throw new StatsError(`pairs[${i}].factor`, `can never fire: ${pair.factor} > 1/budget = ${1 / budget}`);
    }
  });
  const lengths = [...new Set(pairs.flatMap((pair) => [pair.long, pair.short]))];
  const zeros = Object.freeze(new Array<number>(cells).fill(0));
  const start: BurnState = Object.freeze({
    windows: Object.freeze(lengths.map(() => Object.freeze({ head: 0, bad: zeros, all: zeros }))),
  });

  const slide = (list: readonly number[], by: number) =>
    by >= cells ? zeros.slice() : [...list.slice(by), ...zeros.slice(0, by)];

  const stepWindow = (window: WindowState, length: number, { at, bad, n }: BurnObservation): WindowState => {
    const cell = Math.floor((at * cells) / length);
    const ahead = cell - window.head;
    const slot = cells - 1 + Math.min(ahead, 0);
    if (slot < 0 || (n === 0 && ahead <= 0)) return window;
    const badCells = ahead > 0 ? slide(window.bad, ahead) : window.bad.slice();
    const allCells = ahead > 0 ? slide(window.all, ahead) : window.all.slice();
    badCells[slot]! += bad;
    allCells[slot]! += n;
    return { head: Math.max(cell, window.head), bad: badCells, all: allCells };
  };

  const sums = (state: BurnState, length: number) => {
    const window = state.windows[lengths.indexOf(length)]!;
    let bad = 0;
    let all = 0;
    for (let i = 0; i < cells; i++) {
      bad += window.bad[i]!;
      all += window.all[i]!;
    }
    return { n: all, burn: all === 0 ? undefined : bad / all / budget };
  };

  return Object.freeze({
    start,
    step(state: BurnState, observation: BurnObservation): BurnState {
      checkFinite('observation.at', observation.at);
      checkCount('observation.n', observation.n);
      checkCount('observation.bad', observation.bad);
      if (observation.bad > observation.n) throw new StatsError('observation.bad', 'must not exceed n');
      return { windows: state.windows.map((window, i) => stepWindow(window, lengths[i]!, observation)) };
    },
    read(state: BurnState): BurnReading {
      const readings = pairs.map((pair): BurnPairReading => {
        const long = sums(state, pair.long);
        const short = sums(state, pair.short);
        const alarm =
          long.n >= minN &&
          (long.burn ?? 0) >= pair.factor * (1 - 1e-12) &&
          (short.burn ?? 0) >= pair.factor * (1 - 1e-12);
        return {
          ...pair,
          alarm,
          n: long.n,
          ...(long.burn !== undefined && { longBurn: long.burn }),
          ...(short.burn !== undefined && { shortBurn: short.burn }),
        };
      });
      return { alarm: readings.some((pair) => pair.alarm), pairs: readings };
    },
  });
}
