/**
 * Concurrency limit of one target that follows its capacity: gradient of first-token latency, without a queue.
 *
 * Formula: at the end of a window (≥ 1 s and ≥ 16 answers) short = geometric mean of its latencies less three standard errors, base goes a tenth of the way down to a faster window and drifts up 1 % a minute, g = clamp(1.5·base/short, ½, 1), limit ← 0.8·l + 0.2·(l·g + √l), in [min, max], l = limit, or twice what was in use when g < 1 and that is less; six refused or timed-out answers in the window, and a quarter of it: 0.9·l instead.
 * Assumes: latency to the first token, divided by the hour's factor where there is one; acquire and release in pairs.
 * Cost: 25 ns a pair.
 * Lies when: the very first windows are already contended: the base is then too slow until a quiet window comes; latencies of asks of very different sizes are mixed.
 * Reference: Netflix concurrency-limits, GradientLimit and Gradient2Limit (tolerance 1.5, smoothing 0.2, √limit of headroom); TCP Vegas, Brakmo and Peterson 1995. The base is a low of window means: a minimum of single latencies of a model lies so far below their mean that the limit would settle near 1/(1 − min/mean)², a handful; Gradient2's long mean follows a lasting overload until it calls it normal.
 */
export interface LimiterRule {
  /** High: a gateway that has just started must not refuse what the target could bear. */
  readonly initial: number;
  readonly min: number;
  readonly max: number;
  /** Windowed latency may be this much above the base before the limit falls. */
  readonly tolerance: number;
  /** Weight of a new estimate. */
  readonly smoothing: number;
  /** Shortest window, ms, and fewest answers in it. */
  readonly window: number;
  readonly samples: number;
  /** Refusals and timeouts that lower the limit, where they are a quarter of the window: one is a straggler, which says nothing about capacity. */
  readonly drops: number;
  /** Share by which the base may rise a minute, so that a lasting new normal is accepted within the hour. */
  readonly drift: number;
}

export const LIMITER: LimiterRule = Object.freeze({
  initial: 1_000,
  min: 2,
  max: 10_000,
  tolerance: 1.5,
  smoothing: 0.2,
  window: 1_000,
  samples: 16,
  drops: 6,
  drift: 0.01,
});

export interface LimiterState {
  limit: number;
  /** Under way now; the limiter's only fact that does not outlive the process (see `revive`). */
  inFlight: number;
  /** Low of the windowed latency, drifting up; 0 before the first window. */
  base: number;
  /** Of the window under way. */
  since: number;
  logSum: number;
  squareSum: number;
  answers: number;
  most: number;
  drops: number;
}

export interface Released {
  readonly now: number;
  /** ms to the first token; absent when the attempt ended without one, which by itself says nothing. */
  readonly latency?: number;
  /** Refused for capacity or timed out: the target says or shows that it is full. */
  readonly dropped?: boolean;
}

export interface Limiter {
  create(): LimiterState;
  /** Takes a place, or says that there is none: go elsewhere, nobody waits here. */
  acquire(state: LimiterState): boolean;
  /** Gives the place back; every acquire needs exactly one. */
  release(state: LimiterState, released: Released): void;
  /** After a restart nothing is under way. */
  revive(state: LimiterState): LimiterState;
}

const LEAST_GRADIENT = 0.5;
const DROP = 0.9;
const DROPPED = 0.25;
/** Of the way to a faster window that the base goes: the fastest of a thousand windows is luck. */
const FOLLOW = 0.1;

export function limiter(rule: LimiterRule = LIMITER): Limiter {
  const { initial, min, max, tolerance, smoothing, window, samples, drops, drift } = rule;
  if (!(min >= 1 && initial >= min && max >= initial))
    throw new RangeError('limiter: 1 ≤ min ≤ initial ≤ max');
  const bound = (limit: number) => Math.min(max, Math.max(min, limit));

  function turn(state: LimiterState, now: number): void {
    const { answers, most, limit } = state;
    const dropped = state.drops >= drops && state.drops >= DROPPED * (answers + state.drops);
    if (dropped) state.limit = bound(Math.min(limit, 2 * most) * DROP);
    if (answers > 0) {
      const mean = state.logSum / answers;
      const short = Math.exp(mean);
      const raised = state.base * (1 + (drift * (now - state.since)) / 60_000);
      state.base = state.base === 0 ? short : raised + FOLLOW * Math.min(0, short - raised);
      // What chance alone explains is no congestion: a quiet route with a few slow answers in a row would lose its limit.
      const error = 3 * Math.sqrt(Math.max(0, state.squareSum / answers - mean * mean) / answers);
      const gradient = Math.max(
        LEAST_GRADIENT,
        Math.min(1, (tolerance * state.base) / Math.exp(mean - error)),
      );
      // Falling begins at what was in use: a limit that nobody had reached limits nothing for a minute of falling.
      const from = gradient < 1 ? Math.min(limit, 2 * most) : limit;
      const next = (1 - smoothing) * from + smoothing * (from * gradient + Math.sqrt(from));
      if (!dropped) state.limit = bound(next);
    }
    state.since = now;
    state.logSum = 0;
    state.squareSum = 0;
    state.answers = 0;
    state.most = state.inFlight;
    state.drops = 0;
  }

  return Object.freeze({
    create: () => ({
      limit: initial,
      inFlight: 0,
      base: 0,
      since: 0,
      logSum: 0,
      squareSum: 0,
      answers: 0,
      most: 0,
      drops: 0,
    }),
    acquire(state) {
      if (state.inFlight >= Math.floor(state.limit)) return false;
      state.inFlight++;
      if (state.inFlight > state.most) state.most = state.inFlight;
      return true;
    },
    release(state, { now, latency, dropped = false }) {
      state.inFlight = Math.max(0, state.inFlight - 1);
      if (latency !== undefined && latency > 0) {
        const log = Math.log(latency);
        state.logSum += log;
        state.squareSum += log * log;
        state.answers++;
      }
      if (dropped) state.drops++;
      // A clock that was put back begins a new window, or none would end for as long.
      if (state.since === 0 || now < state.since) state.since = now;
      const passed = now - state.since;
      // A full target may answer nothing at all: drops alone end a window too.
      if (passed >= window && (state.answers >= samples || state.drops >= drops)) turn(state, now);
    },
    revive: (state) => ({ ...state, inFlight: 0, most: 0 }),
  } satisfies Limiter);
}
