import { z } from 'zod';
import {
  OUTCOMES,
  RUN_DECISIONS,
  RUN_STATES,
  type Run,
  type RunDetail,
  type RunEvents,
  type RunPage,
  WEBHOOK_STATES,
} from '#contracts';
import type { Same } from './same.ts';

const epoch = z.number().describe('Milliseconds since 1970-01-01 UTC.');

export const run = z.object({
  id: z.string(),
  state: z
    .enum(RUN_STATES)
    .describe('An answer behind a 200 may still be degraded, refused, truncated or invalid.'),
  key: z.string().optional().describe('Id of the key it belongs to; absent for a caller that needed none.'),
  endpoint: z.string().describe('Path on the data plane.'),
  model: z.string().describe('What the question names.'),
  metadata: z.record(z.string(), z.string()).optional(),
  createdAt: epoch,
  beginsAt: epoch.optional().describe('Put off until then, to a calmer hour; absent where it was not.'),
  startedAt: epoch.optional(),
  finishedAt: epoch.optional(),
  executions: z.number().describe('How often it was taken up: above 1, something died or failed on the way.'),
  cancelling: z.boolean(),
  outcome: z.enum(OUTCOMES).optional(),
  status: z.number().optional().describe('HTTP status of the answer.'),
  exchange: z.string().optional().describe('The exchange of its last execution.'),
  trouble: z.string().optional().describe('Why there is no good answer.'),
  resampleOf: z.string().optional().describe('The run whose question this one asks once more.'),
  approval: z
    .object({
      until: epoch.describe('After it the run expires.'),
      why: z.string().optional().describe('What whoever asked says to whoever decides.'),
      decision: z.enum(RUN_DECISIONS).optional(),
      by: z.string().optional().describe('Name of the token that decided.'),
      at: epoch.optional(),
      reason: z.string().optional(),
    })
    .optional()
    .describe('Of a run that a person has to say yes to first.'),
  webhook: z.object({ url: z.string(), state: z.enum(WEBHOOK_STATES), tries: z.number() }).optional(),
});
true satisfies Same<Run, z.output<typeof run>>;

export const runPage = z.object({ rows: z.array(run), next: z.string().optional() });
true satisfies Same<RunPage, z.output<typeof runPage>>;

export const runDetail = z.object({
  run,
  ask: z
    .unknown()
    .optional()
    .describe('What was asked, of a run that asked for approval; for those alone who may give it.'),
  answer: z.unknown().optional(),
});
true satisfies Same<RunDetail, z.output<typeof runDetail>>;

export const runEvents = z.object({
  events: z.array(
    z.object({
      seq: z.number().describe('From 1 without a gap.'),
      name: z
        .string()
        .describe("`run` for a change of state; else the name of the provider's event, or empty."),
      data: z.string(),
    }),
  ),
  over: z.boolean().describe('The run is over and nothing comes after these.'),
});
true satisfies Same<RunEvents, z.output<typeof runEvents>>;
