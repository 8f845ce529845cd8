import { z } from 'zod';
import {
  AXES,
  DEMOTION_REASONS,
  type Exchange,
  type ExchangeDetail,
  type ExchangePage,
  FAILURE_KINDS,
  type Message,
  OUTCOMES,
  SOURCES,
} from '#contracts';
import type { Same } from './same.ts';

const ms = z.number().describe('Milliseconds.');
const epoch = z.number().describe('Milliseconds since 1970-01-01 UTC.');
const tokens = z.number().int();
const microUsd = z.number().int().describe('Millionths of a US dollar.');
const outcome = z.enum(OUTCOMES);

export const axes = z.partialRecord(z.enum(AXES), z.string()).describe('Declared axes of the release.');

export const failure = z.object({
  kind: z.enum(FAILURE_KINDS),
  origin: z.enum(['client', 'midwatch', 'provider', 'network']),
  retryable: z.boolean(),
  after: ms.optional(),
  hint: z.string(),
  status: z.number().optional(),
  param: z.string().optional().describe('Path of the field that is wrong.'),
});

export const usage = z
  .object({
    input: tokens,
    cacheRead: tokens,
    cacheWrite: tokens,
    cacheWriteLong: tokens,
    output: tokens,
    reasoning: tokens,
    audioIn: tokens,
    audioOut: tokens,
    imageIn: tokens,
    imageOut: tokens,
    basis: z.enum(['reported', 'estimated', 'none']),
  })
  .describe('Tokens, disjoint: their sum is everything billed.');

export const cost = z.object({
  microUsd,
  state: z.enum(['exact', 'estimated', 'unpriced', 'free']),
  priceVersion: z.string().optional(),
  parts: z.record(z.string(), z.number()).optional(),
});

export const attempt = z.object({
  number: z.number().int(),
  cause: z.enum(['first', 'retry', 'reroute', 'fallback', 'reprompt', 'hedge', 'takeover']),
  tier: z.string(),
  provider: z.string(),
  model: z.string(),
  translated: z
    .object({ to: z.string(), losses: z.array(z.string()) })
    .optional()
    .describe('Protocol it was translated to, and the declared losses it met.'),
  startedAt: epoch,
  outcome,
  status: z.number().optional(),
  failure: failure.optional(),
  usage,
  cost,
  timing: z.object({
    headers: ms.optional(),
    firstByte: ms.optional(),
    firstToken: ms.optional(),
    total: ms,
  }),
  providerRequestId: z.string().optional(),
});

export const exchange = z.object({
  id: z.string().describe('UUIDv7.'),
  at: epoch,
  kind: z.enum(['model', 'tool', 'retrieval']),
  source: z.enum(SOURCES),
  route: z.string(),
  protocol: z.string(),
  observed: z.object({
    model: z.string().optional(),
    fingerprint: z.string().optional(),
    serviceTier: z.string().optional(),
    region: z.string().optional(),
  }),
  who: z.object({
    key: z.string().optional(),
    tenant: z.string().optional(),
    user: z.string().optional(),
    feature: z.string().optional(),
    principal: z.string().optional(),
  }),
  place: z.object({
    thread: z.string().optional(),
    task: z.string().optional(),
    run: z.string().optional(),
    step: z.string().optional(),
    parent: z.string().optional(),
    trace: z.string().optional(),
    span: z.string().optional(),
  }),
  ask: z.object({
    model: z.string(),
    stream: z.boolean(),
    turns: z.number().int(),
    tools: z.number().int(),
    images: z.number().int(),
    audios: z.number().int(),
    structured: z.boolean(),
    choices: z.number().int(),
    maxOutput: z.number().optional(),
    stops: z.number().int(),
    bytes: z.number().int(),
  }),
  attempts: z.array(attempt),
  verdicts: z.array(
    z.object({
      guard: z.string(),
      version: z.number().int(),
      decision: z.enum(['pass', 'flag', 'change', 'block']),
      evidence: z.string().optional(),
      body: z.string().optional(),
    }),
  ),
  tier: z.object({
    intended: z.string(),
    served: z.string(),
    demotedBy: z.string().optional(),
    reason: z.enum(DEMOTION_REASONS).optional(),
    cell: z.string().optional(),
  }),
  outcome,
  failure: failure.optional(),
  usage,
  cost,
  timing: z.object({
    queued: ms,
    firstByte: ms.optional(),
    firstToken: ms.optional(),
    total: ms,
    overhead: ms,
    gaps: z.object({ p50: ms, p99: ms, max: ms, count: z.number().int() }).optional(),
  }),
  status: z.number().int(),
  record: z.enum(['full', 'masked', 'none']),
  release: z.string(),
  askRecord: z
    .object({
      messages: z.string(),
      length: z.number().int(),
      tools: z.string().optional(),
      schema: z.string().optional(),
      envelope: z.string(),
    })
    .optional(),
  answerRecord: z.object({ messages: z.array(z.string()) }).optional(),
});
true satisfies Same<Exchange, z.output<typeof exchange>>;

export const message = z.object({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool']),
  name: z.string().optional(),
  parts: z.array(
    z.union([
      z.object({ kind: z.literal('text'), text: z.string() }),
      z.object({ kind: z.literal('reasoning'), text: z.string(), redacted: z.boolean().optional() }),
      z.object({ kind: z.literal('refusal'), text: z.string() }),
      z.object({ kind: z.literal('tool_call'), id: z.string(), tool: z.string(), args: z.string() }),
      z.object({
        kind: z.literal('tool_result'),
        id: z.string(),
        text: z.string(),
        error: z.boolean().optional(),
      }),
      z.object({
        kind: z.enum(['image', 'audio', 'file']),
        source: z.string(),
        bytes: z.number().optional(),
      }),
      z.object({ kind: z.literal('other'), type: z.string(), json: z.string() }),
    ]),
  ),
});
true satisfies Same<Message, z.output<typeof message>>;

export const exchangeRow = z.object({
  id: z.string(),
  at: epoch,
  route: z.string(),
  protocol: z.string(),
  source: z.string(),
  model: z.string().describe('Asked for.'),
  servedModel: z.string().optional(),
  provider: z.string().optional(),
  tier: z.string(),
  demotedBy: z.string().optional().describe('Who led there, where it is not the intended tier.'),
  outcome: z.string(),
  failure: z.string().optional(),
  status: z.number().int(),
  stream: z.boolean(),
  attempts: z.number().int(),
  totalMs: ms,
  firstTokenMs: ms.optional(),
  overheadMs: ms,
  tokensIn: tokens,
  tokensOut: tokens,
  microUsd,
  costState: z.string(),
  key: z.string().optional(),
  tenant: z.string().optional(),
  feature: z.string().optional(),
  user: z.string().optional(),
  task: z.string().optional(),
  thread: z.string().optional(),
});

export const exchangePage = z.object({
  rows: z.array(exchangeRow),
  next: z.string().optional().describe('Cursor of the older page; absent at the end.'),
  searched: z
    .number()
    .optional()
    .describe(
      'Only this far back, milliseconds since 1970, was looked so as to answer in time: fewer rows than asked for, even none, and `next` goes on.',
    ),
});
true satisfies Same<ExchangePage, z.output<typeof exchangePage>>;

export const exchangeDetail = z.object({
  exchange,
  axes,
  ask: z.array(message),
  answer: z.array(message),
  tools: z.string().optional().describe('Tools offered, raw JSON.'),
  envelope: z.string().optional().describe('Ask without messages and tools, raw JSON.'),
  keyName: z.string().optional(),
  bodies: z.enum(['kept', 'not_recorded', 'expired']),
});
true satisfies Same<ExchangeDetail, z.output<typeof exchangeDetail>>;
