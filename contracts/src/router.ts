import { z } from 'zod';
import type { EpochMs, MicroUsd, RouteName } from './ids.ts';
import { SESSION_FIELDS } from './ramp.ts';
import { duration } from './units.ts';

/**
 * A router sends the asks that a cheap model can answer to it and the others to a dear one, and keeps the books on whether that
 * pays: a share of the tasks always goes to the dear model, and what is compared is the cost of a solved task, the repeats that
 * a bad answer causes included. A router judged by its own calls always saves.
 */

const tierName = z.string().min(1);
const atLeast = z.number().int().min(1);

export const routerRuleSchema = z.strictObject({
  take: z.enum(['cheap', 'dear']),
  features: z.array(z.string().min(1)).optional().describe('One of these, by x-midwatch-feature.'),
  tokens: atLeast.optional().describe('The ask is at least so long, in tokens estimated from its bytes.'),
  turns: atLeast.optional().describe('At least so many messages.'),
  tools: atLeast.optional().describe('At least so many tools offered.'),
  images: atLeast.optional().describe('At least so many images.'),
  structured: z.boolean().optional().describe('A schema or JSON mode constrains the answer, or does not.'),
  maxOutput: atLeast.optional().describe('The caller allows an answer of at least so many tokens.'),
});
export type RouterRule = z.output<typeof routerRuleSchema>;

export const classifierSchema = z.strictObject({
  url: z
    .url()
    .describe('Asked by POST with the facets and the last words of the ask; answers `{"p": 0.83}`.'),
  timeout: duration
    .default(20)
    .describe('Its whole answer within this, else the dear model: a late router is no router.'),
  threshold: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('Cheap when p, the chance that the cheap model is enough, is at least this.'),
  usdPerCall: z
    .number()
    .nonnegative()
    .default(0)
    .describe('What one question to it costs; it is part of the bill.'),
});
export type ClassifierConfig = z.output<typeof classifierSchema>;

export const routerSchema = z.strictObject({
  cheap: tierName.describe('Tier of the cheap model.'),
  dear: tierName.describe('Tier of the dear one, which also catches what the cheap one fails.'),
  rules: z.array(routerRuleSchema).default([]).describe('The first whose every word holds decides.'),
  otherwise: z
    .enum(['cheap', 'dear'])
    .default('dear')
    .describe('Where no rule speaks and there is no classifier.'),
  classifier: classifierSchema.optional().describe('A service of your own, asked where no rule speaks.'),
  expectedEscalation: z
    .number()
    .min(0)
    .max(1)
    .describe('Share of tasks that the plan sends to the dear model, the holdback left out.'),
  band: z
    .number()
    .gt(0)
    .max(0.5)
    .default(0.05)
    .describe('How far the share may lie from the plan before it is a finding.'),
  holdback: z
    .number()
    .min(0.01)
    .max(0.2)
    .default(0.1)
    .describe('Share of the tasks that always take the dear model: the yardstick, 0.05 to 0.1.'),
  tasks: z
    .number()
    .int()
    .min(500)
    .max(10_000_000)
    .default(5_000)
    .describe(
      'Closed tasks after which the verdict is final and new books begin; it is looked at ten times on the way.',
    ),
  shadow: z
    .number()
    .min(0)
    .max(0.05)
    .default(0)
    .describe(
      'Share of the routed asks put to the other model too, for the table of right and false choices.',
    ),
  badAnswerUsd: z
    .number()
    .nonnegative()
    .default(0.01)
    .describe('What a bad answer costs beyond its price, dollars: how regret weighs quality against money.'),
  session: z
    .enum(SESSION_FIELDS)
    .optional()
    .describe(
      'Within what a repeat is looked for; left out, the first that the caller names of thread, task and user, and without any a task is one exchange.',
    ),
});
export type RouterConfig = z.output<typeof routerSchema>;

export const TUNE_VERDICTS = ['better', 'keep', 'undecided'] as const;

export const ROUTER_VERDICTS = ['saves', 'loses', 'undecided'] as const;

interface Interval {
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
}

/** Closed tasks of one arm. */
export interface RouterArmView {
  readonly tasks: number;
  /** Calls of these tasks, repeats included. */
  readonly exchanges: number;
  readonly solved: number;
  readonly microUsd: MicroUsd;
  /** Micro-dollars per solved task with its 95 % interval; absent while nothing is solved. */
  readonly perSolved?: Interval;
}

/** One router with its books; a reading of this process that needs no database. */
export interface RouterView {
  readonly route: RouteName;
  /** Tiers. */
  readonly cheap: string;
  readonly dear: string;
  readonly decidedBy: 'rules' | 'classifier';
  /** When its books were opened. */
  readonly since: EpochMs;
  readonly verdict: (typeof ROUTER_VERDICTS)[number];
  /** No further look will change it. */
  readonly final: boolean;
  /** The verdict with its reason in one sentence. */
  readonly says: string;
  /** `closed` are in the books; an open one may still be repeated. */
  readonly tasks: { readonly closed: number; readonly planned: number; readonly open: number };
  readonly holdback: number;
  readonly router: RouterArmView;
  readonly frontier: RouterArmView;
  /** Cost of a solved task with the router against without, micro-dollars, as the last look saw it; the interval holds over all looks. */
  readonly difference?: Interval & { readonly n: number };
  /** What the books before these ended with. */
  readonly before?: {
    readonly verdict: (typeof ROUTER_VERDICTS)[number];
    readonly until: EpochMs;
    readonly difference?: Interval & { readonly n: number };
  };
  /** What the router's calls alone seem to save against the holdback's calls, repeats not charged: the number that flatters. */
  readonly onPaper?: number;
  /** What is saved per solved task; negative when it loses. */
  readonly saved?: number;
  /** Share of tasks that the router sent to the dear model, with an interval that holds however often one looks. */
  readonly escalation: {
    readonly declared: number;
    readonly band: number;
    readonly n: number;
    /** Absent before the first task. */
    readonly estimate?: number;
    readonly lower: number;
    readonly upper: number;
    readonly finding?: 'above' | 'below';
  };
  /**
   * Were the choices right, as far as both answers are known: shares of the pairs, and what the wrong ones cost, micro-dollars an
   * ask; absent without pairs. An answer is bad here when it did not end well, or called other tools than the dear one.
   */
  readonly regret?: {
    readonly pairs: number;
    readonly rightCheap: Interval;
    readonly falseCheap: Interval;
    readonly rightDear: Interval;
    readonly falseDear: Interval;
    readonly microUsd: Interval;
  };
  /**
   * The classifier's threshold that the pairs suggest, and what an ask costs at it and at present, bad answers weighed in,
   * micro-dollars, on pairs that had no part in choosing it; above 1: never cheap. Absent without a classifier or below 100 pairs.
   */
  readonly tuned?: {
    readonly threshold: number;
    readonly microUsd: number;
    readonly present: number;
    /** What is saved an ask, micro-dollars, with its 95 % interval. */
    readonly gain: Interval;
    /** `better`: the interval lies above 0; `keep`: not one of the pairs speaks for it; else the pairs do not say. Nobody applies it. */
    readonly verdict: (typeof TUNE_VERDICTS)[number];
    /** Share of the asks that would go to the dear model. */
    readonly escalation: Interval;
  };
  /** Exchanges whose price nobody knows: their cost counts as nothing, so the books are not to be trusted while there are any. */
  readonly unpriced: number;
  readonly classifier?: {
    /** Questions to it, and those without a usable answer in time, which went to the dear model. */
    readonly asked: number;
    readonly late: number;
    readonly failed: number;
    /** In force. */
    readonly threshold: number;
    /** Asks of which it had its word and both answers are known, and how many of them it takes to say anything. */
    readonly pairs: number;
    readonly wanted: number;
    /** Does it mean what it says? Absent below `wanted` pairs. */
    readonly calibration?: {
      /** Expected calibration error over ten bins, and what a perfect classifier would show by chance at so many pairs. */
      readonly ece: number;
      readonly byChance: number;
      readonly brier: number;
      /** What each tier got. */
      readonly cheap?: CalibrationBin;
      readonly dear?: CalibrationBin;
      readonly bins: readonly CalibrationBin[];
    };
  };
}

/** The chance that the classifier stated, in the mean, and how often the cheap answer was enough. */
export interface CalibrationBin {
  readonly stated: number;
  readonly enough: Interval;
  readonly n: number;
}
