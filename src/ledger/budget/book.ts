import type {
  Account,
  BudgetConfig,
  BudgetScope,
  BudgetSubject,
  EpochMs,
  LedgerStore,
  Spend,
  TallyRule,
} from '#contracts';
import { pattern } from '../pattern.ts';
import { type Window, windowOf } from './period.ts';
import { type SpendBook, spendBook } from './spend.ts';

/** One account of one budget in one period. */
export interface Entry {
  readonly budget: Budget;
  readonly value: string;
  readonly window: Window;
  readonly account: Account;
  readonly spend: SpendBook;
  /** Types of alarms already raised. */
  readonly alarmed: Set<string>;
}

export interface Budget {
  readonly name: string;
  readonly config: BudgetConfig;
  readonly fits: (value: string) => boolean;
  /** By value; undefined for a value the budget is not for. Saves building the account's name on every call. */
  readonly known: Map<string, Entry | undefined>;
}

/** Which accounts a subject draws on. */
export interface BudgetBook {
  of(subject: BudgetSubject, now: EpochMs): readonly Entry[];
  /** Those whose period has not ended, of all that were asked for. */
  entries(now: EpochMs): readonly Entry[];
  reload(config: Readonly<Record<string, BudgetConfig>>): void;
}

/** Runs and turns come and go; past this many the oldest is dropped here, and the store still knows its account. */
const MOST_KNOWN = 100_000;
const DAY = 86_400_000;
/** A clock that is put back by less than this over midnight stays in its day; after more it was a wrong day that was begun. */
const PUT_BACK = 60_000;
/** How long an unused account without end is kept. What is few and named by the operator is never forgotten. */
const KEEP: Readonly<Partial<Record<BudgetScope, number>>> = {
  user: 400 * DAY,
  run: 30 * DAY,
  turn: 2 * DAY,
};

export function createBook(
  store: LedgerStore,
  config: Readonly<Record<string, BudgetConfig>>,
  spent: Readonly<Record<string, Spend>>,
): BudgetBook {
  let budgets = compile(config);

  function open(budget: Budget, value: string, now: EpochMs): Entry | undefined {
    if (!budget.fits(value)) return undefined;
    const { name, config } = budget;
    const window = windowOf(config.period, now);
    const id = `budget/${name}/${config.per}=${value}/${config.period}@${window.from}`;
    return {
      budget,
      value,
      window,
      account: store.account(id, ruleOf(config, window)),
      spend: spendBook(spent[id]),
      alarmed: new Set(),
    };
  }

  function entryOf(budget: Budget, value: string, now: EpochMs): Entry | undefined {
    const known = budget.known.get(value);
    if (known ? within(known.window, now) : budget.known.has(value)) return known;
    if (budget.known.size >= MOST_KNOWN) budget.known.delete(budget.known.keys().next().value!);
    const entry = open(budget, value, now);
    budget.known.set(value, entry);
    return entry;
  }

  const within = ({ from, to }: Entry['window'], now: EpochMs) =>
    to === undefined || (now < to && now >= from - PUT_BACK);

  const all = () => budgets.flatMap(({ known }) => [...known.values()].filter((e) => e !== undefined));

  return {
    of(subject, now) {
      const found: Entry[] = [];
      for (const budget of budgets) {
        const value = subject[budget.config.per];
        if (value === undefined) continue;
        const entry = entryOf(budget, value, now);
        if (entry) found.push(entry);
      }
      return found;
    },
    entries: (now) => all().filter(({ window: { to } }) => to === undefined || now < to),
    reload(next) {
      const before = all();
      budgets = compile(next);
      for (const entry of before) {
        const budget = budgets.find((b) => b.name === entry.budget.name);
        if (!budget || budget.config.per !== entry.budget.config.per) continue;
        if (budget.config.period !== entry.budget.config.period || !budget.fits(entry.value)) continue;
        const account = store.account(entry.account.id, ruleOf(budget.config, entry.window));
        budget.known.set(entry.value, { ...entry, budget, account, alarmed: new Set() });
      }
    },
  };
}

const compile = (config: Readonly<Record<string, BudgetConfig>>): readonly Budget[] =>
  Object.entries(config).map(([name, entry]) => ({
    name,
    config: entry,
    fits: pattern(entry.match),
    known: new Map(),
  }));

function ruleOf({ hard, per, slack, whenAway }: BudgetConfig, window: Window): TallyRule {
  const keepMs = KEEP[per];
  return {
    kind: 'tally',
    limit: hard ?? Number.POSITIVE_INFINITY,
    ...(window.to !== undefined && { endsAt: window.to }),
    ...(keepMs !== undefined && { keepMs }),
    // A budget that refuses nothing need not ask anybody.
    sharing: { slack: hard === undefined ? Number.POSITIVE_INFINITY : slack, whenAway },
  };
}
