import type {
  BudgetConfig,
  Clock,
  LanesConfig,
  LedgerAuthority,
  LedgerListener,
  LedgerSnapshot,
  LedgerStore,
} from '#contracts';
import { type Budgets, createBudgets } from './budget/budgets.ts';
import { createQuotas, type Quotas, type QuotaTable } from './quota/quotas.ts';
import { createLeasedStore } from './store/leased.ts';
import { createMemoryStore } from './store/memory.ts';

export interface LedgerSettings {
  readonly budgets: Readonly<Record<string, BudgetConfig>>;
  /** `providers.<name>.quota` by provider. */
  readonly quotas: QuotaTable;
  readonly lanes: LanesConfig;
}

/** Reserve, then settle: budgets and quotas over one store. */
export interface Ledger {
  readonly budgets: Budgets;
  readonly quotas: Quotas;
  readonly store: LedgerStore;
  /** For a restart; of a shared ledger only the spend by cause, since the authority keeps the accounts. */
  snapshot(): LedgerSnapshot;
  reload(settings: LedgerSettings): void;
  /** Releases what expired; an idle process does it by this alone. */
  sweep(): void;
  close(): Promise<void>;
}

export function createLedger(options: {
  readonly clock: Clock;
  readonly settings: LedgerSettings;
  /** Absent: this process alone. */
  readonly shared?: { readonly authority: LedgerAuthority; readonly replica: string };
  readonly snapshot?: LedgerSnapshot;
  readonly onEvent?: LedgerListener;
}): Ledger {
  const { clock, settings, shared, snapshot, onEvent } = options;
  const listening = onEvent && { onEvent };
  const memory = shared
    ? undefined
    : createMemoryStore({ clock, ...listening, ...(snapshot && { snapshot }) });
  const store = shared ? createLeasedStore({ ...shared, clock, ...listening }) : memory!;
  const budgets = createBudgets({
    store,
    clock,
    config: settings.budgets,
    ...listening,
    ...(snapshot?.spend && { spend: snapshot.spend }),
  });
  const quotas = createQuotas({ store, clock, table: settings.quotas, lanes: settings.lanes, ...listening });
  return {
    budgets,
    quotas,
    store,
    snapshot: () => ({
      ...(memory?.snapshot() ?? { version: 1, at: clock.now(), tallies: [], buckets: [], holds: [] }),
      spend: budgets.spendByAccount(),
    }),
    reload(next) {
      budgets.reload(next.budgets);
      quotas.reload(next.quotas, next.lanes);
    },
    sweep: () => store.sweep(),
    close: () => store.close(),
  };
}
