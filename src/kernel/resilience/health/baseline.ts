/**
 * A target's own normal: how long its first token and each further token take, learned from itself.
 *
 * Formula: slow iff x / hourFactor > Q_{0.995 + 1.96·√(q(1−q)/n)} of a sketch with a half-life of three days, one sketch a size of ask for first tokens and one for milliseconds per token; two series at 0.5 % each make the 1 % of p0. Deviation = ln(x / hourFactor / median). No judgement below 100 observations.
 * Assumes: what is learned was healthy. What came since the CUSUM last stood at zero, its estimate of the change time, is held back: four slow answers of a brownout among two thousand move the limit above all of them.
 * Cost: 80 ns a series and observation.
 * Lies when: the mix of asks moves within one size class; the first hundred observations fall into a brownout.
 * Reference: the confidence bound of a quantile is the normal form of Clopper and Pearson's on its rank.
 */
import { type DecayingSketchState, decayingSketch } from '../decaying-sketch.ts';

const DAY = 86_400_000;
const QUANTILE = 0.995;
const Z = 1.96;
/** Below so many nothing is called slow: a maximum of a few says nothing about the two hundredth. */
const ENOUGH = 100;
/** Beyond the largest value seen, while the bound asks for a rank that does not exist yet. */
const HEADROOM = 1.1;
export const SIZES: readonly number[] = [1_000, 4_000, 16_000, 64_000];

const sketch = decayingSketch({ alpha: 0.01, smallest: 0.01, halfLife: 3 * DAY });

/** Class of an ask's input tokens, 0 to 4: the first token of a long prompt takes longer, and that is no brownout. */
export function sizeClass(inputTokens: number): number {
  let at = 0;
  while (at < SIZES.length && inputTokens > SIZES[at]!) at++;
  return at;
}

export interface SeriesState {
  readonly sketch: DecayingSketchState;
  /** Above this an observation is slow; 0 while too little is known. */
  limit: number;
  median: number;
  /** ln(Q.84 / median): one standard deviation of a log-normal. */
  spread: number;
  /** Inserts until limit, median and spread are read again. */
  due: number;
  /** Seen since evidence last stood at zero: learned when it is there again, forgotten at an alarm. */
  readonly held: number[];
}

export interface BaselineState {
  /** First token in ms, by size class; null where nothing was seen. */
  readonly firstToken: (SeriesState | null)[];
  readonly msPerToken: SeriesState;
}

const createSeries = (): SeriesState => ({
  sketch: sketch.create(),
  limit: 0,
  median: 0,
  spread: 0,
  due: 0,
  held: [],
});

export const createBaselineState = (): BaselineState => ({
  firstToken: [null, null, null, null, null],
  msPerToken: createSeries(),
});

export function firstTokenSeries(state: BaselineState, size: number): SeriesState {
  const known = state.firstToken[size];
  if (known) return known;
  const made = createSeries();
  state.firstToken[size] = made;
  return made;
}

export const isSlow = (series: SeriesState, x: number): boolean => series.limit > 0 && x > series.limit;

/** ln of how many times slower than its own median; 0 while too little is known. */
export const deviation = (series: SeriesState, x: number): number =>
  series.limit > 0 ? Math.log(x / series.median) : 0;

const MOST_HELD = 512;

/** Keeps an observation back while it is open whether it belongs to the target's normal. */
export function hold(series: SeriesState, x: number): void {
  if (series.held.length < MOST_HELD) series.held.push(x);
}

export function learnHeld(series: SeriesState, now: number): void {
  for (const x of series.held) learn(series, now, x);
  series.held.length = 0;
}

export function learn(series: SeriesState, now: number, x: number): void {
  sketch.insert(series.sketch, now, x);
  if (series.due-- > 0) return;
  const n = sketch.weight(series.sketch, now);
  // Often while little is known, every 256 later: reading costs a hundred inserts.
  series.due = Math.min(256, Math.max(8, Math.floor(n / 8)));
  if (n < ENOUGH) return;
  const level = QUANTILE + Z * Math.sqrt((QUANTILE * (1 - QUANTILE)) / n);
  const at = (q: number) => sketch.quantile(series.sketch, q)!;
  series.limit = level < 1 ? at(level) : at(1) * HEADROOM;
  series.median = at(0.5);
  series.spread = Math.log(at(0.84) / series.median);
}
