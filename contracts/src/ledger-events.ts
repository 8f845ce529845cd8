import type { BudgetScope, BudgetSubject, SpendCause } from './budgets.ts';
import type { EpochMs, MicroUsd } from './ids.ts';
import type { Pressure, QuotaAxis } from './quotas.ts';

/** What the ledger tells: each is written to the log and may become a finding. */
export type LedgerEvent =
  | {
      readonly type: 'budget_soft' | 'budget_hard' | 'budget_over';
      readonly at: EpochMs;
      readonly budget: string;
      readonly scope: BudgetScope;
      readonly value: string;
      readonly limit: MicroUsd;
      readonly used: MicroUsd;
    }
  | {
      readonly type: 'unpriced';
      readonly at: EpochMs;
      /** Provider and model, where known. */
      readonly what?: string;
      readonly subject: BudgetSubject;
      readonly cause: SpendCause;
    }
  | {
      readonly type: 'pressure';
      readonly at: EpochMs;
      readonly scope: string;
      readonly axis: QuotaAxis;
      readonly from: Pressure;
      readonly to: Pressure;
    }
  | { readonly type: 'expired'; readonly at: EpochMs; readonly account: string; readonly amount: number }
  | { readonly type: 'away' | 'back'; readonly at: EpochMs; readonly reason: string };

/** Never throws. */
export type LedgerListener = (event: LedgerEvent) => void;
