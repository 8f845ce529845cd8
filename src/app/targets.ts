import type { ProviderView, RouteTable } from '#contracts';
import type { Gateway } from '#gateway';
import { healthKey } from '#kernel/resilience';

type Target = Omit<ProviderView, 'says' | 'lastHour' | 'slow'>;

/** How the targets stand that were asked, joined with those that the configuration names and nobody asked yet. */
export function describeTargets(
  table: RouteTable,
  {
    standing,
    seats,
  }: { readonly standing: Pick<Gateway['standing'], 'read' | 'snapshot'>; readonly seats: Gateway['seats'] },
): readonly Target[] {
  const busy = new Map(
    seats.read().map(({ provider, model, ...reading }) => [`${provider}/${model}`, reading]),
  );
  const kept = standing.snapshot();
  const named = namesOf(table);
  const routesTo = (provider: string, model: string) => [
    ...(named.get(`${provider}/${model}`)?.routes ?? []),
    // A target that names no model takes the caller's.
    ...(named.get(`${provider}/`)?.routes ?? []),
  ];
  const seen = new Set<string>();
  const read = standing.read().flatMap(({ since, ...reading }): readonly Target[] => {
    const { provider, model, endpoint, circuit, keyRefused, closedFor } = reading;
    const health = kept[healthKey({ provider, model, endpoint })]?.health;
    const judged = (health?.grade.cusum.n ?? 0) > 0 || (health?.circuit.since ?? 0) > 0;
    // Planned as a fallback and never needed: as good as not seen.
    if (!judged && since === 0 && circuit === 'closed' && !keyRefused && closedFor === 0) return [];
    seen.add(`${provider}/${model}`);
    const concurrency = busy.get(`${provider}/${model}`);
    return [
      {
        ...reading,
        routes: routesTo(provider, model),
        ...(since > 0 && { since }),
        ...(concurrency && { concurrency }),
      },
    ];
  });
  const unseen = [...named.values()].filter(
    ({ provider, model }) => model !== '' && !seen.has(`${provider}/${model}`),
  );
  return [
    ...read,
    ...unseen.map(({ provider, model }) => unknown(provider, model, routesTo(provider, model))),
  ];
}

interface Named {
  readonly provider: string;
  /** Empty: the caller's. */
  readonly model: string;
  readonly routes: readonly string[];
}

function namesOf({ routes }: RouteTable): ReadonlyMap<string, Named> {
  const named = new Map<string, Named>();
  for (const route of routes)
    for (const { targets } of route.tiers)
      for (const { provider, model = '' } of targets) {
        const name = `${provider}/${model}`;
        const before = named.get(name)?.routes ?? [];
        named.set(name, { provider, model, routes: [...new Set([...before, route.name])] });
      }
  return named;
}

const unknown = (provider: string, model: string, routes: readonly string[]): Target => ({
  provider,
  model,
  routes,
  status: 'unknown',
  score: 0,
  share: 1,
  circuit: 'closed',
  closedFor: 0,
  keyRefused: false,
  bad: 0,
  slowness: 1,
  statistic: 0,
  threshold: 0,
});
