/**
 * How hard an exchange is, before it is made.
 *
 * Formula: weighted mean of log-scaled features, each 0 where it is harmless and about 1 at its `scale`; buckets are quantiles of the scores of recent traffic.
 * Assumes: the features are known before the call. Nothing of the answer goes in, or the ramp would condition on its own outcome.
 * Cost: six logarithms, below a microsecond; no allocation but the caller's.
 * Lies when: the traffic has moved since the cuts were learnt: then buckets are no fifths any more, and n says so.
 */
import { checkAscending, checkNonNegative, checkPositiveCount, checkSample } from '../stats/check.ts';

export interface DifficultyFeatures {
  readonly inputTokens: number;
  readonly tools: number;
  /** Retrieved documents. */
  readonly documents: number;
  /** 0 for the first exchange of a thread. */
  readonly turn: number;
  /** 1 − share of the language in recent traffic, 0…1. */
  readonly languageRarity: number;
  /** Past failure share of the nearest cluster, 0…1, and its distance in units of the cluster's radius. */
  readonly clusterFailure: number;
  readonly clusterDistance: number;
}

export type DifficultyWeights = Readonly<Record<keyof DifficultyFeatures, number>>;

/** What counts as much of each feature. */
const SCALE: DifficultyWeights = {
  inputTokens: 16_000,
  tools: 16,
  documents: 16,
  turn: 16,
  languageRarity: 1,
  clusterFailure: 0.3,
  clusterDistance: 3,
};

/** Past failure weighs most: it is the only feature that has seen outcomes. */
export const DIFFICULTY_WEIGHTS: DifficultyWeights = Object.freeze({
  inputTokens: 2,
  tools: 1,
  documents: 1,
  turn: 1,
  languageRarity: 1,
  clusterFailure: 3,
  clusterDistance: 1,
});

const NAMES = Object.keys(SCALE) as readonly (keyof DifficultyFeatures)[];

/** Score ≥ 0, about 1 for an exchange that is at the scale of every feature. */
export function difficulty(
  features: DifficultyFeatures,
  weights: DifficultyWeights = DIFFICULTY_WEIGHTS,
): number {
  let sum = 0;
  let total = 0;
  for (const name of NAMES) {
    const x = features[name];
    checkNonNegative(name, x);
    const scale = SCALE[name];
    // Shares are taken as they are; counts by their logarithm, since the tenth tool adds less than the first.
    sum += weights[name] * (scale > 3 ? Math.log1p(x) / Math.log1p(scale) : x / scale);
    total += weights[name];
  }
  return total > 0 ? sum / total : 0;
}

/** Upper edges of all buckets but the last, from the scores of recent traffic. */
export function difficultyCuts(scores: readonly number[], buckets = 5): readonly number[] {
  checkSample('scores', scores);
  checkPositiveCount('buckets', buckets);
  const sorted = [...scores].sort((a, b) => a - b);
  return Array.from(
    { length: buckets - 1 },
    (_, i) => sorted[Math.floor(((i + 1) * sorted.length) / buckets)] as number,
  );
}

/** Bucket from 0, the easiest. */
export function bucketOf(score: number, cuts: readonly number[]): number {
  checkAscending('cuts', cuts);
  let bucket = 0;
  while (bucket < cuts.length && score >= (cuts[bucket] as number)) bucket++;
  return bucket;
}
