import { PROVIDER_STATUSES, type ProviderView, type WatchTotals } from '#contracts';
import type { ApiServices } from '../services.ts';
import { says } from './says.ts';
import { slowNow } from './weather.ts';

/** Every target with its reason, worst first; `totals` by `provider/model`. */
export function targetViews(
  { clock, providers, weather }: Pick<ApiServices, 'clock' | 'providers' | 'weather'>,
  totals: ReadonlyMap<string, WatchTotals> = new Map(),
): readonly ProviderView[] {
  const now = clock.now();
  const skies = new Map(weather().map((one) => [`${one.provider}/${one.model}`, one]));
  return providers()
    .map((target): ProviderView => {
      const last = totals.get(`${target.provider}/${target.model}`);
      const slow = slowNow(skies.get(`${target.provider}/${target.model}`)?.findings ?? []);
      return {
        ...target,
        says: says(target, now, last),
        ...(slow && { slow }),
        ...(last && { lastHour: last }),
      };
    })
    .sort((a, b) => rank(a) - rank(b) || nameOf(a).localeCompare(nameOf(b)));
}

/** A target whose key is refused serves nobody, whatever its health was. */
const rank = ({ status, keyRefused }: ProviderView): number =>
  keyRefused ? -1 : PROVIDER_STATUSES.indexOf(status);
const nameOf = ({ provider, model, endpoint = '' }: ProviderView) => `${provider}/${model} ${endpoint}`;
