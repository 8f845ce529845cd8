import type { ProviderView, RouteTable } from '#contracts';
import type { Gateway } from '#gateway';
import { healthKey } from '#kernel/resilience';

export type Target = Omit<ProviderView, 'says' | 'lastHour' | 'slow'>;

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

/**
 * As all threads see them together: a target that only another thread has asked is there, the worst word of any counts, and places
 * of limited targets, which are dealt out, add up.
 */
export function ofAllThreads(
  first: readonly Target[],
  others: readonly (readonly Target[])[],
): readonly Target[] {
  if (others.length === 0) return first;
  const all = new Map(first.map((target) => [nameOf(target), target]));
  for (const target of others.flat()) {
    // Nobody has asked it here, so it was named by the configuration alone, without an endpoint.
    const bare = nameOf({ ...target, endpoint: '' });
    if (all.get(bare)?.status === 'unknown') all.delete(bare);
    const name = nameOf(target);
    const known = all.get(name);
    all.set(name, known && rank(known) <= rank(target) ? known : target);
  }
  const places = placesOf([first, ...others]);
  return [...all.values()].map((target) => {
    const concurrency = places.get(modelOf(target));
    return concurrency ? { ...target, concurrency } : target;
  });
}

type Places = NonNullable<Target['concurrency']>;

/** Of each model: all its endpoints share them, so one row a thread counts. */
function placesOf(threads: readonly (readonly Target[])[]): ReadonlyMap<string, Places> {
  const all = new Map<string, Places>();
  for (const targets of threads)
    for (const [model, { limit, inFlight, waiting }] of new Map(
      targets.flatMap((target) =>
        target.concurrency ? [[modelOf(target), target.concurrency] as const] : [],
      ),
    )) {
      const before = all.get(model);
      all.set(model, {
        limit: limit + (before?.limit ?? 0),
        inFlight: inFlight + (before?.inFlight ?? 0),
        waiting: {
          interactive: waiting.interactive + (before?.waiting.interactive ?? 0),
          normal: waiting.normal + (before?.waiting.normal ?? 0),
          batch: waiting.batch + (before?.waiting.batch ?? 0),
        },
      });
    }
  return all;
}

const modelOf = ({ provider, model }: Pick<Target, 'provider' | 'model'>): string => `${provider}/${model}`;
const nameOf = ({ endpoint = '', ...target }: Pick<Target, 'provider' | 'model' | 'endpoint'>): string =>
  `${modelOf(target)} ${endpoint}`;

const WORST_FIRST: readonly Target['status'][] = [
  'down',
  'brownout',
  'degraded',
  'watch',
  'healthy',
  'unknown',
];
const rank = ({ status }: Target): number => WORST_FIRST.indexOf(status);

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
