import type { Clock, Recorder, Redactor, Store } from '#contracts';
import { exposition, type House, Meter, modelNames, readHouse } from '#metrics';
import type { Active } from './active.ts';
import { VERSION } from './version.ts';

/** Whatever is recorded is counted. */
export const metered = (recorder: Recorder, meter: Pick<Meter, 'count'>): Recorder => ({
  ...recorder,
  record(finished) {
    recorder.record(finished);
    meter.count(finished.facts);
  },
});

/** Counts the exchanges of one thread. */
export function createMeter(active: () => Active, redactor: Pick<Redactor, 'secrets'>) {
  let known: { readonly of: Active; readonly models: ReadonlySet<string> } | undefined;
  const names = modelNames({
    configured(model) {
      const now = active();
      if (known?.of !== now) known = { of: now, models: modelsOf(now) };
      return known.models.has(model);
    },
    mask: (text) => redactor.secrets(text).text,
  });
  return { names, meter: new Meter(names) };
}

const modelsOf = ({ table, loaded }: Active): ReadonlySet<string> =>
  new Set([
    ...table.routes.flatMap(({ tiers }) =>
      tiers.flatMap(({ targets }) => targets.map(({ model = '' }) => model)),
    ),
    ...Object.values(loaded.config.providers).flatMap(({ prices = {} }) => Object.keys(prices)),
  ]);

/** How long a scrape waits for the database before it says that it is away, ms. */
const PATIENCE = 500;

type Read = Omit<House, 'version' | 'bun' | 'memory' | 'cpu' | 'store'>;

/** What `/metrics` answers. Never rejects because of the database. */
export function openMetrics(given: {
  readonly clock: Clock;
  readonly meter: Pick<Meter, 'read'>;
  readonly store: Pick<Store, 'admin'>;
  readonly read: () => Read;
}): () => Promise<string> {
  const { clock, meter, store, read } = given;
  const up = async (): Promise<boolean> => {
    const patience = new AbortController();
    const asked = store.admin.tokenHash().then(
      () => true,
      () => false,
    );
    const late = clock.sleep(PATIENCE, patience.signal).then(() => false);
    const answers = await Promise.race([asked, late]);
    patience.abort();
    return answers;
  };
  return async () => {
    const store = await up();
    const { user, system } = process.cpuUsage();
    return exposition([
      ...meter.read(),
      ...readHouse({
        ...read(),
        version: VERSION,
        bun: Bun.version,
        memory: process.memoryUsage.rss(),
        cpu: (user + system) / 1e6,
        store,
      }),
    ]);
  };
}
