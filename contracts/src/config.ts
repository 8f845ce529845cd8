import { z } from 'zod';
import { budgetsSchema } from './budgets.ts';
import { cassettesSchema } from './cassettes.ts';
import { PROOF_LEVELS } from './fallbacks.ts';
import { LANES, lanesSchema } from './lanes.ts';
import { demotionSchema, mixSchema } from './mix.ts';
import { quotasSchema } from './quotas.ts';
import { rampSchema } from './ramp.ts';
import { routerSchema } from './router.ts';
import { duration, instant, size } from './units.ts';

/**
 * `midwatch.yaml`: one file, one schema. The reference page, the API's OpenAPI and the console's forms are made from it;
 * unknown keys are refused.
 */

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

const name = z
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

export const providerSchema = z.looseObject({
  kind: name
    .optional()
    .describe(
      "Member of the provider family (openai, anthropic, azure, groq, …); by default the entry's own name, else `protocol`.",
    ),
  protocol: z.enum(['openai', 'anthropic']).optional().describe('Dialect of an otherwise unknown provider.'),
  baseUrl: z.url().optional(),
  apiKey: z
    .string()
    .optional()
    .describe('A variable of the environment, written as dollar sign and name in braces.'),
  apiKeyFile: z.string().optional().describe('A file whose content is the key.'),
  prices: z
    .record(
      z
        .string()
        .regex(/^[^*]+$/, 'prices are for one model each, by its full name; `*` stands for nothing here'),
      z.strictObject({
        input: z.number().nonnegative(),
        output: z.number().nonnegative(),
        cacheRead: z.number().nonnegative().optional(),
        cacheWrite: z.number().nonnegative().optional(),
        cacheWriteLong: z.number().nonnegative().optional(),
        audioIn: z.number().nonnegative().optional(),
        audioOut: z.number().nonnegative().optional(),
      }),
    )
    .optional()
    .describe('US dollars per million tokens by model; overrides the price list.'),
  retires: z
    .record(z.string().min(1), instant)
    .optional()
    .describe(
      'Day on which each model is shut down, as its provider has announced it; over what Midwatch knows itself. A fallback on such a model is reported sixty days before.',
    ),
  quota: quotasSchema
    .optional()
    .describe('Limits of the key, reserved before each call and learnt from the answers.'),
  zone: z
    .string()
    .refine(isZone, 'must be a time zone of the IANA list, for instance Europe/Berlin')
    .default('America/New_York')
    .describe('Time zone in which its load lives: what is normal is learnt by the hour of the week there.'),
  passDeadline: z
    .boolean()
    .default(false)
    .describe(
      'It is a Midwatch, or understands x-midwatch-deadline-ms all the same: tell it with each call how long the caller will still wait.',
    ),
  concurrency: z
    .strictObject({
      adaptive: z
        .boolean()
        .default(true)
        .describe('Follow the capacity of the target by its latency; off: only `max` holds.'),
      max: z
        .number()
        .int()
        .min(1)
        .max(10_000)
        .default(1_000)
        .describe(
          'Most calls at once to one model, from all threads of this gateway; each replica has its own.',
        ),
      queue: z
        .number()
        .int()
        .min(0)
        .max(10_000)
        .default(100)
        .describe(
          'Callers that may wait for a place when no other target has one; the batch lane gives way first.',
        ),
      short: z
        .number()
        .min(0.05)
        .max(0.9)
        .optional()
        .describe(
          'Share of the places that answers foretold to be long leave to short ones, as long as short ones were asked for in the last minute. Foretold by the length that answers of the same route, key, tenant, feature, shape and `max_tokens` had; short is below half of the length in whose answers most of the tokens are. Unset, all take the place that is free.',
        ),
    })
    .optional()
    .describe(
      'Limit the calls under way to each model. Beyond it other targets of the route are asked; the batch lane waits instead, and is refused first. Without it calls are not counted.',
    ),
  free: z.boolean().default(false).describe('Bills nothing: costs are recorded as free instead of unpriced.'),
});

export const configSchema = z.strictObject({
  listen: z
    .strictObject({
      host: z.string().default('127.0.0.1'),
      port: z.number().int().min(0).max(65_535).default(4004),
    })
    .prefault({}),
  gateway: z
    .strictObject({
      threads: z
        .number()
        .int()
        .min(1)
        .max(64)
        .default(1)
        .describe(
          'Gateway threads on the one port; the kernel deals connections out among them (Linux). They share quotas, budgets, keys and health to the last unit.',
        ),
    })
    .prefault({}),
  data: z.string().default('.midwatch').describe('Folder of spool, embedded database and snapshots.'),
  database: z
    .string()
    .optional()
    .describe('Postgres URL; DATABASE_URL overrides it; without either an embedded Postgres is started.'),
  simulator: z
    .strictObject({ port: z.number().int().min(0).max(65_535).default(4005), world: z.string().optional() })
    .prefault({}),
  limits: z.strictObject({ body: size.default(32 * 1024 ** 2) }).prefault({}),
  drainTimeout: duration.default(30_000).describe('How long streams may go on after SIGTERM.'),
  spool: z
    .strictObject({
      max: size
        .default(2e9)
        .describe(
          'Declared bound of the spool; beyond it records are counted as dropped and the alarm is raised.',
        ),
    })
    .prefault({}),
  retention: z
    .strictObject({
      exchanges: duration.default(30 * 86_400_000),
      bodies: duration.default(14 * 86_400_000),
      rollups: duration.default(400 * 86_400_000),
      disk: size
        .default(20e9)
        .describe('Disk budget of the database; the oldest days go first, bodies before facts.'),
    })
    .prefault({}),
  providers: z.record(name, providerSchema).default({}),
  routes: z.record(name, routeSchema).default({}),
  budgets: budgetsSchema.describe(
    'Money by organisation, tenant, key, feature, user, run or turn: reserved before, settled after.',
  ),
  redis: z
    .string()
    .regex(
      /^(redis|rediss|valkey|valkeys|redis\+unix|redis\+tls|redis\+tls\+unix):\/\//,
      'write a URL such as redis://127.0.0.1:6379',
    )
    .optional()
    .describe(
      'Redis or Valkey URL, through which several gateways share quotas, budgets, idempotency keys, the evidence of ramps and routers, and how their targets stand; without it each is for itself.',
    ),
  lanes: lanesSchema.describe('Who waits first when a quota is short.'),
  probes: z
    .strictObject({
      every: duration
        .refine((ms) => ms >= 5_000, 'must be at least 5s: a probe is a real call')
        .default(30_000)
        .describe('Time between two probes of a target.'),
      targets: z
        .array(z.string().min(1))
        .default(['*'])
        .describe('Targets as provider/model; `*` matches any run of characters.'),
      dailyUsd: z
        .number()
        .positive()
        .default(1)
        .describe('US dollars that all probes together may cost in a day (UTC); then they pause.'),
    })
    .optional()
    .describe(
      'Ask every target of a route that names its model the same small thing (200 tokens in, 16 out) on a schedule, to know how long it keeps anybody waiting even while nobody asks. Real calls, recorded and billed; absent: none is made.',
    ),
  cassettes: cassettesSchema,
  development: z
    .strictObject({
      keys: z.array(z.string().min(1)).default([]).describe('Names or ids of keys.'),
      tenants: z.array(z.string().min(1)).default([]).describe('Values of x-midwatch-tenant, or of the key.'),
      features: z.array(z.string().min(1)).default([]).describe('Values of x-midwatch-feature.'),
      routes: z.array(z.string().min(1)).default([]).describe('Names of routes.'),
    })
    .prefault({})
    .describe(
      'Whose exchanges are no production: tests, agents under construction, notebooks. What they pay twice is waste.',
    ),
  runs: z
    .strictObject({
      concurrency: z.number().int().min(1).max(10_000).default(64).describe('Runs under way at once.'),
      tries: z
        .number()
        .int()
        .min(1)
        .max(20)
        .default(3)
        .describe('Executions of one run; a transport failure is tried again, an answer never is.'),
      expire: duration.default(86_400_000).describe('How long a run may wait to be taken up.'),
      approveWithin: duration
        .refine((ms) => ms > 0 && ms <= 30 * 86_400_000, 'write a duration of up to 30d')
        .default(86_400_000)
        .describe(
          'How long a run with `approval` waits for somebody to say yes, where it does not say itself; then it expires. 30d at most.',
        ),
      keep: duration.default(7 * 86_400_000).describe('How long a finished run and its events are kept.'),
      webhookHosts: z
        .array(z.string().min(1))
        .default(['*'])
        .describe(
          'Hosts that may be told of the end of a run; `*` matches any run of characters. Whoever has a key can have a message sent there.',
        ),
    })
    .prefault({}),
  idempotency: z
    .strictObject({
      keep: duration
        .default(86_400_000)
        .describe(
          'How long the answer to a call with an Idempotency-Key is given again, unless `memory` is needed before; 0 keeps none.',
        ),
      memory: size
        .default(64 * 1024 ** 2)
        .describe('Memory for such answers, finished and under way; the oldest make room first.'),
      linger: duration
        .default(3_000)
        .describe(
          'How long such a call goes on after its last caller has left, so that a retry finds it; 0 ends it at once.',
        ),
      whenAway: z
        .enum(['local', 'closed'])
        .default('local')
        .describe(
          "With `redis`, replicas honour each other's keys. When it is gone: each those that it has seen itself, or such calls are refused.",
        ),
    })
    .prefault({}),
});

/** As written. */
export type ConfigInput = z.input<typeof configSchema>;
/** As used: defaults filled in, durations in milliseconds, sizes in bytes. */
export type Config = z.output<typeof configSchema>;
export type RouteConfig = z.output<typeof routeSchema>;
export type TierConfig = z.output<typeof tierSchema>;
export type TargetConfig = z.output<typeof targetSchema>;
export type ProviderConfig = z.output<typeof providerSchema>;
export type Timeouts = z.output<typeof timeoutsSchema>;
