import type {
  EpochMs,
  MixVerdict,
  RateView,
  RouteTiers,
  TenantTiers,
  TierCount,
  TierFinding,
  TierPoint,
  TierRow,
  TierShare,
  TiersBy,
  UserTiers,
} from '#contracts';
import { clopperPearsonLower, clopperPearsonUpper, wilson } from '#kernel/stats';
import { HOUR } from './tally.ts';
import type { Promised } from './watch.ts';

/** A route that has a mix: more than one tier, or a promise about its only one. */
export interface Mixed extends Promised {
  readonly tiers: readonly string[];
}

export interface Counted {
  readonly hours: readonly TierCount[];
  /** Where tenants were asked for. */
  readonly tenants?: readonly TenantTiers[];
  readonly users?: readonly UserTiers[];
}

export interface ReportWindow {
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly by: TiersBy;
  readonly step: number;
}

/** A chart is a few hundred pixels wide. */
const STEPS = [HOUR, 6 * HOUR, 24 * HOUR, 7 * 24 * HOUR] as const;
const MOST_POINTS = 200;
export const stepOf = (span: number): number =>
  STEPS.find((step) => span / step <= MOST_POINTS) ?? (STEPS.at(-1) as number);

export function routeReport(
  route: Mixed,
  counted: Counted,
  window: ReportWindow,
  findings: readonly TierFinding[],
): RouteTiers {
  const hours = counted.hours.filter((count) => count.route === route.route);
  const n = sum(hours);
  const tiers = tierShares(route, hours, n);
  const users = counted.users?.find((one) => one.route === route.route);
  return {
    route: route.route,
    primary: route.primary,
    verdict: together(tiers),
    demoted: rate(sum(hours.filter(({ by }) => by !== undefined)), n),
    ...(users && { users: rate(users.mostlyDemoted, users.users) }),
    tiers,
    findings,
    rows: rowsBy(window.by, route.route, hours, counted.tenants ?? [], n),
    points: points(hours, window),
  };
}

function tierShares({ tiers, mix }: Mixed, hours: readonly TierCount[], n: number): readonly TierShare[] {
  const served = totals(hours, ({ tier }) => tier);
  const names = new Set([...tiers, ...served.keys()]);
  return [...names].map((tier): TierShare => {
    const count = served.get(tier) ?? 0;
    const clause = mix?.[tier];
    if (!clause) return { tier, served: rate(count, n) };
    const { target, floor, ceiling, owner } = clause;
    const declared = {
      ...(target !== undefined && { target }),
      ...(floor !== undefined && { floor }),
      ...(ceiling !== undefined && { ceiling }),
      ...(owner !== undefined && { owner }),
    };
    const verdict = verdictOf(count, n, floor, ceiling);
    return { tier, served: rate(count, n), declared, ...(verdict && { verdict }) };
  });
}

const CONFIDENCE = 0.975;

/** By exact bounds, two-sided 95 %: met only where the interval says so, broken only where it says so. */
function verdictOf(
  count: number,
  n: number,
  floor: number | undefined,
  ceiling: number | undefined,
): TierShare['verdict'] {
  if (floor === undefined && ceiling === undefined) return undefined;
  if (n === 0) return 'UNKNOWN';
  const low = clopperPearsonLower(count, n, CONFIDENCE);
  const high = clopperPearsonUpper(count, n, CONFIDENCE);
  if (high < (floor ?? 0) || low > (ceiling ?? 1)) return 'BREACHED';
  return low >= (floor ?? 0) && high <= (ceiling ?? 1) ? 'MET' : 'UNKNOWN';
}

function together(tiers: readonly TierShare[]): MixVerdict {
  const verdicts = tiers.flatMap(({ verdict }) => (verdict ? [verdict] : []));
  if (verdicts.length === 0) return 'UNDECLARED';
  return verdicts.includes('BREACHED') ? 'BREACHED' : verdicts.includes('UNKNOWN') ? 'UNKNOWN' : 'MET';
}

function rowsBy(
  by: TiersBy,
  route: string,
  hours: readonly TierCount[],
  tenants: readonly TenantTiers[],
  n: number,
): readonly TierRow[] {
  if (by === 'tenant')
    return tenants
      .filter((one) => one.route === route)
      .map(
        ({ name, rest, exchanges, demoted }): TierRow => ({
          ...(name !== undefined && { name }),
          ...(rest && { rest }),
          share: rate(demoted, exchanges),
        }),
      )
      .sort((a, b) => b.share.count - a.share.count || b.share.n - a.share.n);
  const counts =
    by === 'tier'
      ? totals(hours, ({ tier }) => tier)
      : totals(
          hours.filter((count) => count.by !== undefined),
          (count) => (by === 'rule' ? count.by : count.reason) ?? '',
        );
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => ({ ...(name !== '' && { name }), share: rate(count, n) }));
}

function points(hours: readonly TierCount[], { from, step }: ReportWindow): readonly TierPoint[] {
  const start = Math.floor(from / step) * step;
  const groups = Map.groupBy(hours, ({ at }) => start + Math.floor((at - start) / step) * step);
  return [...groups]
    .sort(([a], [b]) => a - b)
    .map(([at, ofPoint]) => ({
      at,
      exchanges: sum(ofPoint),
      tiers: Object.fromEntries(totals(ofPoint, ({ tier }) => tier)),
    }));
}

function totals(hours: readonly TierCount[], nameOf: (count: TierCount) => string): Map<string, number> {
  const found = new Map<string, number>();
  for (const count of hours) {
    const name = nameOf(count);
    found.set(name, (found.get(name) ?? 0) + count.exchanges);
  }
  return found;
}

const sum = (hours: readonly TierCount[]): number => hours.reduce((n, { exchanges }) => n + exchanges, 0);

/** Of nothing nothing is known: the rate is shown as 0 within an interval of everything. */
function rate(count: number, n: number): RateView {
  if (n === 0) return { count: 0, n: 0, rate: 0, low: 0, high: 1 };
  const { estimate, lower, upper } = wilson(count, n);
  return { count, n, rate: estimate, low: lower, high: upper };
}
