/**
 * Hedging: when a first token is late, ask once more elsewhere, within a hard budget.
 *
 * Formula: delay = Q.955 of the first tokens of the last minutes, per model, size class of the ask and, where answers come whole, class of the length they are foretold to have, in steps of four (decaying sketch, half-life 10 min, at least 50 observations); a second hedge when the first is later than Q.85; every exchange earns a twentieth of a hedge, at most 50 are saved, so hedges ≤ 5 % of the exchanges so far, and the last 12 are kept for those who still wait 100 ms later and for second hedges. Off while more than 15 % of recent first tokens come later than the delay they were given (exponential mean over 50): then the whole distribution has moved, and hedges would only add load.
 * Assumes: asks without side effects; the first token of a loser is told as the time at which it was given up, a lower bound that lies above the delay all the same: leaving losers out would pull the delay down from hedge to hedge.
 * Cost: about 0.15 µs an exchange, all three calls.
 * Lies when: stragglers share a cause (one region, one prompt): the hedge then straggles too.
 * Reference: Dean and Barroso, "The Tail at Scale", CACM 2013 (hedged requests after the 95th percentile, cancel the loser).
 */
import { type DecayingSketchState, decayingSketch } from './decaying-sketch.ts';
import { SIZES, sizeClass } from './health/baseline.ts';

export interface HedgeRule {
  /** Above 1 − budget by as much as chance needs: at .95 the budget is always just spent when a straggler comes. */
  readonly quantile: number;
  /**
   * A hedge is late beyond this one. Two stragglers in a row are the P99.9, so the third call decides it: as early as what first
   * hedges leave of the budget can pay for the sixth of them that is late by then.
   */
  readonly second: number;
  /** Observations of weight below which nothing is hedged. */
  readonly enough: number;
  /** Share of recent first tokens beyond the delay at which hedging stops, and goes on again. */
  readonly off: number;
  readonly on: number;
  /** Observations over which that share remembers. */
  readonly memory: number;
  /** Exchanges that earn one hedge. No floor: the nineteenth of a quiet route is not hedged. */
  readonly price: number;
  /**
   * Hedges that can be saved up. A window of ten minutes in place of savings loses, when its first minute leaves it, what was
   * earned while nothing was hedged yet and keeps what was spent: a minute without hedges, for which P99.9 then stands. And at
   * a request a minute no window ever earns one.
   */
  readonly savings: number;
  /** Hedges of one exchange at most. With one, the P99.9 is that of two stragglers in a row: 3 % of 3 %. */
  readonly most: number;
  /** Of the budget, kept back from those who have only just become late: most of them are about to land. */
  readonly reserve: number;
  /** After a refusal for want of budget, ask again in so many ms: the straggler is still waiting, the merely late are gone. */
  readonly again: number;
}

export const HEDGE: HedgeRule = Object.freeze({
  quantile: 0.955,
  second: 0.85,
  enough: 50,
  off: 0.15,
  on: 0.08,
  memory: 50,
  price: 20,
  savings: 50,
  again: 100,
  most: 2,
  reserve: 12,
});

export interface HedgeSeriesState {
  readonly sketch: DecayingSketchState;
  /** ms; 0 while too little is known. */
  delay: number;
  /** The same from a first hedge to a second. */
  second: number;
  /** Observations until it is read again. */
  due: number;
  /** Share of recent first tokens beyond the delay. */
  late: number;
  moved: boolean;
}

/** One a route and model. */
export interface HedgeState {
  /** Exchanges that have not paid for a hedge yet. */
  earned: number;
  /** By class of length, then of size; null where nothing was seen. */
  readonly series: (HedgeSeriesState | null | undefined)[];
}

/** What asks are told apart by. */
export interface HedgeKind {
  readonly inputTokens: number;
  /**
   * Tokens that a whole answer is foretold to have; undefined for a stream, whose first token waits for no other, and where
   * nobody knows. Long answers beside short ones are all late by a delay that knows one length only, and no short one ever is.
   */
  readonly outputTokens?: number | undefined;
}

export interface HedgeAsk extends HedgeKind {
  /** Time left for the exchange, ms. */
  readonly remaining: number;
  /** First tokens of this hour are normally this long at the same quantile, ms: for a route too quiet to know its own. */
  readonly usual?: number | undefined;
}

export interface Hedging {
  create(): HedgeState;
  /** Counts an exchange. */
  request(state: HedgeState): void;
  /**
   * Milliseconds after the beginning of the attempt at which to hedge unless the first token has come; undefined: do not.
   * Nothing is booked: most exchanges never come so far.
   */
  delay(state: HedgeState, ask: HedgeAsk): number | undefined;
  /** Milliseconds from a first hedge to a second, where the first was sent after `delay`. */
  second(state: HedgeState, kind: HedgeKind, delay: number): number;
  /**
   * When the delay is over: true books the hedge; false: the budget is spent, ask again in `again` ms. `patient`: it has waited
   * longer than the delay, or for a hedge in vain.
   */
  spend(state: HedgeState, patient: boolean): boolean;
  /** Tells a first token, also that of a loser, as the time at which it was given up. */
  observe(state: HedgeState, seen: HedgeKind & { readonly now: number; readonly firstToken: number }): void;
}

const sketch = decayingSketch({ alpha: 0.01, smallest: 1, halfLife: 600_000 });
const READ_EVERY = 64;

/** Output tokens at which a class of length ends. */
const LENGTHS: readonly number[] = [64, 256, 1_024, 4_096];

function seriesOf({ inputTokens, outputTokens }: HedgeKind): number {
  const size = sizeClass(inputTokens);
  if (outputTokens === undefined) return size;
  let length = 1;
  for (const end of LENGTHS) if (outputTokens > end) length++;
  return length * (SIZES.length + 1) + size;
}

export function hedging(rule: HedgeRule = HEDGE): Hedging {
  const step = 1 / rule.memory;
  return Object.freeze({
    create: () => ({ earned: 0, series: [] }),
    request(state) {
      if (state.earned < rule.price * rule.savings) state.earned++;
    },
    delay(state, ask) {
      const { remaining, usual = 0 } = ask;
      const series = state.series[seriesOf(ask)];
      const delay = series?.delay || usual;
      if (delay === 0 || series?.moved) return undefined;
      // A hedge that begins when the time is nearly over buys a second timeout.
      return 2 * delay <= remaining ? delay : undefined;
    },
    second: (state, kind, delay) => state.series[seriesOf(kind)]?.second || delay,
    spend(state, patient) {
      if (state.earned < rule.price * (patient ? 1 : 1 + rule.reserve)) return false;
      state.earned -= rule.price;
      return true;
    },
    observe(state, seen) {
      const { now, firstToken } = seen;
      const at = seriesOf(seen);
      let series = state.series[at];
      if (!series) {
        series = {
          sketch: sketch.create(),
          delay: 0,
          second: 0,
          due: 0,
          late: 1 - rule.quantile,
          moved: false,
        };
        state.series[at] = series;
      }
      if (series.delay > 0) {
        series.late += step * ((firstToken > series.delay ? 1 : 0) - series.late);
        series.moved = series.late > (series.moved ? rule.on : rule.off);
      }
      sketch.insert(series.sketch, now, firstToken);
      if (series.due-- > 0) return;
      const known = sketch.weight(series.sketch, now) >= rule.enough;
      series.due = known ? READ_EVERY : 8;
      series.delay = known ? sketch.quantile(series.sketch, rule.quantile)! : 0;
      series.second = known ? sketch.quantile(series.sketch, rule.second)! : 0;
    },
  } satisfies Hedging);
}
