import { z } from 'zod';
import { duration } from '#contracts';

const spread = z.strictObject({
  median: duration.describe('Half of the draws are below this.'),
  sigma: z
    .number()
    .min(0)
    .max(3)
    .default(0.4)
    .describe('Standard deviation of the logarithm; 0 makes it constant.'),
});

const law = {
  firstToken: spread.optional().describe('Until the first token.'),
  gap: spread.optional().describe('Between two tokens.'),
  tokens: z
    .strictObject({ median: z.number().int().positive(), sigma: z.number().min(0).max(3).default(0.35) })
    .optional()
    .describe('Length of a free answer in tokens.'),
};

const model = z.strictObject({
  ...law,
  like: z.string().optional().describe('Another model whose law fills what is not said here.'),
  serves: z.string().optional().describe('Model name the answer claims, for instance a dated snapshot.'),
  fingerprint: z.string().optional(),
  context: z.number().int().positive().optional().describe('Largest prompt plus answer, in tokens.'),
  prices: z
    .strictObject({
      input: z.number().nonnegative(),
      output: z.number().nonnegative(),
      cacheRead: z.number().nonnegative().optional(),
      cacheWrite: z.number().nonnegative().optional(),
    })
    .optional()
    .describe('US dollars for a million tokens; the ledger then counts money.'),
});

const quota = z.strictObject({
  key: z.string().optional().describe('Credential it holds for; * stands for anything.'),
  model: z.string().optional(),
  requestsPerMinute: z.number().positive().optional(),
  tokensPerMinute: z
    .number()
    .positive()
    .optional()
    .describe('Input and `max_tokens` together, taken before the answer, as OpenAI counts.'),
  tokensInPerMinute: z
    .number()
    .positive()
    .optional()
    .describe('Input alone, as Anthropic counts; output is then counted when it has been written.'),
  tokensOutPerMinute: z.number().positive().optional(),
  burst: duration
    .optional()
    .describe("How much of a minute's limit may be used at once; a whole minute when absent."),
  countCacheReads: z.boolean().optional().describe('False: input read from a cache is free of the limit.'),
  tokensPerDay: z.number().positive().optional(),
});

const instant = z
  .union([duration, z.iso.datetime({ offset: true }).transform((text) => ({ at: Date.parse(text) }))])
  .describe('A duration since the start of the world, or an ISO 8601 instant.');

const scene = z.strictObject({
  fault: z.string().describe('Name of a fault.'),
  with: z.record(z.string(), z.unknown()).default({}).describe("The fault's parameters."),
  on: z
    .strictObject({
      model: z.string().optional().describe('* stands for anything.'),
      region: z.string().optional(),
      endpoint: z.string().optional().describe('For instance openai-chat.'),
      key: z.string().optional(),
      prompt: z.string().optional().describe('Regular expression on the last user message, case ignored.'),
    })
    .default({}),
  from: instant.optional(),
  to: instant.optional(),
  every: duration.optional().describe('Period: `from` and `to` then count within each.'),
  probability: z.number().min(0).max(1).default(1),
});

export const worldSchema = z.strictObject({
  start: z.iso
    .datetime({ offset: true })
    .optional()
    .describe('Event time 0 of the time line; the start of the simulator when absent.'),
  strict: z
    .boolean()
    .default(false)
    .describe('Answer 404 for models that are neither listed here nor begin with sim.'),
  models: z.record(z.string(), model).default({}),
  aliases: z.record(z.string(), z.string()).default({}).describe('Asked name to name in `models`.'),
  quotas: z.array(quota).default([]),
  timeline: z.array(scene).default([]),
});

export type World = z.output<typeof worldSchema>;
export type Scene = World['timeline'][number];

export const EMPTY_WORLD: World = Object.freeze(worldSchema.parse({}));
