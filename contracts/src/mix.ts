import { z } from 'zod';
import type { RateView } from './api.ts';
import type { Source } from './exchange.ts';
import type { EpochMs } from './ids.ts';
import { LANES } from './lanes.ts';
import { DEMOTION_REASONS, type DemotionReason } from './steer.ts';
import { instant } from './units.ts';

/**
 * The tier mix is a promise of its own: what share of a route's exchanges each tier may serve, who answers for it, and which
 * rules may send exchanges to a lower tier, how many, and until when.
 */

// What is declared

/** `0.98` or `98 %`, becomes 0.98. */
const share = z
  .union([z.number(), z.string().regex(/^\d+(\.\d+)?\s?%$/, 'write a share like 0.05 or 5 %')])
  .transform((value) =>
    typeof value === 'number' ? value : Number((Number.parseFloat(value) / 100).toPrecision(12)),
  )
  .pipe(z.number().min(0, 'a share is not below 0').max(1, 'a share is at most 1'));

const BOUND = /^(>=|<=)\s*(\d+(?:\.\d+)?)\s*(%?)$/;

/** A promise about the share of one tier. */
export interface MixClause {
  target?: number | undefined;
  floor?: number | undefined;
  ceiling?: number | undefined;
  owner?: string | undefined;
}
export const mixClauseSchema = z.union([
  z
    .string()
    .regex(BOUND, 'write a bound like ">= 0.98" or "<= 2 %", or `{ target, floor, ceiling, owner }`')
    .transform((text, context): MixClause => {
      const [, sign, amount, percent] = BOUND.exec(text) as unknown as [string, string, string, string];
      const limit = share.safeParse(percent ? `${amount}%` : Number(amount));
      if (limit.success) return sign === '>=' ? { floor: limit.data } : { ceiling: limit.data };
      context.addIssue({
        code: 'custom',
        message: `the share in "${text}" is above 1; write 0.98 or 98 %`,
      });
      return z.NEVER;
    }),
  z.strictObject({
    target: share
      .optional()
      .describe('Share it should have; drift is measured from here, else from the bound.'),
    floor: share.optional().describe('Share below which the promise is broken.'),
    ceiling: share.optional().describe('Share above which the promise is broken.'),
    owner: z.string().min(1).optional().describe('Who is told when it does not hold.'),
  }),
]);

export const mixSchema = z
  .record(z.string(), mixClauseSchema)
  .describe(
    'What share of the exchanges each tier should serve: `{ primary: ">= 0.98" }`, or `{ target, floor, ceiling, owner }` by tier. Whatever the first tier does not serve counts as demoted, a router\'s choice too.',
  );
/** By tier. */
export type MixConfig = Readonly<Record<string, MixClause>>;

const oneOrMany = <T extends z.ZodType<string>>(one: T) =>
  z.union([one, z.array(one).min(1)]).transform((value) => (Array.isArray(value) ? value : [value]));

export const demotionWhenSchema = z.strictObject({
  feature: oneOrMany(z.string()).optional().describe('Value of x-midwatch-feature.'),
  tenant: oneOrMany(z.string()).optional().describe('Value of x-midwatch-tenant, or the tenant of the key.'),
  user: oneOrMany(z.string()).optional().describe('Value of x-midwatch-user.'),
  key: oneOrMany(z.string()).optional().describe('Id of a key, as `midwatch keys list` shows it.'),
  lane: oneOrMany(z.enum(LANES)).optional().describe('Priority of the caller.'),
});

export const ON_EXPIRE = ['restore', 'block', 'extend-with-approval'] as const;
export type OnExpire = (typeof ON_EXPIRE)[number];

export const demotionSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]*$/i, 'use letters, digits, dot, dash and underscore')
    .describe('Its name in every record of what it demoted.'),
  from: z.string().min(1).describe('Tier it takes exchanges from.'),
  to: z.string().min(1).describe('Tier it sends them to.'),
  owner: z
    .string({ error: 'name whoever answers for this rule; one that nobody owns is never taken back' })
    .min(1)
    .describe('Who answers for it.'),
  reason: z.enum(DEMOTION_REASONS).describe('Why, as the record of each exchange says it.'),
  maxShare: share
    .pipe(z.number().gt(0, 'a rule that may take nothing does nothing; leave it out'))
    .describe('Largest share of the exchanges of `from` that it may take.'),
  expiresAt: instant.describe('When it stops, whether or not anybody remembers it.'),
  onExpire: z
    .enum(ON_EXPIRE)
    .default('restore')
    .describe(
      '`restore`, the default: as if the rule were gone. `block`: what it would demote is refused, so that somebody looks. `extend-with-approval`: acts on while approved, else restores.',
    ),
  approval: z
    .strictObject({
      by: z.string().min(1).describe('Who approved it.'),
      until: instant.describe('How long.'),
    })
    .optional()
    .describe(
      'With `extend-with-approval`: acts on after `expiresAt`; `midwatch tiers approve` does the same.',
    ),
  when: demotionWhenSchema
    .prefault({})
    .describe(
      'Which exchanges it wants: each line that is given must hold, one of its values is enough, `*` matches any run of characters. Left out, every exchange.',
    ),
});
export type DemotionConfig = z.output<typeof demotionSchema>;

// What was served

/** Exchanges of one hour that were served alike. */
export interface TierCount {
  /** Beginning of the hour. */
  readonly at: EpochMs;
  readonly route: string;
  /** Tier that served. */
  readonly tier: string;
  /** Who led them away from the tier that was meant, and why; absent where it served. */
  readonly by?: string;
  readonly reason?: string;
  readonly exchanges: number;
}

const ASKED_BY_CALLERS: ReadonlySet<Source> = new Set(['gateway', 'exercise', 'job']);
/** Is it in the tier mix? What Midwatch asks on its own account is not, nor what reached no tier at all. */
export const inMix = (source: Source, attempts: number, demoted: boolean): boolean =>
  ASKED_BY_CALLERS.has(source) && (attempts > 0 || demoted);

export const TIERS_BY = ['rule', 'tenant', 'tier', 'reason'] as const;
export type TiersBy = (typeof TIERS_BY)[number];

export const tiersQuerySchema = z.object({
  from: z.coerce.number().optional(),
  to: z.coerce.number().optional(),
  route: z.string().optional(),
  by: z.enum(TIERS_BY).default('rule'),
});
export type TiersQuery = z.output<typeof tiersQuerySchema>;

/** No data is never a pass: what too few exchanges were seen for is `UNKNOWN`. */
export const MIX_VERDICTS = ['MET', 'BREACHED', 'UNKNOWN', 'UNDECLARED'] as const;
export type MixVerdict = (typeof MIX_VERDICTS)[number];

/** Declared against served, route by route, with the ledger of demotions. */
export interface TiersReport {
  /** Whole hours. */
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly by: TiersBy;
  /** Width of a point, milliseconds. */
  readonly step: number;
  /** Worst first. Routes without a second tier are absent: they have no mix. */
  readonly routes: readonly RouteTiers[];
  /** Those that need somebody first. */
  readonly demotions: readonly DemotionView[];
}

export interface RouteTiers {
  readonly route: string;
  /** The tier that is meant: the route's first. */
  readonly primary: string;
  /** Of all clauses together, over the window. */
  readonly verdict: MixVerdict;
  /** Exchanges not served by `primary`, whoever decided it. Refusals that reached no tier are in no share. */
  readonly demoted: RateView;
  /** Users with more than half of their exchanges demoted, of a fair sample of those that gave a name; absent without any. */
  readonly users?: RateView;
  /** In the order of the route, then those that are no longer configured. */
  readonly tiers: readonly TierShare[];
  /** What the watch says now, whatever window was asked for. */
  readonly findings: readonly TierFinding[];
  /** The window told apart by `by`, largest first. */
  readonly rows: readonly TierRow[];
  readonly points: readonly TierPoint[];
}

export interface TierShare {
  readonly tier: string;
  readonly served: RateView;
  readonly declared?: {
    readonly target?: number;
    readonly floor?: number;
    readonly ceiling?: number;
    readonly owner?: string;
  };
  /** Of the floor and the ceiling, by exact bounds; absent without either. */
  readonly verdict?: Exclude<MixVerdict, 'UNDECLARED'>;
}

/**
 * `rule`, `reason`: exchanges demoted by it, of all of the route. `tier`: exchanges served by it, of all. `tenant`: its
 * demoted exchanges, of its own.
 */
export interface TierRow {
  /** `demotion:<id>`, a kind of failure, `health`, `exercise`, …; absent: what names none. */
  readonly name?: string;
  /** Every tenant beyond those that are counted apart. */
  readonly rest?: true;
  readonly share: RateView;
}

export interface TierPoint {
  readonly at: EpochMs;
  readonly exchanges: number;
  /** Exchanges served, by tier. */
  readonly tiers: Readonly<Record<string, number>>;
}

export const TIER_FINDINGS = ['level', 'drift', 'recount'] as const;
/**
 * `level`: the budget of the floor burns too fast, or without a floor more than 1 % of seven days is demoted. `drift`: the
 * demoted share has slowly left the declared one. `recount`: the record and this process's own counters disagree.
 */
export interface TierFinding {
  readonly kind: (typeof TIER_FINDINGS)[number];
  readonly level: 'alarm' | 'warn' | 'note';
  /** When it began, as far as the counts tell. */
  readonly since: EpochMs;
  /** One sentence with its numbers. */
  readonly says: string;
  readonly todo: string;
  /** Absent where nobody was named. */
  readonly owner?: string;
  /** What led there, by the evidence that it takes more than it did; the first is the most likely. */
  readonly causes: readonly TierCause[];
}

export interface TierCause {
  /** As in `TierRow.name`. */
  readonly rule: string;
  readonly share: number;
  /** Share minus the earlier one. */
  readonly excess: number;
}

export const DEMOTION_STATUSES = ['blocking', 'expired', 'extended', 'acting', 'ended'] as const;
/** `ended`: by a person before its time. */
export type DemotionStatus = (typeof DEMOTION_STATUSES)[number];

/** One rule of demotion and what it did, as far as this process knows. */
export interface DemotionView {
  readonly route: string;
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly owner: string;
  readonly reason: DemotionReason;
  readonly maxShare: number;
  readonly expiresAt: EpochMs;
  readonly onExpire: OnExpire;
  /** By name of the condition; empty: every exchange. */
  readonly when: Readonly<Record<string, readonly string[]>>;
  readonly status: DemotionStatus;
  /** Milliseconds until it stops, of the approval where it acts on one; negative once past. */
  readonly left: number;
  /** Exchanges of `from` that it was shown, demoted, and wanted but left, since it was declared. */
  readonly seen: number;
  readonly demoted: number;
  readonly held: number;
  readonly approval?: { readonly by: string; readonly until: EpochMs };
  readonly ended?: { readonly by: string; readonly at: EpochMs };
}

/** Why a rule cannot be approved or ended: there is none, its `onExpire` knows no approval, a person has ended it. */
export type DemotionRefusal = 'unknown' | 'not_extendable' | 'ended';

export const demotionApproveSchema = z.strictObject({
  /** Epoch milliseconds. */
  until: z.number().int(),
});
export type DemotionApprove = z.output<typeof demotionApproveSchema>;
