import { StoreUnavailable, type WatchTotals } from '#contracts';
import { endpoint } from '../http/endpoint.ts';
import type { ApiServices } from '../services.ts';
import { targetViews } from '../traffic/targets.ts';

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
