import type { EpochMs } from '#contracts';
import { ewma } from '#kernel/stats';

const HALF_LIFE = 600_000;
/** Before any answer was seen. */
const GUESS = 500;
/** Models and features; more would be somebody's typing errors. */
const MOST = 10_000;

/**
 * Output tokens to reserve. The running mean rather than `max_tokens`: a bucket sums over many calls, and callers leave the
 * maximum at its largest, which would let a tenth of the limit be used.
 */
export interface OutputEstimate {
  /** `name`: model, or model and feature. */
  expect(name: string, maxTokens?: number): number;
  saw(name: string, tokens: number, at: EpochMs): void;
}

export function outputEstimate(): OutputEstimate {
  const mean = ewma({ halfLife: HALF_LIFE });
  const states = new Map<string, typeof mean.start>();
  return {
    expect: (name, maxTokens = Number.POSITIVE_INFINITY) =>
      Math.min(maxTokens, Math.ceil(states.get(name)?.mean ?? GUESS)),
    saw(name, tokens, at) {
      if (states.size >= MOST && !states.has(name)) states.clear();
      states.set(name, mean.step(states.get(name) ?? mean.start, { at, x: tokens }));
    },
  };
}
