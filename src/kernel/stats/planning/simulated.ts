/**
 * How many cases, where no formula fits: by simulation, and by design effect.
 *
 * Formula: the smallest n on a doubling-and-halving path at which the test, run on samples drawn from the planned effect, rejects in at least the wanted share of runs plus one binomial error; clustered cases multiply n by 1 + (m̄ − 1)ρ.
 * Assumes: the drawn samples look like the data to come (resample a pilot when there is one).
 * Cost: runs × log₂ n tests; fits energy distance, stratified permutation, bootstrap intervals, E-divisive and anything else that answers yes or no.
 * Lies when: the pilot was small: its own luck is planned for; power is noisy to about √(.16/runs), 1.3 points at 1,000 runs.
 * Reference: Davison and Hinkley 1997, section 4.6; Kish 1965 (design effect).
 */
import { checkInnerProbability, checkPositiveCount, checkProbability } from '../check.ts';
import { StatsError } from '../error.ts';
import type { Random } from '../numeric/random.ts';
import { smallestN } from './power.ts';

export interface SimulatedPlan {
  /** Draws a sample of n from the planned effect and says whether the test rejects. */
  readonly rejects: (n: number, random: Random) => boolean;
  readonly random: Random;
  readonly power?: number;
  readonly runs?: number;
  /** Where to start and where to give up. */
  readonly from?: number;
  readonly limit?: number;
}

export function casesBySimulation({
  rejects,
  random,
  power = 0.8,
  runs = 400,
  from = 8,
  limit = 100_000,
}: SimulatedPlan): number {
  checkInnerProbability('power', power);
  checkPositiveCount('runs', runs);
  checkPositiveCount('from', from);
  checkPositiveCount('limit', limit);
  const margin = Math.sqrt((power * (1 - power)) / runs);
  const enough = (n: number) => {
    let hits = 0;
    for (let i = 0; i < runs; i++) if (rejects(n, random)) hits++;
    return hits / runs >= Math.min(1, power + margin);
  };
  return smallestN(enough, from, limit);
}

/** Factor by which clustering inflates every n: mean cluster size and correlation within clusters. */
export function designEffect(meanSize: number, correlation: number): number {
  if (!(meanSize >= 1) || !Number.isFinite(meanSize))
    throw new StatsError('meanSize', `must be at least 1, got ${meanSize}`);
  checkProbability('correlation', correlation);
  return 1 + (meanSize - 1) * correlation;
}
