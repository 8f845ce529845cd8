import { type Watch, watchQuerySchema } from '#contracts';
import { attention } from '../attention/attention.ts';
import { endpoint } from '../http/endpoint.ts';
import { badRequest } from '../http/refusal.ts';
import { fallbackViews } from '../traffic/fallbacks.ts';
import { budgetViews } from '../traffic/ledger.ts';
import { targetViews } from '../traffic/targets.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Rollups are per minute; a chart is a few hundred pixels wide. */
const STEPS = [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 6 * HOUR, DAY, 7 * DAY] as const;
const MAX_POINTS = 180;

/** The last hour unless asked otherwise, widened to whole steps so that no point is half a point. */
export function windowOf(query: { readonly from?: number; readonly to?: number }, now: number) {
  const to = query.to ?? now;
  const from = query.from ?? to - HOUR;
  if (from >= to)
    throw badRequest(
      '"from" is not before "to".',
      'Both are milliseconds since 1970; from is the older one.',
    );
  const step = STEPS.find((s) => (to - from) / s <= MAX_POINTS) ?? 7 * DAY;
  if ((to - from) / step > 10 * MAX_POINTS)
    throw badRequest('The window is too long.', 'Ask for at most thirty years.');
  return { from: Math.floor(from / step) * step, to: Math.ceil(to / step) * step, step };
}

export const watchEndpoints = [
  endpoint({
    method: 'GET',
    path: '/watch',
    access: 'viewer',
    summary:
      'Traffic, outcomes, latency, spend, changes and what needs attention, from rollups; by default the last hour.',
    query: watchQuerySchema,
    answer: { schema: 'Watch', says: 'The window, widened to whole steps.' },
    async handle({ query }, { services }): Promise<Watch> {
      const { from, to, step } = windowOf(query, services.clock.now());
      const { route: only, tenant, feature } = query;
      const route = only === undefined ? {} : { route: only };
      const slice = {
        ...route,
        ...(tenant !== undefined && { tenant }),
        ...(feature !== undefined && { feature }),
      };
      const { tiers } = services;
      const { rollups, changes } = services.store;
      const now = services.clock.now();
      const [window, before, changed, system, spend, frozen] = await Promise.all([
        rollups.window({ from, to, step, ...slice }),
        rollups.window({ from: from - (to - from), to: from, step, ...slice }),
        changes.list({ from, to, ...route }, { limit: 500 }),
        services.system(),
        rollups.spend({ from: now - HOUR, to: now, by: 'route' }),
        services.freezes.list(),
      ]).catch((error: unknown) => {
        throw error instanceof RangeError
          ? badRequest(
              `${error.message}.`,
              'Filter exchanges by tenant or feature instead: every one of them is there.',
            )
          : error;
      });
      const facts = {
        from,
        to,
        status: services.status(),
        system,
        window,
        before,
        targets: targetViews(services),
        regimes: services.regimes(),
        budgets: budgetViews(services.budgets()),
        routers: services.routers().filter(({ route }) => only === undefined || route === only),
        ramps: services.ramps().filter(({ route }) => only === undefined || route === only),
        mix: tiers.findings().filter(({ route: of }) => only === undefined || of === only),
        demotions: tiers.demotions().filter(({ route: of }) => only === undefined || of === only),
        fallbacks: fallbackViews(services).filter(({ route }) => only === undefined || route === only),
        freezes: frozen.filter(({ route }) => only === undefined || route === only),
        spend: spend.rows.filter(({ name }) => only === undefined || name === only),
      };
      return { from, to, step, ...window, changes: changed.rows, attention: attention(facts) };
    },
  }),
];
