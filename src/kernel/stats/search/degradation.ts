/**
 * Degradation curve: knee, cliff index, retention and class over a stress dimension.
 *
 * Formula: falling isotonic fit p̃; retention AUC(p̃)/p̃(0) over the scaled dimension; knee min{s : p̃(s) < p̃(0) − .10}; cliff index C = largest adjacent drop / total drop; flat unless Cochran–Armitage z > 2.33 and total drop ≥ .05, then cliff if C > .6, else graceful.
 * Assumes: levels ordered by stress, independent runs within a level.
 * Cost: O(levels); bootstrap over Cases runs × Cases.
 * Lies when: fewer than 100 runs a level: graceful is then called cliff in one of five; the class says nothing outside the tried range.
 * Reference: Ayer et al. 1955; Armitage 1955; thresholds by simulation, see the bench.
 */
import { checkAscending, checkLength, checkSameLength, checkSample, checkTrials } from '../check.ts';
import { StatsError } from '../error.ts';
import { isotonic } from '../estimation/isotonic.ts';
import { type BootstrapRule, bootstrap } from '../intervals/bootstrap.ts';
import { wilson } from '../intervals/wilson.ts';
import { cochranArmitage, type LevelCount } from '../tests/cochran-armitage.ts';
import type { Estimate } from '../types.ts';

export type CurveClass = 'flat' | 'graceful' | 'cliff';

export interface DegradationCurve {
  readonly class: CurveClass;
  readonly levels: readonly Estimate[];
  readonly fitted: readonly number[];
  /** Share of the first level's rate that is kept on average, 1 = nothing lost. */
  readonly retention: number;
  /** Index of the first level that has lost ten points; absent when none has. */
  readonly knee?: number;
  /** Share of the total drop in its largest single step; 0 when nothing drops. */
  readonly cliffIndex: number;
  readonly z: number;
  readonly drop: number;
}

/** Reads a curve from passes of trials per level; `stress` are the levels' positions, 0, 1, 2 … by default. */
export function degradation(counts: readonly LevelCount[], stress?: readonly number[]): DegradationCurve {
  checkLength('counts', counts, 2);
  const s = stress ?? counts.map((_, j) => j);
  checkSameLength('counts', counts, 'stress', s);
  checkSample('stress', s);
  checkAscending('stress', s);
  if (s[0] === s.at(-1)) throw new StatsError('stress', 'must not all be equal');
  counts.forEach(({ k, n }, j) => {
    checkTrials(`counts[${j}].k`, k, `counts[${j}].n`, n);
  });
  const fitted = isotonic(
    counts.map(({ k, n }) => k / n),
    counts.map(({ n }) => n),
    'falling',
  );
  const first = fitted[0]!;
  const drop = first - fitted.at(-1)!;
  let largest = 0;
  let area = 0;
  for (let j = 1; j < fitted.length; j++) {
    largest = Math.max(largest, fitted[j - 1]! - fitted[j]!);
    area += ((fitted[j - 1]! + fitted[j]!) / 2) * (s[j]! - s[j - 1]!);
  }
  const z = cochranArmitage(counts).statistic;
  const cliffIndex = drop > 0 ? largest / drop : 0;
  const knee = fitted.findIndex((p) => p < first - 0.1 - 1e-12);
  return {
    class: z > 2.33 && drop >= 0.05 ? (cliffIndex > 0.6 ? 'cliff' : 'graceful') : 'flat',
    levels: counts.map(({ k, n }) => wilson(k, n)),
    fitted,
    // A curve that starts at zero has nothing to lose.
    retention: first > 0 ? area / (s.at(-1)! - s[0]!) / first : 1,
    ...(knee >= 0 && { knee }),
    cliffIndex,
    z,
    drop,
  };
}

/** One base Case: its passes of trials at each level. */
export type CaseLevels = readonly LevelCount[];

/** Bootstrap intervals over base Cases. A resample without a knee counts as one level past the last. */
export function degradationIntervals(
  cases: readonly CaseLevels[],
  rule: BootstrapRule & { readonly stress?: readonly number[] },
): { readonly retention: Estimate; readonly cliffIndex: Estimate; readonly knee: Estimate } {
  checkLength('cases', cases, 2);
  const levels = cases[0]!.length;
  cases.forEach((own, i) => {
    checkSameLength('cases[0]', { length: levels }, `cases[${i}]`, own);
  });
  const pooled = (list: readonly CaseLevels[]) => {
    const sums = Array.from({ length: levels }, () => ({ k: 0, n: 0 }));
    for (const own of list) {
      for (let j = 0; j < levels; j++) {
        sums[j]!.k += own[j]!.k;
        sums[j]!.n += own[j]!.n;
      }
    }
    return degradation(sums, rule.stress);
  };
  return {
    retention: bootstrap(cases, (list) => pooled(list).retention, rule),
    cliffIndex: bootstrap(cases, (list) => pooled(list).cliffIndex, rule),
    knee: bootstrap(cases, (list) => pooled(list).knee ?? levels, rule),
  };
}

/** Accuracy weighted by live traffic: Σ w_b p_b over bins that hold Cases; bins without one are named, never filled. */
export function weightedAccuracy(
  bins: readonly { readonly name: string; readonly weight: number; readonly k: number; readonly n: number }[],
): { readonly accuracy?: number; readonly covered: number; readonly missing: readonly string[] } {
  checkLength('bins', bins);
  let total = 0;
  let covered = 0;
  let sum = 0;
  const missing: string[] = [];
  bins.forEach(({ name, weight, k, n }, i) => {
    if (!(weight >= 0) || !Number.isFinite(weight))
      throw new StatsError(`bins[${i}].weight`, `must be finite and ≥ 0, got ${weight}`);
    total += weight;
    if (n === 0 && k === 0) {
      missing.push(name);
      return;
    }
    checkTrials(`bins[${i}].k`, k, `bins[${i}].n`, n);
    covered += weight;
    sum += weight * (k / n);
  });
  if (!(total > 0)) throw new StatsError('bins', 'must carry some weight');
  return { ...(covered > 0 && { accuracy: sum / covered }), covered: covered / total, missing };
}
