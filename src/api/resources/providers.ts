import { hoursQuerySchema, StoreUnavailable, type WatchTotals } from '#contracts';
import { endpoint } from '../http/endpoint.ts';
import type { ApiServices } from '../services.ts';
import { hoursViews } from '../traffic/hours.ts';
import { targetViews } from '../traffic/targets.ts';
import { weatherViews } from '../traffic/weather.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export const providerEndpoints = [
  endpoint({
    method: 'GET',
    path: '/providers',
    access: 'viewer',
    summary:
      'How every target stands, worst first: health with its reason, share of traffic, circuit, last hour. Needs no database.',
    answer: { schema: 'ProviderView', list: true, says: 'The targets.' },
    handle: async (_, { services }) => targetViews(services, await lastHour(services)),
  }),
  endpoint({
    method: 'GET',
    path: '/providers/hours',
    access: 'viewer',
    summary:
      'Time to the first token by the hour of the week, for each target and size of ask, the most used first: what is normal, how many answers say so, and how it goes now. Needs no database.',
    query: hoursQuerySchema,
    answer: { schema: 'HoursView', list: true, says: 'The weeks of the targets.' },
    handle: ({ query }, { services }) => hoursViews(services.hours(), query, services.clock.now()),
  }),
  endpoint({
    method: 'GET',
    path: '/providers/weather',
    access: 'viewer',
    summary:
      'How long each target keeps its callers waiting beyond what their asks need, against what is normal for the hour, why it is slow when it is, and what probes cost; slow ones first. Needs no database.',
    answer: { schema: 'WeatherView', list: true, says: 'The weather of the targets.' },
    handle: (_, { services }) => weatherViews(services.weather(), services.clock.now()),
  }),
];

async function lastHour({ store, clock }: ApiServices): Promise<ReadonlyMap<string, WatchTotals>> {
  const to = Math.ceil(clock.now() / MINUTE) * MINUTE;
  try {
    const { byTarget } = await store.rollups.window({ from: to - HOUR, to, step: HOUR });
    return new Map(byTarget.map(({ target, ...totals }) => [target, totals]));
  } catch (error) {
    if (error instanceof StoreUnavailable) return new Map();
    throw error;
  }
}
