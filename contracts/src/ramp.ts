import { z } from 'zod';
import type { EpochMs, RouteName } from './ids.ts';

/**
 * A ramp moves a route to a new path by how hard its asks are: easy ones first, each bucket of difficulty with its own share,
 * its own test and its own way back. A ramp over users would spread the hard asks over every stage, and average them away.
 */

/** Whose exchanges take one path, the narrowest first. */
export const SESSION_FIELDS = ['thread', 'task', 'user', 'key'] as const;
export type SessionField = (typeof SESSION_FIELDS)[number];

const tierName = z.string().min(1);
const share = z.number().min(0, 'is a percentage from 0 to 100').max(100, 'is a percentage from 0 to 100');
const rate = z.number().gt(0, 'is a rate above 0').lt(1, 'is a rate below 1, for instance 0.02');

export const rampSchema = z.strictObject({
  to: tierName.describe('Tier that is the new path; the first other tier with targets is the old one.'),
  stages: z
    .array(z.array(share).min(1))
    .min(1)
    .describe(
      'Stage by stage the percentage of each bucket of difficulty that takes the new path, easiest bucket first.',
    ),
  edges: z
    .array(z.number().nonnegative())
    .optional()
    .describe(
      'Scores between the buckets, one less than there are buckets; left out, they are learnt as equal parts of the traffic.',
    ),
  baseline: z
    .union([rate, z.array(rate)])
    .optional()
    .describe(
      'Bad answers of the old path as a rate, or one a bucket; left out, learnt as the 95 % upper bound of what is seen.',
    ),
  learn: z
    .number()
    .int()
    .min(100)
    .max(20_000)
    .default(1_000)
    .describe('Exchanges of the old path from which edges and baseline are learnt before anything moves.'),
  minimum: z
    .number()
    .int()
    .min(1)
    .default(60)
    .describe(
      'Answers of the new path that each open bucket needs before the next stage: no data is not a pass, and below 60 a broken bucket may pass before its test has spoken.',
    ),
  alpha: z
    .number()
    .gt(0)
    .max(0.05)
    .default(0.001)
    .describe('Chance of ever rolling back a sound bucket in one stage, at most.'),
  harm: z
    .number()
    .positive()
    .describe('Bad answers of the new path that the whole ramp may cost; then it stops.'),
  allow: z
    .array(z.string().min(1))
    .default([])
    .describe(
      'Features (x-midwatch-feature) that take the new path whatever their bucket, until it is rolled back.',
    ),
  session: z
    .enum(SESSION_FIELDS)
    .optional()
    .describe(
      'Whose exchanges keep to one path; left out, the first that the caller names of thread, task and user, else each exchange for itself.',
    ),
  verdicts: z
    .boolean()
    .default(false)
    .describe(
      'An answer counts when somebody has said what it was worth (`midwatch ramp judge`, POST /api/v1/ramps/<route>/judge); what failed by itself counts at once. For paths whose bad answers look like good ones. Off: an answer that came and was no refusal is good.',
    ),
  auto: z.boolean().default(false).describe('Go on to the next stage by itself once the gate lets it pass.'),
});
export type RampConfig = z.output<typeof rampSchema>;

/** `learning`: everybody on the old path. `stopped`: every bucket rolled back. `done`: the last stage has passed. */
export const RAMP_PHASES = ['learning', 'ramping', 'stopped', 'done'] as const;
export type RampPhase = (typeof RAMP_PHASES)[number];

export interface RampBucketView {
  /** From 1, the easiest. */
  readonly bucket: number;
  /** Scores from here on; absent in the first, and while they are learnt. */
  readonly from?: number;
  /** Percentage that takes the new path now; 0 when rolled back. */
  readonly percent: number;
  /** Outcomes on the new path: of the whole ramp, of these bad, of the present stage. */
  readonly n: number;
  readonly bad: number;
  readonly stageN: number;
  /** Answers of the new path that wait for a verdict; absent where none is asked for. */
  readonly unjudged?: number;
  /** Outcomes on the old path meanwhile. */
  readonly old: number;
  /** At worst, 95 %: rate of bad answers of the new path. */
  readonly upper: number;
  /** What the old path is held to; absent while it is learnt. */
  readonly baseline?: number;
  /** Evidence against the new path, log of the e-value, and where the bucket is rolled back. */
  readonly statistic: number;
  readonly threshold: number;
  readonly rolledBack?: { readonly at: EpochMs; readonly why: string };
}

/** One ramp as it stands; a reading of this process that needs no database. */
export interface RampView {
  readonly route: RouteName;
  /** Tiers. */
  readonly to: string;
  readonly from: string;
  readonly phase: RampPhase;
  /** Where it stands and what it waits for, in one sentence. */
  readonly says: string;
  readonly auto: boolean;
  /** Answers count by what somebody says of them. */
  readonly verdicts: boolean;
  /** From 1. */
  readonly stage: number;
  /** When the stage began. */
  readonly since: EpochMs;
  /** The plan: percentages by stage and bucket. */
  readonly stages: readonly (readonly number[])[];
  /** May the next stage begin? `bucket`, from 1: the one that it waits for or that stops it. */
  readonly gate: {
    readonly verdict: 'pass' | 'wait' | 'stop';
    readonly bucket?: number;
    readonly why?: string;
  };
  /** Answers each open bucket needs in a stage. */
  readonly minimum: number;
  readonly learnt: { readonly seen: number; readonly of: number };
  readonly buckets: readonly RampBucketView[];
  /** Share of all asks, and of the hardest bucket's, that took the new path since the ramp began; absent before there were any. */
  readonly exposure: { readonly all?: number; readonly hard?: number };
  /** Bad answers of the new path: seen, expected at worst (95 %), and how many it may cost. */
  readonly harm: { readonly seen: number; readonly upper: number; readonly budget: number };
  readonly allow: readonly string[];
}

/** Which bucket, from 1; left out, all of them. */
export const rampChangeSchema = z.strictObject({
  bucket: z.number().int().min(1).optional(),
  why: z.string().min(1).max(500).optional(),
});
export type RampChange = z.output<typeof rampChangeSchema>;

/** What an answer was worth, said by whoever can tell: a test, a judge, a user. */
export const rampVerdictSchema = z.strictObject({
  exchange: z.string().min(1).describe('Its id, as in the header x-midwatch-exchange of the answer.'),
  good: z.boolean(),
});
export type RampVerdict = z.output<typeof rampVerdictSchema>;

/** An ask that nobody makes yet. */
export const rampDecideSchema = z.strictObject({
  ask: z.record(z.string(), z.unknown()).describe('The body as it would be sent.'),
  protocol: z.string().min(1).default('openai-chat').describe('What it is written in.'),
  thread: z.string().min(1).optional().describe('As in x-midwatch-thread.'),
  task: z.string().min(1).optional().describe('As in x-midwatch-task.'),
  user: z.string().min(1).optional().describe('As in x-midwatch-user.'),
  feature: z.string().min(1).optional().describe('As in x-midwatch-feature.'),
});
export type RampAsked = z.input<typeof rampDecideSchema>;
export type RampOrder = z.output<typeof rampDecideSchema>;

/** Where an ask would go, were it made now. */
export interface RampDecision {
  readonly path: 'new' | 'old';
  readonly tier: string;
  /** How hard it is, and its bucket from 1; absent while the ramp still learns what is hard. */
  readonly score: number;
  readonly bucket?: number;
}

export const rampJudgeSchema = z.strictObject({
  verdicts: z.array(rampVerdictSchema).min(1).max(1_000),
});

export interface RampJudged {
  readonly counted: number;
  /** Exchanges that wait for no verdict here: of a gateway without this Redis, judged before, failed by themselves, too long ago. */
  readonly unknown: readonly string[];
  readonly ramp: RampView;
}
