import { type RouteView, StoreUnavailable, type WatchTotals } from '#contracts';
import { endpoint } from '../http/endpoint.ts';
import { notFound } from '../http/refusal.ts';
import type { ApiServices } from '../services.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export const routeEndpoints = [
  endpoint({
    method: 'GET',
    path: '/routes',
    access: 'viewer',
    summary: 'Every route with its whole policy in the order in which it acts, and its last hour.',
    answer: { schema: 'RouteView', list: true, says: 'The routes in order of matching.' },
    handle: (_, { services }) => withTotals(services, services.routes()),
  }),
  endpoint({
    method: 'GET',
    path: '/routes/:name',
    access: 'viewer',
    summary: 'One route.',
    answer: { schema: 'RouteView', says: 'The route.' },
    async handle({ params }, { services }) {
      const routes = services.routes();
      const route = routes.find((r) => r.name === params.name);
      if (route) return (await withTotals(services, [route]))[0];
      throw notFound(
        `There is no route "${params.name}".`,
        routes.length ? `Known routes: ${routes.map((r) => r.name).join(', ')}.` : 'No route is configured.',
      );
    },
  }),
];

async function withTotals(services: ApiServices, routes: readonly RouteView[]): Promise<RouteView[]> {
  const totals = await lastHour(services);
  return routes.map((route) => {
    const last = totals.get(route.name);
    return last ? { ...route, lastHour: last } : route;
  });
}

/** None at all while the database is away: the policy is worth showing without. */
async function lastHour({ store, clock }: ApiServices): Promise<ReadonlyMap<string, WatchTotals>> {
  const to = Math.ceil(clock.now() / MINUTE) * MINUTE;
  try {
    const { byRoute } = await store.rollups.window({ from: to - HOUR, to, step: HOUR });
    return new Map(byRoute.map(({ route, ...totals }) => [route, totals]));
  } catch (error) {
    if (error instanceof StoreUnavailable) return new Map();
    throw error;
  }
}
