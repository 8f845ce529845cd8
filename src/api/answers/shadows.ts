import { z } from 'zod';
import { OUTCOMES, SHADOW_DROPS, type ShadowReport } from '#contracts';
import { cost } from './exchange.ts';
import type { Same } from './same.ts';
import { rateView } from './watch.ts';

const epoch = z.number().describe('Milliseconds since 1970-01-01 UTC.');
const ms = z.number().describe('Milliseconds.');
const count = z.number().int();

const side = z.object({
  exchange: z.string(),
  target: z.string(),
  outcome: z.enum(OUTCOMES),
  finish: z.string().optional().describe("The provider's word for the end."),
  length: count.describe('Visible characters.'),
  tools: z.array(z.string()),
  json: z.boolean().optional().describe('Its text is JSON; only where the ask wants JSON.'),
  firstTokenMs: ms.optional(),
  totalMs: ms,
  microUsd: count.describe('Millionths of a US dollar.'),
  costState: cost.shape.state,
});

const ratio = z
  .object({ n: count, median: z.number(), low: z.number().optional(), high: z.number().optional() })
  .describe(
    'Shadow over served, of pairs of good answers: the median and its 95 % interval, which needs six pairs.',
  );

const pair = z.object({
  at: epoch,
  route: z.string(),
  by: z.string().describe('Who asked for the copy.'),
  served: side,
  shadow: side,
  agreement: z.object({
    good: z.boolean(),
    end: z.boolean(),
    tools: z.boolean().optional(),
    args: z.boolean().optional(),
  }),
  lengthRatio: z.number().optional(),
  similarity: z.number().optional(),
});

export const shadowReport = z.object({
  from: epoch,
  to: epoch,
  rows: z.array(
    z.object({
      route: z.string(),
      target: z.string().describe('`provider/model` that was asked in the shadow.'),
      pairs: count,
      since: epoch,
      good: z.object({ served: rateView, shadow: rateView, both: rateView }),
      agree: z.object({
        end: rateView.describe('Ended for the same reason.'),
        tools: rateView.optional().describe('The same tools in the same order, where either called one.'),
        args: rateView.optional().describe('With the same arguments, where the tools agree.'),
        json: z.object({ served: rateView, shadow: rateView }).optional(),
      }),
      latency: ratio.optional(),
      firstToken: ratio.optional(),
      cost: ratio.optional(),
      length: ratio.optional(),
      similarity: ratio
        .optional()
        .describe(
          'Share of word triples that both texts have, of those that either has: no ratio of targets.',
        ),
      last: z.array(pair).describe('Newest first.'),
      differing: z
        .array(pair)
        .describe('The newest that differ in how they ended, in tools, arguments, or in being JSON.'),
    }),
  ),
  now: z
    .array(
      z.object({
        route: z.string(),
        asked: count,
        underWay: count,
        dropped: z.partialRecord(z.enum(SHADOW_DROPS), count),
      }),
    )
    .describe('Copies of this process since its start.'),
});
true satisfies Same<ShadowReport, z.output<typeof shadowReport>>;
