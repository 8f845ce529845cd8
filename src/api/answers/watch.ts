import { z } from 'zod';
import type { ChangeEvent, ChangePage, FreezeMark, RouteView, Watch } from '#contracts';
import type { Same } from './same.ts';

const epoch = z.number().describe('Milliseconds since 1970-01-01 UTC.');
const microUsd = z.number().int().describe('Millionths of a US dollar.');
const count = z.number().int();

export const rateView = z
  .object({ count, n: count, rate: z.number(), low: z.number(), high: z.number() })
  .describe('A rate with its 95 % Wilson interval.');

export const quantiles = z
  .object({ p50: z.number(), p95: z.number(), p99: z.number() })
  .describe('Milliseconds; absent where nothing was measured.');

export const watchTotals = z.object({
  exchanges: count,
  attempts: count,
  outcomes: z.record(z.string(), count),
  good: rateView,
  clean: rateView,
  microUsd,
  wastedMicroUsd: microUsd,
  unpriced: count,
  tokensIn: count,
  tokensOut: count,
  totalMs: quantiles.optional(),
  firstTokenMs: quantiles.optional(),
  overheadMs: quantiles.optional(),
});

export const changeEvent = z.object({
  at: epoch,
  route: z.string(),
  subject: z.string().describe('`declared.prompt`, `observed.model`, …'),
  value: z.string(),
  before: z.string().optional(),
  exchange: z.string(),
});
true satisfies Same<ChangeEvent, z.output<typeof changeEvent>>;

export const changePage = z.object({ rows: z.array(changeEvent), next: z.string().optional() });
true satisfies Same<ChangePage, z.output<typeof changePage>>;

export const attentionItem = z.object({
  level: z.enum(['alarm', 'warn', 'note']),
  what: z.string(),
  why: z.string(),
  todo: z.string(),
  link: z.string().optional().describe('Path inside the console with the evidence.'),
});

export const watch = z.object({
  from: epoch,
  to: epoch,
  step: z.number().describe('Width of a point, milliseconds.'),
  points: z.array(
    z.object({
      at: epoch,
      exchanges: count,
      outcomes: z.record(z.string(), count),
      attempts: count,
      microUsd,
      totalMs: quantiles.optional(),
      firstTokenMs: quantiles.optional(),
    }),
  ),
  totals: watchTotals,
  byRoute: z.array(watchTotals.extend({ route: z.string() })),
  byTarget: z.array(watchTotals.extend({ target: z.string() })),
  changes: z.array(changeEvent),
  attention: z.array(attentionItem).describe('What needs attention, worst first.'),
});
true satisfies Same<Watch, z.output<typeof watch>>;

export const freezeMark = z.object({
  route: z.string(),
  version: z.string().describe('Of the policy that is kept.'),
  at: epoch,
  by: z.string(),
  reason: z.string().optional(),
});
true satisfies Same<FreezeMark, z.output<typeof freezeMark>>;

export const routeView = z.object({
  name: z.string(),
  policy: z
    .array(z.object({ step: z.string(), says: z.string() }))
    .describe('The whole policy in the order in which it acts.'),
  tiers: z.array(z.object({ name: z.string(), targets: z.array(z.string()), reply: z.string().optional() })),
  source: z.enum(['config', 'environment', 'simulator']),
  frozen: freezeMark.optional().describe('Its policy is held as it is.'),
  lastHour: watchTotals.optional().describe('Absent without traffic, or while the database is away.'),
});
true satisfies Same<RouteView, z.output<typeof routeView>>;
