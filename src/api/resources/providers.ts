import { PROVIDER_STATUSES, type ProviderView, StoreUnavailable, type WatchTotals } from '#contracts';
import { endpoint } from '../http/endpoint.ts';
import type { ApiServices } from '../services.ts';
import { says } from '../traffic/says.ts';

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
    async handle(_, { services }): Promise<readonly ProviderView[]> {
      const [now, totals] = [services.clock.now(), await lastHour(services)];
      return services
        .providers()
        .map((target): ProviderView => {
          const last = totals.get(`${target.provider}/${target.model}`);
          return { ...target, says: says(target, now), ...(last && { lastHour: last }) };
        })
        .sort((a, b) => rank(a) - rank(b) || nameOf(a).localeCompare(nameOf(b)));
    },
  }),
];

/** A target whose key is refused serves nobody, whatever its health was. */
const rank = ({ status, keyRefused }: ProviderView): number =>
  keyRefused ? -1 : PROVIDER_STATUSES.indexOf(status);
const nameOf = ({ provider, model, endpoint = '' }: ProviderView) => `${provider}/${model} ${endpoint}`;

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
