import { z } from 'zod';
import type { AttemptCause } from './exchange.ts';
import type { EpochMs, MicroUsd } from './ids.ts';
import { whenAway } from './sharing.ts';

/** Whose money, widest first. `turn` is one question with all its attempts unless the caller says otherwise. */
export const BUDGET_SCOPES = ['organisation', 'tenant', 'key', 'feature', 'user', 'run', 'turn'] as const;
export type BudgetScope = (typeof BUDGET_SCOPES)[number];
export type BudgetSubject = Readonly<Partial<Record<BudgetScope, string>>>;

export const PERIODS = ['minute', 'hour', 'day', 'week', 'month', 'lifetime'] as const;
/** Calendar periods in UTC; a week starts on Monday. */
export type Period = (typeof PERIODS)[number];

/** What money was spent for. The last three come from the exchange's source, the others from the attempt. */
export const SPEND_CAUSES = [
  'first',
  'retry',
  'reroute',
  'fallback',
  'reprompt',
  'hedge',
  'takeover',
  'probe',
  'exercise',
  'shadow',
] as const satisfies readonly (AttemptCause | 'probe' | 'exercise' | 'shadow')[];
export type SpendCause = (typeof SPEND_CAUSES)[number];

export interface BudgetAsk {
  readonly subject: BudgetSubject;
  readonly cause: SpendCause;
  /** The dearest this attempt can come to; undefined when no price is known, which reserves each budget's default and alarms. */
  readonly worst: MicroUsd | undefined;
  /** Provider and model that have no price, for the alarm. */
  readonly unpriced?: string;
  /** How long the attempt may last; an unsettled reservation is given back after it. */
  readonly ttlMs: number;
}

export type BudgetDecision = BudgetGrant | BudgetRefusal;
export interface BudgetGrant {
  readonly ok: true;
  /**
   * Puts the bill in place of the reservation. `estimated` for a disconnect or a missing usage; `unpriced` charges the
   * default that was reserved. Once; later calls return false.
   */
  settle(bill: { readonly microUsd: MicroUsd; readonly state: SpendState }): boolean;
  /** The attempt was never sent: nothing is charged. */
  release(): boolean;
}
export type SpendState = 'exact' | 'estimated' | 'unpriced' | 'free';
export interface BudgetRefusal {
  readonly ok: false;
  readonly why: 'exceeded' | 'never' | 'away';
  /** Name under `budgets`, and whose account it is. */
  readonly budget: string;
  readonly scope: BudgetScope;
  readonly value: string;
  readonly period: Period;
  readonly limit: MicroUsd;
  readonly left: MicroUsd;
  readonly asked: MicroUsd;
  /** Until the period ends, or a little when what is missing is only reserved; absent when waiting does not help. */
  readonly retryAfterMs?: number;
}

export interface BudgetReading {
  readonly budget: string;
  readonly scope: BudgetScope;
  readonly value: string;
  readonly period: Period;
  readonly from: EpochMs;
  readonly to?: EpochMs;
  readonly soft?: MicroUsd;
  readonly hard?: MicroUsd;
  readonly settled: MicroUsd;
  readonly reserved: MicroUsd;
  /** Settled by this process, by cause. */
  readonly spend: Spend;
}
/** A cause that never came up is absent. */
export type Spend = Readonly<Partial<Record<SpendCause, SpendLine>>>;
export interface SpendLine {
  readonly attempts: number;
  /** As billed: the sum of the records. */
  readonly microUsd: MicroUsd;
  /** Of these `microUsd` estimated, not reported. */
  readonly estimated: MicroUsd;
  /** Attempts without a price. */
  readonly unpriced: number;
  /** Charged for these on top, by the budget's default; no record has it. */
  readonly assumed: MicroUsd;
}

/** US dollars: `25`, `0.05` or `$25`; becomes whole micro-dollars. */
export const money = z
  .union([
    z.number().nonnegative(),
    z.string().regex(/^\$?\d+(\.\d{1,6})?$/, 'write dollars like 25, 0.05 or $25'),
  ])
  .transform((value) =>
    Math.round((typeof value === 'number' ? value : Number(value.replace('$', ''))) * 1e6),
  )
  .refine(Number.isSafeInteger, 'more dollars than can be counted to the micro-dollar');

/** One entry under `budgets`. */
export const budgetSchema = z
  .strictObject({
    per: z.enum(BUDGET_SCOPES).describe('Every value of this has an account of its own.'),
    match: z.string().default('*').describe('Values the budget is for; `*` matches any run of characters.'),
    period: z.enum(PERIODS).default('month').describe('Calendar period in UTC.'),
    soft: money.optional().describe('US dollars a period; an alarm when they are reached.'),
    hard: money.optional().describe('US dollars a period; what could go beyond them is refused.'),
    unpriced: money
      .default(100_000)
      .describe('Reserved and charged for an attempt whose price nobody knows.'),
    slack: money
      .default(0)
      .describe('Most that all replicas together may hold unused; 0 asks the shared store every time.'),
    whenAway,
  })
  .refine((b) => b.soft !== undefined || b.hard !== undefined, 'a budget needs `soft`, `hard` or both')
  .refine(
    (b) => b.soft === undefined || b.hard === undefined || b.soft <= b.hard,
    '`soft` above `hard` would never alarm',
  );
export const budgetsSchema = z.record(z.string(), budgetSchema).default({});
export type BudgetConfig = z.output<typeof budgetSchema>;
