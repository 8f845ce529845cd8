import type { Account, AccountRule, LedgerStore, QuotaAmounts, QuotaAxis, QuotaConfig } from '#contracts';
import { windowOf } from '../budget/period.ts';

/** One limit of a provider, as an account and how much of it an attempt takes. */
export interface Limit {
  readonly axis: QuotaAxis;
  readonly account: Account;
  /** Per minute or day, with headroom taken off. */
  readonly limit: number;
  /** As published or configured. */
  readonly published: number;
  /** Most that can be had at once. */
  readonly depth: number;
  /** Per millisecond; 0 for a calendar day, which refills only at its end. */
  readonly rate: number;
  /** Of a calendar day. */
  readonly endsAt?: number;
  readonly daily: boolean;
  readonly amountOf: (amounts: QuotaAmounts) => number;
}

const MINUTE = 60_000;
const DAY = 86_400_000;

const input = ({ tokensIn, cachedIn = 0 }: QuotaAmounts): number => Math.max(0, tokensIn - cachedIn);

const AXES: readonly {
  readonly axis: QuotaAxis;
  readonly key:
    | 'requestsPerMinute'
    | 'tokensInPerMinute'
    | 'tokensOutPerMinute'
    | 'tokensPerMinute'
    | 'requestsPerDay'
    | 'tokensPerDay';
  readonly daily: boolean;
  readonly amountOf: (amounts: QuotaAmounts) => number;
  /** Where cache reads are free. */
  readonly uncached?: (amounts: QuotaAmounts) => number;
}[] = [
  { axis: 'requests', key: 'requestsPerMinute', daily: false, amountOf: () => 1 },
  { axis: 'tokensIn', key: 'tokensInPerMinute', daily: false, amountOf: (a) => a.tokensIn, uncached: input },
  { axis: 'tokensOut', key: 'tokensOutPerMinute', daily: false, amountOf: (a) => a.tokensOut },
  {
    axis: 'tokens',
    key: 'tokensPerMinute',
    daily: false,
    amountOf: (a) => a.tokensIn + a.tokensOut,
    uncached: (a) => input(a) + a.tokensOut,
  },
  { axis: 'requestsPerDay', key: 'requestsPerDay', daily: true, amountOf: () => 1 },
  {
    axis: 'tokensPerDay',
    key: 'tokensPerDay',
    daily: true,
    amountOf: (a) => a.tokensIn + a.tokensOut,
    uncached: (a) => input(a) + a.tokensOut,
  },
];

/**
 * Accounts of a scope. A bucket that refills at `headroom` of the published rate and holds `burst` of it passes whatever
 * window the provider really uses, sliding, continuous or fixed, as long as that grants a burst of this size.
 * `lowered`: limits the provider named that are below the configured ones.
 */
export function limitsOf(
  store: LedgerStore,
  scope: string,
  config: QuotaConfig,
  lowered: ReadonlyMap<QuotaAxis, number>,
  now: number,
): readonly Limit[] {
  return AXES.flatMap(({ axis, key, daily, amountOf: all, uncached }) => {
    const amountOf = config.countCacheReads ? all : (uncached ?? all);
    const configured = config[key];
    if (configured === undefined) return [];
    const published = Math.min(configured, lowered.get(axis) ?? configured);
    const limit = published * config.headroom;
    const sharing = { slack: 0, whenAway: config.whenAway };
    if (daily && config.day === 'calendar') {
      const { from, to } = windowOf('day', now);
      const rule: AccountRule = {
        kind: 'tally',
        limit,
        endsAt: to,
        sharing: { ...sharing, slack: limit * config.slack },
      };
      const account = store.account(`quota/${scope}/${axis}@${from}`, rule);
      return [{ axis, account, limit, published, depth: limit, rate: 0, endsAt: to, daily, amountOf }];
    }
    const window = daily ? DAY : MINUTE;
    const depth = daily ? limit : limit * Math.min(1, config.burst / MINUTE);
    const rate = limit / window;
    const rule: AccountRule = {
      kind: 'bucket',
      rate,
      capacity: depth,
      sharing: { ...sharing, slack: Math.min(depth, limit * config.slack) },
    };
    const account = store.account(`quota/${scope}/${axis}`, rule);
    return [{ axis, account, limit, published, depth, rate, daily, amountOf }];
  });
}
