import { logNormal, normal, type Random } from './draw.ts';

/** A log-normal quantity: `median`, and `sigma`, the standard deviation of its logarithm (0 makes it constant). */
export interface Spread {
  readonly median: number;
  readonly sigma: number;
}

/** How a model behaves in time. Milliseconds and tokens. */
export interface Law {
  readonly firstToken: Spread;
  /** Between two tokens. */
  readonly gap: Spread;
  /** Length of a free answer; answers with a definite content (sums, extractions, tool calls) ignore it. */
  readonly tokens: Spread;
}

export const spread = (median: number, sigma: number): Spread => ({ median, sigma });

export const firstToken = (law: Law, random: Random): number =>
  logNormal(law.firstToken.median, law.firstToken.sigma, random);

export const gap = (law: Law, random: Random): number => logNormal(law.gap.median, law.gap.sigma, random);

/**
 * The sum of `n` gaps in one draw, by the central limit theorem: mean `m e^(s²/2)`, variance `(e^(s²) - 1) mean²` each.
 * Drawing every gap of an answer nobody watches token by token would cost more than the answer.
 */
export function gaps(law: Law, n: number, random: Random): number {
  const { median, sigma } = law.gap;
  if (median === 0 || n <= 0) return 0;
  const mean = median * Math.exp(sigma ** 2 / 2);
  if (sigma === 0) return mean * n;
  const deviation = mean * Math.sqrt(Math.expm1(sigma ** 2));
  return Math.max(median * n * 0.1, mean * n + Math.sqrt(n) * deviation * normal(random));
}

export const slower = (law: Law, factor: number): Law => ({
  ...law,
  firstToken: { ...law.firstToken, median: law.firstToken.median * factor },
  gap: { ...law.gap, median: law.gap.median * factor },
});
