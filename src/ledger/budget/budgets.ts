import type {
  BudgetAsk,
  BudgetConfig,
  BudgetDecision,
  BudgetReading,
  BudgetSubject,
  Claim,
  Clock,
  Hold,
  LedgerListener,
  LedgerStore,
  MicroUsd,
  Spend,
  SpendCause,
  SpendState,
  Taking,
} from '#contracts';
import { type BudgetBook, createBook, type Entry } from './book.ts';
import { spendBook } from './spend.ts';

/** Milliseconds. */
const UNPRICED_AGAIN = 600_000;
const MOST_TOLD = 1_000;

type Bill = { readonly microUsd: MicroUsd; readonly state: SpendState };

export interface Budgets {
  /** Takes the worst case from every budget that the subject has, or from none. */
  reserve(ask: BudgetAsk): BudgetDecision | Promise<BudgetDecision>;
  /** A bill that nobody reserved, for instance of a hedge that was launched while the authority was away. */
  charge(subject: BudgetSubject, cause: SpendCause, bill: Bill): void;
  readings(): readonly BudgetReading[];
  /** All that this process settled, by cause, whether a budget covers it or not: the sum of the records. */
  spend(): Spend;
  /** Spend by account, for a snapshot; the empty name is the whole. */
  spendByAccount(): Readonly<Record<string, Spend>>;
  /** What was spent stays spent; limits change at once. */
  reload(config: Readonly<Record<string, BudgetConfig>>): void;
}

export function createBudgets(options: {
  readonly store: LedgerStore;
  readonly clock: Pick<Clock, 'now'>;
  readonly config: Readonly<Record<string, BudgetConfig>>;
  readonly onEvent?: LedgerListener;
  readonly spend?: Readonly<Record<string, Spend>>;
}): Budgets {
  const { store, clock, onEvent } = options;
  const total = spendBook(options.spend?.['']);
  const book: BudgetBook = createBook(store, options.config, options.spend ?? {});

  function watch(entry: Entry): void {
    const { soft, hard } = entry.budget.config;
    const { settled } = store.read(entry.account);
    if (soft !== undefined && settled >= soft) alarm(entry, 'budget_soft', soft, settled);
    if (hard !== undefined && settled > hard) alarm(entry, 'budget_over', hard, settled);
  }

  /** Once per account: an alarm that repeats with every request is turned off by somebody. */
  function alarm(
    entry: Entry,
    type: 'budget_soft' | 'budget_hard' | 'budget_over',
    limit: MicroUsd,
    used: MicroUsd,
  ): void {
    if (entry.alarmed.has(type)) return;
    entry.alarmed.add(type);
    const { budget, value } = entry;
    onEvent?.({ type, at: clock.now(), budget: budget.name, scope: budget.config.per, value, limit, used });
  }

  function bill(entry: Entry, cause: SpendCause, what: Bill): MicroUsd {
    const charged = what.state === 'unpriced' ? entry.budget.config.unpriced : what.microUsd;
    entry.spend.add(cause, what, charged);
    return charged;
  }

  function granted(ask: BudgetAsk, entries: readonly Entry[], hold: Hold | undefined): BudgetDecision {
    let open = true;
    return {
      ok: true,
      settle(what) {
        if (!open) return false;
        open = false;
        total.add(ask.cause, what, what.microUsd);
        if (what.state === 'unpriced' && ask.worst !== undefined)
          unpriced(ask.subject, ask.cause, ask.unpriced);
        if (!hold) return true;
        const actual: number[] = [];
        for (const entry of entries) actual.push(bill(entry, ask.cause, what));
        store.settle(hold, actual);
        for (const entry of entries) watch(entry);
        return true;
      },
      release() {
        if (!open) return false;
        open = false;
        if (hold) store.settle(hold, NOTHING);
        return true;
      },
    };
  }

  function refused(
    taking: Extract<Taking, { ok: false }>,
    claims: readonly Claim[],
    entries: readonly Entry[],
  ): BudgetDecision {
    const { claim, why, waitMs } = taking;
    const entry = entries[claims.indexOf(claim)]!;
    const { budget, value } = entry;
    const { left, used } = store.read(entry.account);
    const limit = budget.config.hard ?? 0;
    if (why !== 'away') alarm(entry, 'budget_hard', limit, used);
    return {
      ok: false,
      why: why === 'short' ? 'exceeded' : why,
      budget: budget.name,
      scope: budget.config.per,
      value,
      period: budget.config.period,
      limit,
      left,
      asked: claim.amount,
      ...(Number.isFinite(waitMs) && { retryAfterMs: waitMs }),
    };
  }

  /** When each was last told of. */
  const told = new Map<string, number>();

  /** Now and then for each model: it is as true of every call, and a log of ten thousand a second tells less than one line. */
  function unpriced(subject: BudgetSubject, cause: SpendCause, what?: string): void {
    if (!onEvent) return;
    const at = clock.now();
    const last = told.get(what ?? '');
    if (last !== undefined && at - last < UNPRICED_AGAIN) return;
    // Models of catch-all routes are named by callers.
    if (told.size >= MOST_TOLD) told.clear();
    told.set(what ?? '', at);
    onEvent({ type: 'unpriced', at, ...(what !== undefined && { what }), subject, cause });
  }

  return {
    reserve(ask) {
      const { subject, worst, ttlMs } = ask;
      if (worst === undefined) unpriced(subject, ask.cause, ask.unpriced);
      const entries = book.of(subject, clock.now());
      if (entries.length === 0) return granted(ask, entries, undefined);
      const claims: Claim[] = [];
      for (const { account, budget } of entries)
        claims.push({ account, amount: worst ?? budget.config.unpriced });
      const decide = (taking: Taking): BudgetDecision =>
        taking.ok ? granted(ask, entries, taking.hold) : refused(taking, claims, entries);
      const taking = store.take(claims, ttlMs);
      return taking instanceof Promise ? taking.then(decide) : decide(taking);
    },

    charge(subject, cause, what) {
      total.add(cause, what, what.microUsd);
      if (what.state === 'unpriced') unpriced(subject, cause);
      for (const entry of book.of(subject, clock.now())) {
        store.charge(entry.account, bill(entry, cause, what));
        watch(entry);
      }
    },

    readings: () =>
      book.entries(clock.now()).map((entry) => {
        const { budget, value, window } = entry;
        const { per, period, soft, hard } = budget.config;
        const { settled, reserved } = store.read(entry.account);
        return {
          budget: budget.name,
          scope: per,
          value,
          period,
          from: window.from,
          ...(window.to !== undefined && { to: window.to }),
          ...(soft !== undefined && { soft }),
          ...(hard !== undefined && { hard }),
          settled,
          reserved,
          spend: entry.spend.read(),
        };
      }),

    spend: () => total.read(),
    spendByAccount: () => ({
      ...Object.fromEntries(book.entries(clock.now()).map((entry) => [entry.account.id, entry.spend.read()])),
      '': total.read(),
    }),
    reload: (config) => book.reload(config),
  };
}

/** `LedgerStore.settle` reads a missing figure as nothing. */
const NOTHING: readonly number[] = Object.freeze([]);
