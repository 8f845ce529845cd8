/**
 * What an answer should take for its own size, so that the rest can be called waiting: latency = α + β·size.
 *
 * Formula: asks fall into bins of doubling size (32 and less, 64, 128, …), each with a sketch of its latencies (half-life three days) and the mean of its sizes; α, β ≥ 0 minimise Σ min(n, 500)·((α + β·size − m)/m)² over bins with at least 8 observations, m the median, or another quantile of the bin: a low one tells what an answer takes that waits for nobody. Fitted at 64 observations, at every doubling until a day has passed, then once a day; and when a bin is seen for the eighth time.
 * Assumes: size is what the work grows with: input tokens without cached ones for a first token, output tokens for a whole answer. Told what healthy targets did.
 * Cost: observe 90 ns, expect 3 ns, a fit about 10 µs.
 * Lies when: all sizes are alike: β is then 0 or a guess, and what is expected of another size with it; more than half of the observations of three days were contended.
 * Reference: F21's passive wait, TTFT − (α + β·uncached input tokens); weighted least squares on bin medians, so that neither stragglers nor a bad hour move the line.
 */
import { type DecayingSketchState, decayingSketch } from './decaying-sketch.ts';

export interface EffortBin {
  readonly sketch: DecayingSketchState;
  /** Mean size of its asks, forgetting at about the pace of the sketch. */
  size: number;
  n: number;
}

export interface EffortState {
  /** By doubling of the size; null where nothing was seen. */
  readonly bins: (EffortBin | null)[];
  alpha: number;
  beta: number;
  n: number;
  /** Observations, or the instant, at which the line is fitted again. */
  dueN: number;
  dueAt: number;
}

export interface Effort {
  create(): EffortState;
  /** One healthy answer: its size in tokens, its latency in ms. */
  observe(state: EffortState, now: number, size: number, latency: number): void;
  /** ms that an answer of this size should take; undefined before the first fit, and for a size that was hardly ever seen. */
  expect(state: EffortState, size: number): number | undefined;
}

const DAY = 86_400_000;
const FIRST_FIT = 64;
const SMALLEST = 32;
const BINS = 18;
const LEAST = 8;
/** A bin of thousands must not silence one of hundreds. */
const MOST_WEIGHT = 500;
const MEMORY = 1_000;

const latencies = decayingSketch({ alpha: 0.02, smallest: 1, halfLife: 3 * DAY });

const binOf = (size: number): number =>
  size <= SMALLEST ? 0 : Math.min(BINS - 1, Math.ceil(Math.log2(size / SMALLEST)));

export function effort(q = 0.5): Effort {
  function fit(state: EffortState, now: number): void {
    let s = 0;
    let sx = 0;
    let sxx = 0;
    let sy = 0;
    let sxy = 0;
    for (const bin of state.bins) {
      if (bin === null || bin.n < LEAST) continue;
      const y = latencies.quantile(bin.sketch, q)!;
      // Relative errors: a tenth of a second is much for a short ask and nothing for a long one.
      const w = Math.min(MOST_WEIGHT, latencies.weight(bin.sketch, now)) / (y * y);
      s += w;
      sx += w * bin.size;
      sxx += w * bin.size * bin.size;
      sy += w * y;
      sxy += w * bin.size * y;
    }
    if (s === 0) return;
    const spread = s * sxx - sx * sx;
    const beta = spread > 1e-9 * s * sxx ? Math.max(0, (s * sxy - sx * sy) / spread) : 0;
    const alpha = (sy - beta * sx) / s;
    // A line through the origin where the other would begin below it: no answer takes less than nothing.
    state.alpha = Math.max(0, alpha);
    state.beta = alpha > 0 ? beta : sxy / sxx;
  }

  return Object.freeze({
    create: () => ({
      bins: new Array<EffortBin | null>(BINS).fill(null),
      alpha: 0,
      beta: 0,
      n: 0,
      dueN: FIRST_FIT,
      dueAt: 0,
    }),
    observe(state, now, size, latency) {
      if (!(latency > 0) || !(size >= 0)) return;
      const at = binOf(size);
      let bin = state.bins[at];
      if (!bin) {
        bin = { sketch: latencies.create(), size, n: 0 };
        state.bins[at] = bin;
      }
      latencies.insert(bin.sketch, now, latency);
      bin.n++;
      bin.size += (size - bin.size) / Math.min(bin.n, MEMORY);
      state.n++;
      if (bin.n === LEAST && state.dueAt > 0) return fit(state, now);
      if (state.n < state.dueN && (state.dueAt === 0 || now < state.dueAt)) return;
      fit(state, now);
      state.dueN = state.dueAt > 0 && now >= state.dueAt ? Number.MAX_SAFE_INTEGER : 2 * state.n;
      if (state.dueAt === 0 || now >= state.dueAt) state.dueAt = now + DAY;
    },
    expect({ alpha, beta, bins }, size) {
      // A line through sizes that are all alike says nothing of a prompt ten times as long.
      const seen = bins[binOf(size)]?.n ?? 0;
      return alpha + beta > 0 && seen >= LEAST ? alpha + beta * size : undefined;
    },
  } satisfies Effort);
}
