/**
 * Bootstrap intervals: paired, and by cluster.
 *
 * Formula: resample whole units (Cases, or source documents with all their Cases) with replacement, recompute the statistic, take the percentile interval.
 * Assumes: units independent of each other; enough of them (≥ 20 clusters).
 * Cost: runs × statistic; 2,000 runs over 200 Cases take about 5 ms for a mean.
 * Lies when: rows are resampled although they share a document (too narrow), the statistic is an extreme, or units are few: at n = 20 a 95 % percentile interval covers about 92 %.
 * Reference: Efron 1979; Davison and Hinkley 1997; Field and Welsh 2007 (clusters).
 */
import { checkInnerProbability, checkLength, checkPositiveCount, checkSample } from '../check.ts';
import { StatsError } from '../error.ts';
import { mean, sortedQuantile } from '../numeric/order.ts';
import { drawIndex, type Random } from '../numeric/random.ts';
import type { Estimate } from '../types.ts';

export interface BootstrapRule {
  readonly random: Random;
  readonly runs?: number;
  readonly confidence?: number;
}

/** Percentile interval of any statistic over independent units. The general form under the two below. */
export function bootstrap<T>(
  units: readonly T[],
  statistic: (resample: readonly T[]) => number,
  { random, runs = 2000, confidence = 0.95 }: BootstrapRule,
): Estimate {
  checkLength('units', units, 2);
  checkPositiveCount('runs', runs);
  checkInnerProbability('confidence', confidence);
  const estimate = statistic(units);
  const replicas = new Float64Array(runs);
  const resample = units.slice();
  for (let b = 0; b < runs; b++) {
    for (let i = 0; i < units.length; i++) resample[i] = units[drawIndex(random, units.length)]!;
    const value = statistic(resample);
    if (!Number.isFinite(value))
      throw new StatsError('statistic', `must be finite on every resample, got ${value}`);
    replicas[b] = value;
  }
  replicas.sort();
  const side = (1 - confidence) / 2;
  return {
    estimate,
    lower: sortedQuantile(replicas, side),
    upper: sortedQuantile(replicas, 1 - side),
    n: units.length,
  };
}

/** Mean paired difference after − before over the same Cases. */
export function pairedBootstrap(
  before: readonly number[],
  after: readonly number[],
  rule: BootstrapRule,
): Estimate {
  checkSample('before', before, 2);
  checkSample('after', after, 2);
  if (before.length !== after.length) throw new StatsError('after', 'must pair with before');
  return bootstrap(
    before.map((x, i) => after[i]! - x),
    mean,
    rule,
  );
}

/** Mean over all rows, resampling clusters (one list of rows each). n counts clusters. */
export function clusterBootstrap(clusters: readonly (readonly number[])[], rule: BootstrapRule): Estimate {
  checkLength('clusters', clusters, 2);
  const sums = clusters.map((rows, i) => {
    checkSample(`clusters[${i}]`, rows);
    return { sum: rows.reduce((a, b) => a + b, 0), n: rows.length };
  });
  const ratio = (list: readonly { sum: number; n: number }[]) => {
    let sum = 0;
    let n = 0;
    for (const cluster of list) {
      sum += cluster.sum;
      n += cluster.n;
    }
    return sum / n;
  };
  return bootstrap(sums, ratio, rule);
}
