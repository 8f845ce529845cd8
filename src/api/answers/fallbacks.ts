import { z } from 'zod';
import {
  type FallbackDrill,
  type FallbackView,
  PARITY_KINDS,
  PARITY_VERDICTS,
  PROBE_CHECKS,
  PROOF_LEVELS,
  PROOF_STATES,
} from '#contracts';
import type { Same } from './same.ts';

const epoch = z.number().describe('Milliseconds since 1970-01-01 UTC.');
const share = z.number().describe('From 0 to 1.');
const proof = { state: z.enum(PROOF_STATES), why: z.string() };
const edge = {
  tier: z.string(),
  provider: z.string(),
  model: z.string().describe("`*`: the client's own."),
  protocol: z.string().describe('What callers speak on it.'),
};

export const fallbackView = z.object({
  route: z.string(),
  ...edge,
  required: z.enum(PROOF_LEVELS).optional().describe('What the tier asks for.'),
  state: z.enum(PROOF_STATES).describe('Of the required proof; of the best one where none is required.'),
  ready: z.boolean().describe('It has what its tier asks for.'),
  says: z.string(),
  todo: z.string().optional(),
  hashMatches: z.boolean().describe('False after a change of what the edge depends on.'),
  lastSuccess: epoch.optional(),
  probed: z.object({
    ...proof,
    at: epoch.optional(),
    checks: z.array(
      z.object({
        check: z.enum(PROBE_CHECKS),
        good: z.boolean().optional().describe('Absent where the edge cannot be asked that way.'),
        says: z.string(),
      }),
    ),
  }),
  exercised: z.object({
    ...proof,
    n: z.number().int().describe('Exercises that count.'),
    failures: z.number().int(),
    bound: share.optional().describe('Success rate proven so far, 95 % one-sided.'),
    needed: z.number().int().describe('Good exercises until it is proven, if none fails.'),
    share: share.describe('Share of the traffic that is sent there on purpose.'),
    etaMs: z.number().optional().describe('Until it can be proven at the present share and traffic.'),
    lastSuccess: epoch.optional(),
    lastExercise: epoch.optional(),
    parity: z
      .array(
        z.object({
          kind: z.enum(PARITY_KINDS),
          what: z.string(),
          verdict: z.enum(PARITY_VERDICTS),
          n: z.number().int().describe('Exercised answers that were looked at.'),
          estimate: share.optional().describe('Share of them that break it.'),
          own: share.describe("Share of the first tier's own answers that break it."),
          allowed: share.describe('What is accepted of the fallback.'),
        }),
      )
      .describe('Whether the fallback is no worse than the first tier by more than a margin.'),
    against: z
      .object({ time: z.number().optional(), length: z.number().optional(), cost: z.number().optional() })
      .describe('A usual answer of the fallback over one of the first tier.'),
    cost: z
      .object({
        n: z.number().int().describe('Pairs of asks of the same size and shape.'),
        ratio: z.number().describe('Median of the latest of them.'),
        low: z.number().optional().describe('Its interval, 95 % whenever it is looked at.'),
        high: z.number().optional(),
        allowed: z.number().optional().describe('What the route accepts: exercise.dear.'),
        verdict: z.enum(PARITY_VERDICTS).optional(),
      })
      .optional()
      .describe('Cost of an answer of the fallback over one of the first tier.'),
  }),
  load: z.object({
    ...proof,
    at: epoch.optional(),
    perSecond: z.number().optional().describe('Exchanges a second that were carried.'),
    needed: z.number().optional().describe('Exchanges a second of the route in its p99 minute.'),
    headroom: z
      .object({ axis: z.string(), ratio: z.number(), enough: z.boolean() })
      .optional()
      .describe("The fallback's limit over the route's p99 minute, on the axis that binds."),
  }),
  reports: z.array(
    z.object({
      kind: z.enum(['capacity', 'context', 'parity', 'cost', 'coverage', 'retired']),
      text: z.string(),
    }),
  ),
});
true satisfies Same<FallbackView, z.output<typeof fallbackView>>;

export const fallbackDrill = z.object({
  plan: z.object({
    calls: z.number().int(),
    ms: z.number().describe('At most.'),
    microUsd: z.number().int().describe('At most; a lower bound when calls are unpriced.'),
    unpriced: z.number().int(),
    notNow: z.string().optional().describe('Why a ramp would be refused now.'),
  }),
  ran: z.boolean().describe('False: only planned, nobody was called.'),
  microUsd: z.number().int().describe('What it cost.'),
  results: z.array(
    z.object({
      drill: z.enum(['probe', 'load', 'fault']),
      ...edge,
      good: z.boolean(),
      says: z.string(),
      calls: z.number().int(),
    }),
  ),
  edges: z.array(fallbackView),
});
true satisfies Same<FallbackDrill, z.output<typeof fallbackDrill>>;
