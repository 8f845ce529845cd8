import type { EpochMs } from '#contracts';
import { ewma } from '#kernel/stats';

const HALF_LIFE = 600_000;
/** Output tokens before any answer was seen. */
const GUESS = 500;
/** Routes times models; more would be somebody's typing errors. */
const MOST = 10_000;
/** Answers that the longest is taken of, and as many before them. */
const WINDOW = 500;
/** With fewer answers the longest of them says little about the next. */
const ENOUGH = 200;

/** What answers of a route and model are like, so that as much is reserved before the next one. */
export interface AnswerEstimate {
  /**
   * Output tokens for a quota: the running mean rather than `max_tokens`. A bucket sums over many calls, and callers leave the
   * maximum at its largest, which would let a tenth of the limit be used.
   */
  tokens(name: string, maxTokens?: number): number;
  /** The longest of the last 500 to 1,000 answers, in output tokens; undefined until there are enough of them. */
  longest(name: string): number | undefined;
  /** Milliseconds that nearly every answer takes: mean and two deviations. 0 before any was seen. */
  ms(name: string): number;
  /** Share of the input that comes from the provider's cache, mean; 0 before any was seen. */
  cachedShare(name: string): number;
  saw(name: string, answer: Answer, at: EpochMs): void;
}

export interface Answer {
  /** Of output. */
  readonly tokens: number;
  readonly ms: number;
  /** Share of its input that was read from a cache. */
  readonly cached: number;
}

const mean = ewma({ halfLife: HALF_LIFE });

interface State {
  tokens: typeof mean.start;
  ms: typeof mean.start;
  /** Of the square, for the deviation. */
  squareMs: typeof mean.start;
  cached: typeof mean.start;
  longest: number;
  before: number;
  seen: number;
}

export function answerEstimate(): AnswerEstimate {
  const states = new Map<string, State>();
  const stateOf = (name: string): State => {
    const known = states.get(name);
    if (known) return known;
    if (states.size >= MOST) states.clear();
    const { start } = mean;
    const fresh = {
      tokens: start,
      ms: start,
      squareMs: start,
      cached: start,
      longest: 0,
      before: 0,
      seen: 0,
    };
    states.set(name, fresh);
    return fresh;
  };
  return {
    tokens: (name, maxTokens = Number.POSITIVE_INFINITY) =>
      Math.min(maxTokens, Math.ceil(states.get(name)?.tokens.mean ?? GUESS)),
    longest(name) {
      const state = states.get(name);
      return state && state.seen >= ENOUGH ? Math.max(state.longest, state.before) : undefined;
    },
    ms(name) {
      const state = states.get(name);
      if (!state) return 0;
      const { ms, squareMs } = state;
      return ms.mean + 2 * Math.sqrt(Math.max(0, squareMs.mean - ms.mean * ms.mean));
    },
    cachedShare: (name) => states.get(name)?.cached.mean ?? 0,
    saw(name, { tokens, ms, cached }, at) {
      const state = stateOf(name);
      state.tokens = mean.step(state.tokens, { at, x: tokens });
      state.ms = mean.step(state.ms, { at, x: ms });
      state.squareMs = mean.step(state.squareMs, { at, x: ms * ms });
      state.cached = mean.step(state.cached, { at, x: cached });
      state.seen++;
      if (state.seen % WINDOW === 0) {
        state.before = state.longest;
        state.longest = 0;
      }
      state.longest = Math.max(state.longest, tokens);
    },
  };
}
