import { z } from 'zod';
import { PROOF_LEVELS } from './fallbacks.ts';
import { LANES } from './lanes.ts';
import { demotionSchema, mixSchema } from './mix.ts';
import { rampSchema } from './ramp.ts';
import { routerSchema } from './router.ts';
import { duration } from './units.ts';

/** Of a provider, a tier or a route. */
export const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]*$/i, 'use letters, digits, dot, dash and underscore, a letter or digit first');

export const timeoutsSchema = z.strictObject({
  connect: duration.default(5_000).describe('Until a connection to the provider stands, TLS included.'),
  headers: duration
    .default(60_000)
    .describe('Until response headers arrive, when streaming; a unary call waits for `total`.'),
  firstToken: duration
    .default(60_000)
    .describe('Until the first real output of a stream; pings do not count.'),
  idle: duration.default(30_000).describe('Longest silence between two reads of a stream.'),
  content: duration
    .default(120_000)
    .describe(
      'Longest time that a stream which has begun may bring no further output; pings and empty events do not count, thoughts do.',
    ),
  stall: z
    .number()
    .min(2)
    .max(100)
    .optional()
    .describe(
      'A stream that has begun is given up when it brings no further output for so many times the p99 of its target’s own silences (5, say), at least 1 s and longer than nineteen of twenty good streams are ever silent; only where another target can answer (`buffer: whole`) or finish it (`takeover`) now. `idle` stays the most, and alone rules until 20 streams were seen.',
    ),
  whole: duration
    .optional()
    .describe(
      'Until a whole answer, no stream, has arrived in one try. Unset, a target that hangs keeps the time of the whole exchange, and nothing is left for a fallback.',
    ),
  total: duration.default(600_000).describe('The whole exchange, all attempts together.'),
  byHour: z
    .boolean()
    .default(false)
    .describe(
      "While another target could answer, wait for a first token no longer than 1.5 × the target's own p99 for this hour of the week; `firstToken` stays the most, and alone rules until four weeks are known.",
    ),
});

export const targetSchema = z.strictObject({
  provider: name.describe('A name under `providers`.'),
  model: z
    .string()
    .min(1)
    .optional()
    .describe("Model sent upstream; without it the client's own model name passes."),
  prefill: z
    .enum(['none', 'turn', 'prefix', 'continue'])
    .optional()
    .describe(
      'How the model is made to go on from the beginning of an answer: by an assistant’s turn that stands last (`turn`), marked with `prefix: true` (`prefix`: Mistral, DeepSeek beta) or with `continue_final_message` (`continue`: vLLM). By default what is known of the provider and the model; `none` where nothing is.',
    ),
  contextWindow: z
    .number()
    .int()
    .positive()
    .optional()
    .describe('Tokens it can hold. An ask that overflows one target goes only to one that declares more.'),
});

export const tierSchema = z.strictObject({
  name,
  targets: z.array(targetSchema).min(1).optional(),
  byHour: z
    .boolean()
    .optional()
    .describe(
      'Share the traffic of this tier among its targets by how fast each is at this hour of the week, ∝ 1 / (first token)³, once four weeks are known of all of them; without it, and until then, by health alone.',
    ),
  reply: z.string().optional().describe('A canned answer instead of targets, marked as degraded.'),
  minProof: z
    .enum(PROOF_LEVELS)
    .optional()
    .describe(
      'What must be known of this fallback: `PROBED` by a drill, `EXERCISED` by a share of the traffic, `LOAD` by a ramp drill as well, and then it is sent no more than it has carried. Without it the tier is for failures alone: it takes no overflow, no hedge and nothing of a brownout. `midwatch config check` refuses a route none of whose fallbacks has what it asks for.',
    ),
});

export const routeSchema = z.strictObject({
  match: z
    .strictObject({
      model: z.string().optional().describe('What the client asks for; `*` matches any run of characters.'),
      protocol: z
        .string()
        .optional()
        .describe('`openai`, `anthropic`, or one protocol such as `openai-chat`.'),
      feature: z.string().optional().describe('Value of x-midwatch-feature.'),
    })
    .prefault({}),
  tiers: z.array(tierSchema).min(1),
  timeouts: timeoutsSchema.prefault({}),
  attempts: z
    .strictObject({
      perTarget: z.number().int().min(1).max(5).default(2).describe('Tries of one target in one exchange.'),
      perExchange: z.number().int().min(1).max(20).default(4).describe('Tries of all targets together.'),
      perRun: z
        .number()
        .int()
        .min(0)
        .max(10_000)
        .optional()
        .describe(
          'Tries beyond the first of each exchange that all exchanges of one run (x-midwatch-run) have together, hedges and takeovers included; each thread counts its own. Unset, a run has no such bound.',
        ),
    })
    .prefault({}),
  defer: z
    .strictObject({
      within: duration
        .refine(
          (ms) => ms <= 7 * 86_400_000,
          'write a week (7d) at most: what comes after it is the same week again',
        )
        .default(12 * 3_600_000)
        .describe('Longest time that such a run is put off, a week at most.'),
      lanes: z
        .array(z.enum(LANES))
        .min(1)
        .default(['batch'])
        .describe('Values of x-midwatch-priority whose runs can wait without saying so.'),
    })
    .optional()
    .describe(
      'Put runs (`POST /v1/runs`) of these lanes off to the calmest hour of the first target’s week, once four weeks are known. A run may say `defer` itself, also for longer, or `0` to begin at once; calls that hold a connection are never put off.',
    ),
  waitForTarget: duration
    .default(3_000)
    .describe(
      'A wait that a target asks for (Retry-After) is waited out up to this long, since leaving a tier has its price; for a longer one the next target is tried at once.',
    ),
  buffer: z
    .enum(['none', 'whole'])
    .default('none')
    .describe(
      '`whole`: a stream begins only when its answer is known to be complete, so any failure before may move on unseen.',
    ),
  exercise: z
    .strictObject({
      share: z
        .number()
        .min(0)
        .max(0.05)
        .default(0)
        .describe(
          'Share of the traffic sent through each fallback on purpose, so that it is proven by use; a failed one is answered by the first tier.',
        ),
      shadow: z
        .boolean()
        .default(false)
        .describe(
          'Exercise with a copy of the ask whose answer is discarded, where a fallback may not serve callers on a normal day; the copy is billed.',
        ),
      exclude: z
        .strictObject({
          features: z.array(z.string().min(1)).default([]).describe('Values of x-midwatch-feature.'),
          lanes: z
            .array(z.enum(LANES))
            .default(['interactive'])
            .describe('Values of x-midwatch-priority; callers who say nothing are in the normal lane.'),
          tools: z.boolean().default(false).describe('Asks that offer tools.'),
        })
        .prefault({})
        .describe('What is never exercised, because it is critical or must not be tried twice.'),
      slow: z
        .number()
        .min(1.5)
        .default(5)
        .describe(
          "An exercise counts as failed when it takes more than so many times the first tier's usual time: no fallback would fire on it.",
        ),
      dear: z
        .number()
        .min(1)
        .optional()
        .describe(
          'Times what an answer of the first tier costs that one of a fallback may cost; a fallback that is surely dearer is reported and counts as no match. Without it the ratio is shown, and judged by nobody.',
        ),
    })
    .prefault({}),
  shadow: z
    .strictObject({
      target: targetSchema.describe('Who is asked too.'),
      share: z.number().min(0).max(1).default(0.01).describe('Share of the traffic that is copied.'),
      maxPerSecond: z
        .number()
        .positive()
        .default(1)
        .describe('Most copies a second; what is beyond is dropped and counted.'),
      concurrency: z.number().int().min(1).max(100).default(4).describe('Copies under way at once.'),
      compare: z
        .enum(['texts', 'facts'])
        .default('texts')
        .describe(
          '`texts` also compares what the answers say, by the words they share; `facts` their ends, tools, lengths, times and costs alone.',
        ),
    })
    .optional()
    .describe(
      'After an answer was served, a copy of the ask goes to a second target. Its answer is never returned and never waited for; it is compared with the served one.',
    ),
  hedge: z
    .boolean()
    .default(false)
    .describe(
      'When a first token is later than the live 95th percentile, ask once more elsewhere, and a third time where that is late too; at most 5 % more calls, the losers are cancelled and their bills estimated. A whole answer counts as late for the length that answers like it have: of the same key, tenant, feature, shape and `max_tokens`. Never asked twice: what lets the provider act (its own tool servers, `background`, a kept conversation).',
    ),
  takeover: z
    .strictObject({
      by: z
        .enum(['continuation', 'restart'])
        .default('continuation')
        .describe(
          '`continuation`: the other target is given what was said, as the beginning of its own answer where it accepts that, else with an instruction. `restart`: it is asked anew, and its answer is used only if it begins with what was said, letter for letter.',
        ),
      share: z
        .number()
        .min(0)
        .max(1)
        .default(0.05)
        .describe(
          'Takeovers per request over ten minutes, at most; three are always allowed unless it is 0.',
        ),
    })
    .optional()
    .describe(
      'When a stream of plain text breaks off after its first output, another target of the route finishes the answer, once, in the same stream. The record, the attempt and the last comment say so. Absent: the caller gets an explicit error.',
    ),
  fallbackOn: z
    .array(z.enum(['content_filter', 'refusal']))
    .default([])
    .describe(
      "Ends that are answers, and not routed around unless listed: the provider's filter, the model's refusal.",
    ),
  usage: z
    .enum(['pass', 'ask'])
    .default('pass')
    .describe(
      '`ask`: a chat stream whose caller did not ask for usage asks the provider for it, so that its cost is known and not estimated; the caller does not see the event that brings it. `pass`: the ask stays byte for byte the caller’s.',
    ),
  maxTokens: z
    .enum(['pass', 'auto'])
    .default('pass')
    .describe(
      '`auto`: an ask whose caller named no limit gets one, a quarter above what 99.5 % of the answers of its route, model, feature and kind that ended well come to, once 765 are known by the provider’s own count; an answer that it cuts counts as longer than any, raises it, and soon sets it aside. It stands in `x-midwatch-max-tokens` and in the record. `pass`: the ask stays as it is.',
    ),
  mix: mixSchema.optional(),
  demotions: z
    .array(demotionSchema)
    .default([])
    .describe('Who may send exchanges to a lower tier, how many, and until when. Asked in order.'),
  ramp: rampSchema
    .optional()
    .describe(
      'Moves the route to another tier by the difficulty of its asks, easiest first, each bucket with its own test.',
    ),
  router: routerSchema
    .optional()
    .describe('Sends what a cheap model can answer to it, and keeps the books on whether that pays.'),
  record: z
    .enum(['full', 'masked', 'none'])
    .default('full')
    .describe('How much of the bodies is kept. Secrets are masked always.'),
  expectedAttempts: z.number().min(1).default(1).describe('Attempts an exchange of this route should need.'),
});

/** As used: defaults filled in, durations in milliseconds. */
export type RouteConfig = z.output<typeof routeSchema>;
export type TierConfig = z.output<typeof tierSchema>;
export type TargetConfig = z.output<typeof targetSchema>;
export type Timeouts = z.output<typeof timeoutsSchema>;
