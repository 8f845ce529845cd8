/**
 * Profile of a latency over the hour of the week, for timeouts, for what is normal now, and for the heat map.
 *
 * Formula: each hour leaves ln of its median in its cell (168, provider's time zone), which keeps the last five weeks; level_h of them all is fitted by `hours-fit.ts`, with κ = 30 observations. Q(h) = exp(level_h)·Q of x/exp(level_h) pooled over all hours (half-life two weeks): the hour moves the place, all hours together tell the shape. Timeout = 1.5·Q.99(h).
 * Assumes: told what healthy targets did; epoch time.
 * Cost: observe 100 ns, readers 10 ns; once an hour a fit of about 100 µs, once in 15 minutes one time-zone conversion.
 * Lies when: the tail has an hour of its own (long prompts at peak): keep one profile a size class; fewer than three weeks: an outage is then part of the median.
 * Reference: F56's form of the hour-of-week baseline in `#kernel/stats` (Hampel 1974; MEDIFF, arXiv 2008.09245), fitted as it goes; shrinkage as in James and Stein 1961, with a fixed prior weight.
 */
import { HOURS_OF_WEEK, hourOfWeek, median } from '#kernel/stats';
import { type DecayingSketchState, decayingSketch } from './decaying-sketch.ts';
import { fitCells } from './hours-fit.ts';
import { createRegime, observeRegime, type RegimeReading, type RegimeState, readRegime } from './regime.ts';

export interface HoursRule {
  /** IANA zone in which the provider's load lives. */
  readonly zone: string;
  /** Weeks a cell remembers. */
  readonly weeks: number;
  /** Observations that a prior is worth. */
  readonly prior: number;
  /** Observations below which nothing is told. */
  readonly enough: number;
}

export const HOURS: HoursRule = Object.freeze({
  zone: 'America/New_York',
  weeks: 5,
  prior: 30,
  enough: 200,
});

/** Hourly summaries of one cell, oldest first. */
export interface HoursCell {
  readonly levels: number[];
  readonly counts: number[];
  /** Median of `levels`; 0 while there are none. */
  own: number;
  /** Sum of `counts`; 0 means never seen. */
  n: number;
}

/** One a target, figure (first token, total) and, where that matters, size class. */
export interface HoursState {
  /** Epoch ms of the first observation; 0 before it. */
  begun: number;
  /** Hour since 1970 that is being summed up, its cell, and its values. */
  hour: number;
  cell: number;
  current: DecayingSketchState;
  readonly cells: readonly HoursCell[];
  /** Fitted ln level of each cell; empty before the first hour has ended. */
  fitted: number[];
  /** Mean of `fitted`. */
  overall: number;
  /** Quarter of an hour for which `now` holds, the level then in ms, and the cell. */
  quarter: number;
  level: number;
  at: number;
  readonly residuals: DecayingSketchState;
  /** ln x − ln of the level of its hour, each within the middle 99 %, of the hour that is being summed up. */
  sum: number;
  count: number;
  /** Bounds of that middle. */
  low: number;
  high: number;
  /** Whether most answers have left their week, and whether the slow ones have. */
  readonly typical: RegimeState;
  readonly tail: RegimeState;
  seen: number;
}

export interface HoursCellReading {
  /** 0 = Monday 00:00 in the zone. */
  readonly hour: number;
  /** Normal of the hour, ms. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  /** Observations of the weeks that are kept; 0: never seen, and what is told is the mean of hours like it. */
  readonly n: number;
  readonly weeks: number;
}

/** Half an hour that is calmer than now. */
export interface Calm {
  /** Its beginning, epoch ms. */
  readonly at: number;
  /** Hour of the week. */
  readonly hour: number;
  /** What an answer takes then, over what it takes now. */
  readonly ratio: number;
}

export interface Hours {
  create(): HoursState;
  /** Tells one latency of a healthy target, ms. */
  observe(state: HoursState, now: number, x: number): void;
  /** How much slower than the weekly mean this hour normally is; 1 while unknown. */
  factor(state: HoursState, now: number): number;
  /** Quantile that is normal now, ms; undefined while too little is known. */
  normal(state: HoursState, now: number, q: number): number | undefined;
  /** 1.5 × the p99 of this hour, ms, within [min, max]; undefined while too little is known. */
  timeout(
    state: HoursState,
    now: number,
    bounds?: { readonly min?: number; readonly max?: number },
  ): number | undefined;
  /** The heat map; empty before the first hour has ended. */
  read(state: HoursState): readonly HoursCellReading[];
  /** Whether all answers, or the slow ones among them, have left their week. */
  regime(state: HoursState): RegimeReading & { readonly of: 'typical' | 'tail' };
  /**
   * The calmest half hours that begin after `now` and within so many milliseconds, all that are within a twentieth of the least,
   * in their order. Empty where none is a tenth calmer than now; undefined while too little is known.
   */
  calmest(state: HoursState, now: number, within: number): readonly Calm[] | undefined;
  /** Hour of the week that `now` falls in, 0 = Monday 00:00 in the zone. */
  hourAt(state: HoursState, now: number): number;
  /** A factor on this hour's normal that its own weeks differ by, at least `least`. */
  usual(state: HoursState, now: number, least: number): number;
}

const HOUR = 3_600_000;
const QUARTER = HOUR / 4;
const FOREVER = 1e15;
/** A p95 of fewer is noise, and p75 moves as much when everything does; of still fewer nothing is told. */
const ENOUGH_P95 = 200;
const LEAST_P95 = 20;
/** A mean of fewer is their luck. */
const LEAST = 5;
/** Four weeks; what the first one leaves says little of the later ones. */
const REGIME_AFTER = 28 * 24 * HOUR;
const REGIME_LEARNS = 7 * 24 * HOUR;
/** Both together 0.1 false alarms a week at most: measured, since a bound on correlated residuals promises nothing. */
const REGIME = { typical: 7, tail: 9 } as const;
const FAR = 1e-3;
const HALF = HOUR / 2;
const WEEK = HOURS_OF_WEEK * HOUR;
/** Less is not worth any wait; and what is nearly as calm shares the load, or the calmest hour would not stay so. */
const WORTH = 0.9;
const AS_CALM = 1.05;
const TIMEOUT_FACTOR = 1.5;
const values = decayingSketch({ alpha: 0.01, smallest: 0.1, halfLife: FOREVER });
const shapes = decayingSketch({ alpha: 0.01, smallest: 0.001, halfLife: 14 * 24 * HOUR });

const sum = (xs: readonly number[]) => xs.reduce((a, b) => a + b, 0);

export function hours(settings: Partial<HoursRule> = {}): Hours {
  const { zone, weeks, prior, enough } = { ...HOURS, ...settings };

  /** Closes the hour that has ended and fits anew. */
  function turn(state: HoursState, now: number): void {
    const n = values.weight(state.current, now);
    const known = now - state.begun;
    const acts = known >= REGIME_AFTER;
    if (n >= LEAST_P95 && known >= REGIME_LEARNS && state.seen >= enough) {
      const q = n >= ENOUGH_P95 ? 0.95 : 0.75;
      const normal = state.fitted[state.cell]! + Math.log(shapes.quantile(state.residuals, q)!);
      const late = Math.log(values.quantile(state.current, q)!) - normal;
      observeRegime(state.tail, state.hour, late, acts, REGIME.tail);
    }
    if (state.count >= LEAST && known >= REGIME_LEARNS)
      observeRegime(state.typical, state.hour, state.sum / state.count, acts, REGIME.typical);
    state.sum = 0;
    state.count = 0;
    if (n >= 1) {
      const cell = state.cells[state.cell]!;
      const { levels, counts } = cell;
      // A ten-thousandth: a sketch is off by a hundredth, and the state is written to disk.
      levels.push(Math.round(Math.log(values.quantile(state.current, 0.5)!) * 1e4) / 1e4);
      counts.push(Math.round(n));
      if (levels.length > weeks) {
        levels.shift();
        counts.shift();
      }
      cell.own = median(levels);
      cell.n = sum(counts);
      state.fitted = fitCells(state.cells, prior);
      state.overall = sum(state.fitted) / HOURS_OF_WEEK;
      state.low = Math.log(shapes.quantile(state.residuals, 0.005) ?? FAR);
      state.high = Math.log(shapes.quantile(state.residuals, 0.995) ?? 1 / FAR);
      state.current = values.create();
    }
    state.hour = Math.floor(now / HOUR);
    state.cell = hourOfWeek(now, zone);
  }

  /** Puts the state to the quarter of `now`: zones begin their hours at quarters at the finest. */
  function settle(state: HoursState, now: number): void {
    const quarter = Math.floor(now / QUARTER);
    if (quarter === state.quarter) return;
    if (quarter > state.quarter && Math.floor(now / HOUR) !== state.hour) turn(state, now);
    state.quarter = quarter;
    state.at = hourOfWeek(now, zone);
    state.level = state.fitted.length > 0 ? Math.exp(state.fitted[state.at]!) : 0;
  }

  const normal = (state: HoursState, now: number, q: number) => {
    settle(state, now);
    if (state.level === 0 || state.seen < enough) return undefined;
    const shape = shapes.quantile(state.residuals, q);
    return shape === undefined ? undefined : state.level * shape;
  };

  return Object.freeze({
    create: () => ({
      begun: 0,
      hour: 0,
      cell: 0,
      current: values.create(),
      cells: Array.from({ length: HOURS_OF_WEEK }, () => ({ levels: [], counts: [], own: 0, n: 0 })),
      fitted: [],
      overall: 0,
      quarter: 0,
      level: 0,
      at: 0,
      residuals: shapes.create(),
      sum: 0,
      count: 0,
      low: Math.log(FAR),
      high: -Math.log(FAR),
      typical: createRegime(),
      tail: createRegime(),
      seen: 0,
    }),
    observe(state, now, x) {
      if (!(x > 0)) return;
      if (state.begun === 0) state.begun = now;
      settle(state, now);
      values.insert(state.current, now, x);
      if (state.level === 0) return;
      const ratio = x / state.level;
      shapes.insert(state.residuals, now, ratio);
      state.sum += Math.max(state.low, Math.min(state.high, Math.log(ratio)));
      state.count++;
      state.seen++;
    },
    factor(state, now) {
      settle(state, now);
      return state.level === 0 || state.seen < enough ? 1 : state.level / Math.exp(state.overall);
    },
    normal,
    timeout(state, now, { min = 0, max = Number.POSITIVE_INFINITY } = {}) {
      const p99 = normal(state, now, 0.99);
      return p99 === undefined ? undefined : Math.min(max, Math.max(min, TIMEOUT_FACTOR * p99));
    },
    read(state) {
      const shape = (q: number) => shapes.quantile(state.residuals, q) ?? 1;
      const [p95, p99] = [shape(0.95), shape(0.99)];
      return state.fitted.map((ln, hour) => {
        const level = Math.exp(ln);
        const { n, levels } = state.cells[hour]!;
        return { hour, p50: level, p95: level * p95, p99: level * p99, n, weeks: levels.length };
      });
    },
    regime({ typical, tail }) {
      const most = readRegime(typical, REGIME.typical);
      const slow = readRegime(tail, REGIME.tail);
      return slow.found && !most.found ? { ...slow, of: 'tail' } : { ...most, of: 'typical' };
    },
    calmest(state, now, within) {
      settle(state, now);
      if (state.level === 0 || state.seen < enough) return undefined;
      const here = state.fitted[state.at]!;
      const all: Calm[] = [];
      for (let at = (Math.floor(now / HALF) + 1) * HALF; at <= now + Math.min(within, WEEK); at += HALF) {
        const hour = hourOfWeek(at, zone);
        all.push({ at, hour, ratio: Math.exp(state.fitted[hour]! - here) });
      }
      const least = Math.min(...all.map(({ ratio }) => ratio));
      return least > WORTH ? [] : all.filter(({ ratio }) => ratio <= AS_CALM * least);
    },
    hourAt(state, now) {
      settle(state, now);
      return state.at;
    },
    usual(state, now, least) {
      settle(state, now);
      const { levels } = state.cells[state.at]!;
      if (levels.length < 3) return least;
      const middle = median(levels);
      return Math.max(least, Math.exp(3 * 1.4826 * median(levels.map((level) => Math.abs(level - middle)))));
    },
  } satisfies Hours);
}
