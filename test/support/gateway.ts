import {
  type Config,
  type ConfigInput,
  configSchema,
  type ExchangeFacts,
  type Finished,
  type KeyRecord,
  type Shadower,
  type Steerer,
} from '#contracts';
import { createGateway, type Gateway, type LedgerPorts } from '#gateway';
import { createLag, sha256, systemClock } from '#kernel';
import { estimateUsage, findTranslator, protocols, takeovers, withoutForeignThoughts } from '#protocols';
import { createPricer } from '#providers';
import { createRedactor } from '#telemetry';
import { createTransport } from '#wire';
import { buildRoutes } from '../../src/app/routes.ts';
import { listen } from '../../src/app/serve.ts';

/** The data plane alone on a real port: everything real but the record, which is kept in memory for the test to read. */
export interface TestGateway {
  readonly url: string;
  readonly gateway: Gateway;
  readonly finished: Finished[];
  /** The record of an exchange, as soon as it is there. */
  facts(id: string | null): Promise<ExchangeFacts>;
  stop(): void;
}

export function testGateway(
  input: ConfigInput,
  options: {
    readonly keys?: readonly KeyRecord[];
    readonly ledger?: LedgerPorts;
    readonly steerers?: readonly Steerer[];
    readonly shadowers?: readonly Shadower[];
    readonly houses?: () => number;
    readonly version?: string;
  } = {},
): TestGateway {
  const config: Config = configSchema.parse(input);
  const table = buildRoutes(config);
  const finished: Finished[] = [];
  const redactor = createRedactor();
  const keys = options.keys ?? [];
  const clock = systemClock();
  const wire = createTransport({ clock });
  const gateway = createGateway({
    clock,
    protocols,
    transport: wire.transport,
    keys: { empty: keys.length === 0, find: (hash) => keys.find((k) => k.hash === hash) },
    recorder: {
      record: (f) => finished.push(f),
      flush: async () => undefined,
      stats: () => ({
        taken: finished.length,
        waiting: 0,
        bytes: 0,
        segments: 0,
        maxBytes: 0,
        dropped: 0,
        lagMs: 0,
      }),
    },
    live: { publish: () => undefined, subscribe: () => () => undefined },
    pricer: createPricer({
      claude: { priceId: 'anthropic', free: false },
      up: {
        priceId: 'openai',
        free: false,
        ...(config.providers.up?.prices && { prices: config.providers.up.prices }),
      },
    }),
    estimate: estimateUsage,
    translator: findTranslator,
    withoutForeignThoughts,
    takeovers,
    ledger: () => options.ledger,
    redactor,
    steerers: options.steerers ?? [],
    shadowers: options.shadowers ?? [],
    routes: () => table,
    ...(options.houses && { houses: options.houses }),
    ...(options.version !== undefined && { version: options.version }),
    log: () => undefined,
    lag: (busy) => createLag(clock, busy),
    maxBody: config.limits.body,
  });
  const listener = listen(
    {
      gateway,
      api: { fetch: () => new Response(null, { status: 404 }) },
      assets: async () => undefined,
      mask: (text) => redactor.secrets(text).text,
      ready: () => ({ ok: true, says: 'ready' }),
      clock,
      log: () => undefined,
      maxBody: config.limits.body,
    },
    { host: '127.0.0.1', port: 0 },
  );
  return {
    url: listener.url,
    gateway,
    finished,
    async facts(id) {
      for (let tries = 0; tries < 200; tries++) {
        const found = finished.find((f) => f.facts.id === id);
        if (found) return found.facts;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      throw new Error(`no record of exchange ${id}`);
    },
    stop() {
      listener.stop();
      wire.close();
    },
  };
}

export const keyRecord = (key: string, more: Partial<KeyRecord> = {}): KeyRecord => ({
  id: 'k1',
  name: 'test',
  hash: sha256(key),
  createdAt: 0,
  hint: 'mw_…',
  ...more,
});
