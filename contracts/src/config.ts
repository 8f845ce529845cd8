import { z } from 'zod';
import { budgetsSchema } from './budgets.ts';
import { cassettesSchema } from './cassettes.ts';
import { lanesSchema } from './lanes.ts';
import { quotasSchema } from './quotas.ts';
import { name, routeSchema } from './route-config.ts';
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

export const providerSchema = z.looseObject({
  kind: name
    .optional()
    .describe(
      "Member of the provider family (openai, anthropic, azure, groq, …); by default the entry's own name, else `protocol`.",
    ),
  protocol: z.enum(['openai', 'anthropic']).optional().describe('Dialect of an otherwise unknown provider.'),
  baseUrl: z
    .url()
    .optional()
    .describe("Address of its API, with the path before the endpoint’s own; by default the kind's."),
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
        input: z.number().nonnegative().describe('USD a million tokens.'),
        output: z.number().nonnegative().describe('USD a million tokens.'),
        cacheRead: z.number().nonnegative().optional().describe('Of input read from a cache.'),
        cacheWrite: z.number().nonnegative().optional().describe('Of input written to a cache.'),
        cacheWriteLong: z
          .number()
          .nonnegative()
          .optional()
          .describe('Of input written to a cache that lives long, for instance an hour.'),
        audioIn: z.number().nonnegative().optional().describe('Of sound in the ask.'),
        audioOut: z.number().nonnegative().optional().describe('Of sound in the answer.'),
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
        .default(10_000)
        .describe(
          'Most calls at once to one model, from all threads of this gateway; each replica has its own. What `adaptive` finds lies below it.',
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
      host: z
        .string()
        .default('127.0.0.1')
        .describe('Address to listen on; one beyond this machine wants a key to exist.'),
      port: z.number().int().min(0).max(65_535).default(4004).describe('0 takes any free one.'),
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
    .strictObject({
      port: z
        .number()
        .int()
        .min(0)
        .max(65_535)
        .default(4005)
        .describe(
          'Of the simulator beside the gateway, where a provider is one; taken, any free one serves.',
        ),
      world: z.string().optional().describe('File with models, latencies, quotas and faults on a time line.'),
    })
    .prefault({}),
  limits: z
    .strictObject({
      body: size
        .default(32 * 1024 ** 2)
        .describe('Largest body of an ask; a larger one is refused with 413.'),
    })
    .prefault({}),
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
      exchanges: duration.default(30 * 86_400_000).describe('How long the facts of exchanges are kept.'),
      bodies: duration.default(14 * 86_400_000).describe('How long what was asked and answered is kept.'),
      rollups: duration.default(400 * 86_400_000).describe('How long the sums behind the charts are kept.'),
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
export type ProviderConfig = z.output<typeof providerSchema>;
