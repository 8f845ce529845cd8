import type { RampConfig } from '#contracts';
import { bucketOf, difficultyCuts } from '#kernel/ramp';
import { clopperPearsonUpper } from '#kernel/stats';

/** What is known of the old path so far; plain JSON. */
export interface Sample {
  readonly scores: number[];
  /** 1 where the answer was bad. */
  readonly bad: number[];
}

export interface Learnt {
  readonly edges: readonly number[];
  /** Rate of bad answers to hold each bucket to. */
  readonly baseline: readonly number[];
}

/** A bound outside of this is no rate to test against. */
const LEAST = 0.001;
const MOST = 0.5;
/** Where a full sample is still not enough it is looked at again after so many more, as a share of itself. */
const AGAIN = 0.1;

/** What the configuration gives whole; undefined when something of it has to be learnt. */
export function given(config: RampConfig): Learnt | undefined {
  const { edges, baseline } = config;
  return edges === undefined || baseline === undefined
    ? undefined
    : { edges, baseline: perBucket(baseline, bucketsOf(config)) };
}

export const bucketsOf = ({ stages }: RampConfig): number => (stages[0] as readonly number[]).length;

/** Takes one outcome of the old path. Undefined until the sample suffices: enough of it, and `minimum` in every bucket. */
export function learn(sample: Sample, score: number, bad: boolean, config: RampConfig): Learnt | undefined {
  sample.scores.push(score);
  sample.bad.push(bad ? 1 : 0);
  const beyond = sample.scores.length - config.learn;
  if (beyond < 0 || beyond % Math.ceil(AGAIN * config.learn) !== 0) return undefined;
  const found = conclude(sample, config);
  if (found || beyond < config.learn) return found;
  sample.scores.splice(0, config.learn);
  sample.bad.splice(0, config.learn);
  return undefined;
}

function conclude({ scores, bad }: Sample, config: RampConfig): Learnt | undefined {
  const buckets = bucketsOf(config);
  const edges = config.edges ?? difficultyCuts(scores, buckets);
  const n = new Array<number>(buckets).fill(0);
  const k = new Array<number>(buckets).fill(0);
  for (const [i, score] of scores.entries()) {
    const bucket = bucketOf(score, edges);
    n[bucket] = (n[bucket] as number) + 1;
    k[bucket] = (k[bucket] as number) + (bad[i] as number);
  }
  // An edge that divides nothing leaves a bucket that never gets data: the ramp would wait for ever, and it should say so here.
  if (n.some((count) => count < Math.min(config.minimum, config.learn / (4 * buckets)))) return undefined;
  const measured = n.map((count, b) => clopperPearsonUpper(k[b] as number, count, 0.95));
  return {
    edges,
    baseline:
      config.baseline === undefined
        ? measured.map((rate) => Math.min(MOST, Math.max(LEAST, rate)))
        : perBucket(config.baseline, buckets),
  };
}

const perBucket = (baseline: number | readonly number[], buckets: number): readonly number[] =>
  typeof baseline === 'number' ? new Array<number>(buckets).fill(baseline) : baseline;
