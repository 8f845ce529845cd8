import { z } from 'zod';
import {
  DEMOTION_REASONS,
  DEMOTION_STATUSES,
  type DemotionView,
  MIX_VERDICTS,
  ON_EXPIRE,
  TIER_FINDINGS,
  TIERS_BY,
  type TiersReport,
} from '#contracts';
import type { Same } from './same.ts';
import { rateView } from './watch.ts';

const epoch = z.number().describe('Milliseconds since 1970-01-01 UTC.');
const share = z.number().describe('From 0 to 1.');
const count = z.number().int();

export const demotionView = z.object({
  route: z.string(),
  id: z.string(),
  from: z.string().describe('Tier it takes exchanges from.'),
  to: z.string().describe('Tier it sends them to.'),
  owner: z.string(),
  reason: z.enum(DEMOTION_REASONS),
  maxShare: share,
  expiresAt: epoch,
  onExpire: z.enum(ON_EXPIRE),
  when: z.record(z.string(), z.array(z.string())).describe('Which exchanges it wants; empty: every one.'),
  status: z.enum(DEMOTION_STATUSES),
  left: z
    .number()
    .describe('Milliseconds until it stops, of the approval where it acts on one; negative once past.'),
  seen: count.describe('Exchanges of `from` that it was shown.'),
  demoted: count,
  held: count.describe('Wanted and left: over its share, or past its end.'),
  approval: z.object({ by: z.string(), until: epoch }).optional(),
  ended: z.object({ by: z.string(), at: epoch }).optional().describe('By a person before its time.'),
});
true satisfies Same<DemotionView, z.output<typeof demotionView>>;

const finding = z.object({
  kind: z.enum(TIER_FINDINGS),
  level: z.enum(['alarm', 'warn', 'note']),
  since: epoch,
  says: z.string(),
  todo: z.string(),
  owner: z.string().optional(),
  causes: z
    .array(z.object({ rule: z.string(), share, excess: z.number() }))
    .describe('The first is the most likely.'),
});

const tierShare = z.object({
  tier: z.string(),
  served: rateView,
  declared: z
    .object({
      target: share.optional(),
      floor: share.optional(),
      ceiling: share.optional(),
      owner: z.string().optional(),
    })
    .optional(),
  verdict: z.enum(['MET', 'BREACHED', 'UNKNOWN']).optional(),
});

export const tiersReport = z.object({
  from: epoch,
  to: epoch,
  by: z.enum(TIERS_BY),
  step: z.number().describe('Width of a point, milliseconds.'),
  routes: z.array(
    z.object({
      route: z.string(),
      primary: z.string().describe('The tier that is meant: the first of the route.'),
      verdict: z.enum(MIX_VERDICTS),
      demoted: rateView.describe('Exchanges not served by `primary`, whoever decided it.'),
      users: rateView
        .optional()
        .describe('Users with more than half of their exchanges demoted, of a fair sample.'),
      tiers: z.array(tierShare),
      findings: z.array(finding).describe('What the watch says now, whatever window was asked for.'),
      rows: z
        .array(
          z.object({
            name: z.string().optional().describe('Absent: what names none.'),
            rest: z.literal(true).optional().describe('Everybody beyond those that are counted apart.'),
            share: rateView,
          }),
        )
        .describe('The window told apart by `by`, largest first.'),
      points: z.array(z.object({ at: epoch, exchanges: count, tiers: z.record(z.string(), count) })),
    }),
  ),
  demotions: z.array(demotionView),
});
true satisfies Same<TiersReport, z.output<typeof tiersReport>>;
