import { z } from 'zod';
import {
  BUDGET_SCOPES,
  type BudgetView,
  LANES,
  PERIODS,
  PRESSURES,
  PROVIDER_STATUSES,
  type ProviderView,
  QUOTA_AXES,
  type QuotaView,
  type ReloadView,
  SPEND_BY,
  SPEND_CAUSES,
  type SpendReport,
} from '#contracts';
import type { Same } from './same.ts';
import { watchTotals } from './watch.ts';
import { slownessView } from './weather.ts';

const epoch = z.number().describe('Milliseconds since 1970-01-01 UTC.');
const ms = z.number().describe('Milliseconds.');
const microUsd = z.number().int().describe('Millionths of a US dollar.');
const share = z.number().describe('From 0 to 1.');

export const providerView = z.object({
  provider: z.string(),
  model: z.string(),
  endpoint: z
    .string()
    .optional()
    .describe(
      'Protocol, and ` whole` for answers that are no streams; absent while nothing was asked of it.',
    ),
  routes: z.array(z.string()).describe('Routes that lead here.'),
  status: z.enum(PROVIDER_STATUSES).describe('`unknown`: nothing was seen of it yet.'),
  says: z.string().describe('The reason in one sentence.'),
  score: share.describe('Share of good answers times speed against its own normal; 0 when down.'),
  share: share.describe('Share of its ordinary traffic that it gets now.'),
  circuit: z.enum(['closed', 'open', 'probing', 'ramp']),
  until: epoch.optional().describe('No probe before this.'),
  closedFor: ms.describe('Milliseconds until it takes ordinary traffic again.'),
  keyRefused: z.boolean(),
  since: epoch.optional().describe('Absent when it was never in another state.'),
  bad: share.describe('Bad answers, lately.'),
  slowness: z.number().describe('How many times slower than its normal, lately.'),
  statistic: z.number().describe('Evidence against it.'),
  threshold: z.number().describe('Where evidence becomes an alarm.'),
  concurrency: z
    .object({
      limit: z.number().int().describe('Now; it follows the capacity of the target.'),
      inFlight: z.number().int(),
      waiting: z.record(z.enum(LANES), z.number().int()).describe('Callers in the queue by lane.'),
    })
    .optional()
    .describe('Calls under way to this model, all endpoints together; absent where they are not limited.'),
  slow: slownessView.optional().describe('Slow now, all endpoints together, and why.'),
  lastHour: watchTotals
    .optional()
    .describe('All endpoints of the model together; absent without attempts, or while the database is away.'),
});
true satisfies Same<ProviderView, z.output<typeof providerView>>;

const pressure = z.enum(PRESSURES);
export const quotaView = z.object({
  provider: z.string(),
  credential: z.string().describe('Tells one key of the provider from another without a letter of it.'),
  models: z.string(),
  scope: z.string(),
  pressure,
  binding: z.enum(QUOTA_AXES).describe('The axis with the highest share.'),
  axes: z.array(
    z.object({
      axis: z.enum(QUOTA_AXES),
      limit: z.number(),
      share: z.number().describe('Used; above 1 after an overrun.'),
      left: z.number(),
      pressure,
      exhaustsAt: epoch
        .optional()
        .describe('When a daily axis runs out if the day goes on like those before.'),
    }),
  ),
  waiting: z.record(z.enum(LANES), z.number().int()).describe('Callers in the queue by lane.'),
  kept: z.number().int().describe('Places kept for callers that were told when to return.'),
});
true satisfies Same<QuotaView, z.output<typeof quotaView>>;

const spendLine = z.object({
  attempts: z.number().int(),
  microUsd,
  estimated: microUsd,
  unpriced: z.number().int(),
  assumed: microUsd,
});
export const budgetView = z.object({
  budget: z.string(),
  scope: z.enum(BUDGET_SCOPES),
  value: z.string(),
  period: z.enum(PERIODS),
  from: epoch,
  to: epoch.optional(),
  soft: microUsd.optional(),
  hard: microUsd.optional(),
  settled: microUsd,
  reserved: microUsd.describe('Of calls that are under way.'),
  spend: z.partialRecord(z.enum(SPEND_CAUSES), spendLine).describe('Settled by this process, by cause.'),
  left: microUsd.optional().describe('Neither spent nor reserved; absent without a hard limit.'),
  state: z.enum(['within', 'soft', 'hard']),
});
true satisfies Same<BudgetView, z.output<typeof budgetView>>;

const sums = {
  attempts: z.number().int(),
  microUsd,
  estimatedMicroUsd: microUsd,
  wastedMicroUsd: microUsd.describe('In attempts whose answer nobody got.'),
  unpriced: z.number().int().describe('Attempts without a price.'),
  tokensIn: z.number().int(),
  tokensOut: z.number().int(),
};
export const spendReport = z.object({
  from: epoch,
  to: epoch,
  by: z.enum(SPEND_BY),
  total: z.object(sums),
  rows: z
    .array(
      z.object({
        ...sums,
        name: z.string().optional().describe('Absent: what names none.'),
        label: z.string().optional().describe('Name of the key.'),
        rest: z.literal(true).optional().describe('Everybody beyond those that are counted apart.'),
      }),
    )
    .describe('Dearest first; they sum to the total.'),
});
true satisfies Same<SpendReport, z.output<typeof spendReport>>;

export const reloadView = z.object({
  changed: z
    .array(z.string())
    .describe('As `routes.chat.timeouts.idle: 30000 → 10000`; empty when nothing differs.'),
});
true satisfies Same<ReloadView, z.output<typeof reloadView>>;
