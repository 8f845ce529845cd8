/**
 * Does the classifier mean what it says? p(cheap is enough) against how often cheap was enough.
 *
 * Formula: expected calibration error over ten bins of equal mass, beside what a perfectly calibrated classifier shows at this n by chance; and apart for what was sent cheap and what was sent dear: mean p against the share that was enough, exact binomial 95 %.
 * Assumes: pairs drawn by chance from the traffic, both answers judged by the same measure.
 * Cost: O(n log n).
 * Lies when: the cheap answer is judged by how it ended alone: a wrong one that ends well counts as enough.
 * Reference: Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks", ICML 2017.
 */
import { type CalibrationReport, calibration } from '../stats/estimation/calibration.ts';
import { clopperPearson } from '../stats/intervals/clopper-pearson.ts';
import type { Estimate } from '../stats/types.ts';
import type { ScoredPair, ShadowPair } from './regret.ts';

/** What one tier got: the dear one too, where a low p may be as wrong as a high one. */
export interface TierTrust {
  /** Mean p. */
  readonly stated: number;
  /** How often the cheap answer was enough. */
  readonly enough: Estimate;
}

export interface Trust extends Pick<CalibrationReport, 'ece' | 'eceByChance' | 'brier' | 'bins' | 'n'> {
  /** Absent where nothing was sent. Users of the cheap tier meet this one: for most of them it is the product. */
  readonly cheap?: TierTrust;
  readonly dear?: TierTrust;
}

export const scored = (pairs: readonly ShadowPair[]): readonly ScoredPair[] =>
  pairs.filter((pair): pair is ScoredPair => pair.p !== undefined);

const enough = ({ cheap }: ShadowPair): number => (cheap.loss === 0 ? 1 : 0);

/** @throws StatsError without pairs. */
export function trust(pairs: readonly ScoredPair[]): Trust {
  const { ece, eceByChance, brier, bins, n } = calibration(
    pairs.map(({ p }) => p),
    pairs.map(enough),
  );
  const cheap = tierTrust(pairs.filter(({ chosen }) => chosen === 'cheap'));
  const dear = tierTrust(pairs.filter(({ chosen }) => chosen === 'dear'));
  return { ece, eceByChance, brier, bins, n, ...(cheap && { cheap }), ...(dear && { dear }) };
}

function tierTrust(pairs: readonly ScoredPair[]): TierTrust | undefined {
  const n = pairs.length;
  if (n === 0) return undefined;
  return {
    stated: pairs.reduce((sum, { p }) => sum + p, 0) / n,
    enough: clopperPearson(
      pairs.reduce((sum, pair) => sum + enough(pair), 0),
      n,
    ),
  };
}
