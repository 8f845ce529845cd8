import type { AskFacets } from '#contracts';
import { DIFFICULTY_WEIGHTS, type DifficultyFeatures, difficulty } from '#kernel/ramp';

/**
 * What can be known of an ask on the hot path is in its facets. Language and the past of its cluster are not, so they weigh
 * nothing here instead of making every ask look easier than it is.
 */
const WEIGHTS = Object.freeze({
  ...DIFFICULTY_WEIGHTS,
  languageRarity: 0,
  clusterFailure: 0,
  clusterDistance: 0,
});

/** Bytes of a body for one token: JSON around mostly English text. */
const BYTES_PER_TOKEN = 4;

/** How hard an ask is before anybody is asked: 0 harmless, about 1 where every feature is at its scale. Below a microsecond. */
export const scoreOf = ({ bytes, tools, images, audios, turns }: AskFacets): number => {
  const features: DifficultyFeatures = {
    inputTokens: bytes / BYTES_PER_TOKEN,
    tools,
    documents: images + audios,
    // The system prompt and the question itself are the first turn.
    turn: turns > 2 ? (turns - 1) >> 1 : 0,
    languageRarity: 0,
    clusterFailure: 0,
    clusterDistance: 0,
  };
  return difficulty(features, WEIGHTS);
};
