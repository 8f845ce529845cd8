/**
 * Were the router's decisions right, as far as both answers are known?
 *
 * Formula: value of a choice = cost + λ·loss; regret = mean(value of the choice − the smaller value); right or false by which of the two was smaller. `tuneThreshold` takes the threshold on p(cheap is enough) with the least mean value on every other logged pair and states on the rest what it gains: mean(value of the choices made − value at the threshold) ± 1.96·s/√n, pair by pair.
 * Assumes: pairs drawn by chance from the traffic (shadow), both answers judged by the same measure.
 * Cost: O(n log n) for tuning.
 * Lies when: pairs are those a router chose to shadow; when λ, the price of a bad answer, was made up.
 */
import type { MicroUsd } from '#contracts';
import { checkNonNegative } from '../stats/check.ts';
import { StatsError } from '../stats/error.ts';
import { clopperPearson } from '../stats/intervals/clopper-pearson.ts';
import type { Estimate } from '../stats/types.ts';

/** One ask answered by both models. */
export interface ShadowPair {
  /** The classifier's p(cheap is enough); absent where a rule chose, or it was late. */
  readonly p?: number;
  readonly chosen: 'cheap' | 'dear';
  readonly cheap: { readonly microUsd: MicroUsd; readonly loss: number };
  readonly dear: { readonly microUsd: MicroUsd; readonly loss: number };
}

export interface RegretTable {
  readonly rightCheap: Estimate;
  readonly falseCheap: Estimate;
  readonly rightDear: Estimate;
  readonly falseDear: Estimate;
  /** Micro-dollars per ask, with a 95 % interval by the normal law. */
  readonly regret: Estimate;
  readonly n: number;
}

/** A pair on which the classifier had its word. */
export type ScoredPair = ShadowPair & { readonly p: number };

/** Undefined without pairs. `lambda`: micro-dollars that one unit of loss is worth. */
export function regretTable(pairs: readonly ShadowPair[], lambda: number): RegretTable | undefined {
  checkNonNegative('lambda', lambda);
  const n = pairs.length;
  if (n === 0) return undefined;
  const counts = { rightCheap: 0, falseCheap: 0, rightDear: 0, falseDear: 0 };
  let [sum, squares] = [0, 0];
  for (const pair of pairs) {
    const [cheap, dear] = values(pair, lambda);
    const best = cheap <= dear ? 'cheap' : 'dear';
    const regret = (pair.chosen === 'cheap' ? cheap : dear) - Math.min(cheap, dear);
    sum += regret;
    squares += regret ** 2;
    counts[`${pair.chosen === best ? 'right' : 'false'}${pair.chosen === 'cheap' ? 'Cheap' : 'Dear'}`]++;
  }
  const mean = sum / n;
  const half =
    n < 2 ? Number.POSITIVE_INFINITY : 1.96 * Math.sqrt(Math.max(0, squares / n - mean ** 2) / (n - 1));
  return {
    rightCheap: clopperPearson(counts.rightCheap, n),
    falseCheap: clopperPearson(counts.falseCheap, n),
    rightDear: clopperPearson(counts.rightDear, n),
    falseDear: clopperPearson(counts.falseDear, n),
    regret: { estimate: mean, lower: Math.max(0, mean - half), upper: mean + half, n },
    n,
  };
}

export interface TunedThreshold {
  /** Send cheap when p is at least this; above 1 means never. */
  readonly threshold: number;
  /** Mean value per ask on pairs that had no part in choosing it, at this and at the present decisions. */
  readonly value: number;
  readonly present: number;
  /** `present` − `value` with a 95 % interval: below 0 where the threshold is worse on the pairs that did not choose it. */
  readonly gain: Estimate;
  /** Share sent dear there. */
  readonly escalation: Estimate;
}

/** Logged shadow pairs only: live traffic knows one answer per ask and would flatter whatever is in force. */
export function tuneThreshold(pairs: readonly ScoredPair[], lambda: number): TunedThreshold {
  checkNonNegative('lambda', lambda);
  if (pairs.length < 20) throw new StatsError('pairs', `must be at least 20, got ${pairs.length}`);
  const fit = pairs.filter((_, i) => i % 2 === 0).sort((a, b) => b.p - a.p);
  const test = pairs.filter((_, i) => i % 2 === 1);
  let value = fit.reduce((sum, pair) => sum + values(pair, lambda)[1], 0);
  let best = { value, threshold: 1 + Number.EPSILON };
  for (const [i, pair] of fit.entries()) {
    const [cheap, dear] = values(pair, lambda);
    value += cheap - dear;
    // Equal scores go the same way, so a threshold lies between two different ones.
    if (value < best.value && fit[i + 1]?.p !== pair.p) best = { value, threshold: pair.p };
  }
  const { threshold } = best;
  const mean = (of: (pair: ScoredPair) => number) =>
    test.reduce((sum, pair) => sum + of(pair), 0) / test.length;
  const there = (pair: ScoredPair) => values(pair, lambda)[pair.p >= threshold ? 0 : 1];
  const here = (pair: ScoredPair) => values(pair, lambda)[pair.chosen === 'cheap' ? 0 : 1];
  const gain = mean((pair) => here(pair) - there(pair));
  const variance = mean((pair) => (here(pair) - there(pair) - gain) ** 2) / (test.length - 1);
  const half = 1.96 * Math.sqrt(variance);
  return {
    threshold,
    value: mean(there),
    present: mean(here),
    gain: { estimate: gain, lower: gain - half, upper: gain + half, n: test.length },
    escalation: clopperPearson(test.filter((pair) => pair.p < threshold).length, test.length),
  };
}

const values = ({ cheap, dear }: ShadowPair, lambda: number) =>
  [cheap.microUsd + lambda * cheap.loss, dear.microUsd + lambda * dear.loss] as const;
