import type { Attempt, Exchange, ExchangeFacts, RouteView, SystemView } from '#contracts';
import { configSchema, NO_COST, NO_USAGE } from '#contracts';
import { createFreezes } from '#freeze';
import { exchangeIds, systemClock } from '#kernel';
import { protocolByName, rebuildAsk } from '#protocols';
import { openStore } from '#store';
import { freshDatabase } from '#store/testing';
import { createLiveFeed } from '#telemetry';
import { createTiers } from '#tiers';
import { createAdminToken, createApi, createKeyService } from './index.ts';
import type { ApiServices } from './services.ts';

/** The control plane for tests: a real server over a real database that can be taken away and given back. */

const clock = systemClock();
const idAt = exchangeIds(clock);

export const ROUTE: RouteView = {
  name: 'support',
  policy: [{ step: 'match', says: 'model support' }],
  tiers: [{ name: 'primary', targets: ['simulator/sim-fast'] }],
  source: 'config',
};

/** A route with a promise about its tiers and rules that may break it. */
const MIXED = configSchema.parse({
  routes: {
    support: {
      tiers: [
        { name: 'primary', targets: [{ provider: 'up' }] },
        { name: 'small', targets: [{ provider: 'up' }] },
      ],
      mix: { primary: { floor: 0.9, owner: 'ana' } },
      demotions: [
        { id: 'old', onExpire: 'extend-with-approval', expiresAt: 1 },
        { id: 'stuck', onExpire: 'block', expiresAt: 1 },
      ].map((rule) => ({
        ...rule,
        from: 'primary',
        to: 'small',
        owner: 'ana',
        reason: 'flag',
        maxShare: 0.1,
      })),
    },
  },
});

export const SYSTEM: SystemView = {
  version: '0.0.0',
  bun: Bun.version,
  platform: 'test',
  startedAt: 1,
  now: 2,
  listen: '127.0.0.1',
  dataDir: 'data',
  memory: { rss: 1, heapUsed: 1 },
  gateway: {
    inFlight: 0,
    streams: 0,
    requests: 0,
    authFailures: 0,
    lag: { stalls: 0, lateMs: 0, worstMs: 0 },
  },
  spool: { taken: 0, waiting: 0, bytes: 0, segments: 0, maxBytes: 2e9, dropped: 0, lagMs: 0 },
  database: { kind: 'embedded', state: 'up' },
  retention: { exchangesMs: 1, bodiesMs: 1, rollupsMs: 1, diskBytes: 20e9 },
  disk: { freeBytes: 100e9, totalBytes: 200e9 },
  prices: { version: 'test' },
};

/** What the house says of traffic; a test writes into it. */
const noTraffic = () => ({
  providers: [] as ReturnType<ApiServices['providers']>,
  hours: [] as ReturnType<ApiServices['hours']>,
  regimes: [] as ReturnType<ApiServices['regimes']>,
  weather: [] as ReturnType<ApiServices['weather']>,
  fallbacks: [] as ReturnType<ApiServices['fallbacks']>,
  ramps: [] as ReturnType<ApiServices['ramps']>,
  routers: [] as ReturnType<ApiServices['routers']>,
  quotas: [] as ReturnType<ApiServices['quotas']>,
  budgets: [] as ReturnType<ApiServices['budgets']>,
  reloaded: { ok: true, changed: [] } as ReturnType<ApiServices['reload']>,
});

export interface LogLine {
  readonly level: string;
  readonly event: string;
}

export async function startApi() {
  const fresh = await freshDatabase();
  const wire = breakableWire(fresh.url);
  const lines: LogLine[] = [];
  const log = (level: string, event: string) => void lines.push({ level, event });
  const store = openStore({ url: wire.url, clock, log });
  await store.upkeep.migrate();
  const admin = await createAdminToken(clock);
  await store.admin.setTokenHash(admin.hash);
  const snapshot: { text: string | undefined } = { text: undefined };
  const snapshotFile = {
    read: async () => snapshot.text,
    write: async (text: string) => {
      snapshot.text = text;
    },
  };
  const keys = createKeyService({ store, clock, log, snapshot: snapshotFile });
  await keys.start();
  const live = createLiveFeed();
  const traffic = noTraffic();
  const tiers = createTiers({ clock, config: MIXED, record: store.tiers, late: () => 0, log });
  const house = configSchema.parse({
    providers: { sim: { kind: 'simulator' } },
    routes: { [ROUTE.name]: { tiers: [{ name: 'primary', targets: [{ provider: 'sim' }] }] } },
  });
  const freezes = createFreezes({
    store: store.freezes,
    clock,
    log,
    snapshot: { read: () => undefined, write: () => undefined },
    configured: () => house,
    changed: () => void freezes.pin(house),
    differences: () => [],
  });
  freezes.pin(house);
  const api = createApi({
    clock,
    log,
    store,
    keys,
    live,
    cancelRun: (id) => store.runs.cancel(id, clock.now(), '{}'),
    resampleRun: (id) => store.runs.get(id),
    cassettes: async () => ({ proofs: [] }),
    decideRun: (id, said) =>
      store.runs.decide(id, { ...said, at: clock.now() }, `Refused by ${said.by}`, '{}'),
    adminHash: () => admin.hash,
    metrics: async () => '# nothing\n',
    status: () => ({
      version: '0.0.0',
      startedAt: 1,
      state: 'ready',
      open: keys.empty,
      simulated: false,
      database: wire.up ? 'up' : 'down',
    }),
    system: async () => ({
      ...SYSTEM,
      database: { kind: 'embedded', state: wire.up ? 'up' : 'down' },
    }),
    routes: () => [ROUTE],
    providers: () => traffic.providers,
    hours: () => traffic.hours,
    regimes: () => traffic.regimes,
    weather: () => traffic.weather,
    fallbacks: () => traffic.fallbacks,
    ramps: () => traffic.ramps,
    changeRamp: (route) => {
      const ramp = traffic.ramps.find((one) => one.route === route);
      return ramp && { ok: true, ramp };
    },
    decideRamp: (route) =>
      traffic.ramps.some((one) => one.route === route)
        ? { path: 'old', tier: 'primary', score: 0.2, bucket: 1 }
        : undefined,
    judgeRamp: (route, verdicts) => {
      const ramp = traffic.ramps.find((one) => one.route === route);
      return ramp && { counted: verdicts.length, unknown: [], ramp };
    },
    routers: () => traffic.routers,
    drillFallbacks: async ({ route, confirmed }) =>
      route === 'support'
        ? {
            ok: true,
            value: {
              plan: { calls: 8, ms: 120_000, microUsd: 40, unpriced: 0 },
              ran: confirmed,
              microUsd: confirmed ? 20 : 0,
              results: [],
              edges: traffic.fallbacks,
            },
          }
        : { ok: false, error: { message: `There is no route "${route}".`, hint: 'Known routes: support.' } },
    quotas: () => traffic.quotas,
    budgets: () => traffic.budgets,
    tiers,
    freezes,
    shadows: () => [],
    development: () => ({ keys: [], tenants: ['ci'], features: [], routes: [] }),
    reload: () => traffic.reloaded,
    readMessages: (protocol, body) => protocolByName(protocol)?.readMessage(body) ?? [],
    rebuildAsk,
  });
  /** Any free port, and the same one again after a restart. */
  const serve = (port: number) =>
    Bun.serve({
      hostname: '127.0.0.1',
      port,
      idleTimeout: 0,
      fetch: (request, server) =>
        api.fetch(request, { address: server.requestIP(request)?.address ?? 'nobody' }),
    });
  let server = serve(0);
  const port = server.port as number;
  return {
    url: `http://127.0.0.1:${port}`,
    token: admin.token,
    store,
    keys,
    live,
    api,
    traffic,
    wire,
    lines,
    snapshot,
    snapshotFile,
    /** Breaks every connection and listens again, as a restart does. */
    async restart() {
      api.close();
      await server.stop(true);
      server = serve(port);
    },
    async stop() {
      api.close();
      await server.stop(true);
      await keys.stop();
      await store.close();
      wire.cut();
      await fresh.drop();
    },
  };
}

export type TestApi = Awaited<ReturnType<typeof startApi>>;

/** A TCP relay in front of Postgres: cutting it is what a caller sees of a database that went away. */
function breakableWire(databaseUrl: string) {
  const url = new URL(databaseUrl);
  const target = { hostname: url.hostname, port: Number(url.port) };
  type End = Bun.Socket<{ other?: End; early: Buffer[] }>;
  const open = new Set<End>();
  const pass = {
    data(socket: End, bytes: Buffer) {
      if (socket.data.other) socket.data.other.write(bytes);
      else socket.data.early.push(Buffer.from(bytes));
    },
    close(socket: End) {
      open.delete(socket);
      socket.data.other?.end();
    },
  };
  const listen = (port: number) =>
    Bun.listen<{ other?: End; early: Buffer[] }>({
      hostname: '127.0.0.1',
      port,
      socket: {
        ...pass,
        async open(socket) {
          socket.data = { early: [] };
          open.add(socket);
          const other = await Bun.connect<{ other?: End; early: Buffer[] }>({
            ...target,
            data: { other: socket, early: [] },
            socket: pass,
          });
          for (const bytes of socket.data.early) other.write(bytes);
          socket.data.other = other;
        },
      },
    });
  let listener: ReturnType<typeof listen> | undefined = listen(0);
  const { port } = listener;
  url.hostname = '127.0.0.1';
  url.port = String(port);
  return {
    url: url.href,
    get up() {
      return listener !== undefined;
    },
    cut() {
      listener?.stop(true);
      listener = undefined;
      for (const socket of open) socket.end();
      open.clear();
    },
    mend() {
      listener ??= listen(port);
    },
  };
}

/** Facts of one exchange that ended well, and whatever differs. */
export function facts(more: Partial<ExchangeFacts> = {}): ExchangeFacts {
  const attempt: Attempt = {
    number: 1,
    cause: 'first',
    tier: 'primary',
    provider: 'simulator',
    model: 'sim-fast',
    startedAt: clock.now(),
    outcome: 'complete',
    status: 200,
    usage: { ...NO_USAGE, input: 12, output: 5, basis: 'reported' },
    cost: { ...NO_COST, microUsd: 40, state: 'exact', priceVersion: 'test' },
    timing: { headers: 3, firstByte: 4, firstToken: 5, total: 9 },
  };
  return {
    id: idAt(),
    at: clock.now(),
    kind: 'model',
    source: 'gateway',
    route: 'support',
    protocol: 'openai-chat',
    observed: { model: 'sim-fast-1' },
    who: { feature: 'chat', user: 'u1' },
    place: { task: 't1' },
    ask: {
      model: 'support',
      stream: false,
      turns: 1,
      tools: 0,
      images: 0,
      audios: 0,
      structured: false,
      choices: 1,
      stops: 0,
      bytes: 100,
    },
    attempts: [attempt],
    verdicts: [],
    tier: { intended: 'primary', served: 'primary' },
    outcome: 'complete',
    usage: attempt.usage,
    cost: attempt.cost,
    timing: { queued: 0, firstByte: 4, firstToken: 5, total: 10, overhead: 1 },
    status: 200,
    record: 'full',
    ...more,
  };
}

const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** Writes an exchange as the scribe would, with bodies unless its facts say that none are recorded. */
export async function record(
  store: TestApi['store'],
  exchange: ExchangeFacts,
  ask: unknown,
  answer?: readonly unknown[],
): Promise<void> {
  const protocol = protocolByName(exchange.protocol);
  if (!protocol) throw new RangeError(`no protocol ${exchange.protocol}`);
  const digest = protocol.digest(bytes(ask), answer && bytes(answer), {});
  const kept = exchange.record !== 'none';
  const whole: Exchange = {
    ...exchange,
    release: digest.release,
    ...(kept && digest.ask && { askRecord: digest.ask }),
    ...(kept && digest.answer && { answerRecord: digest.answer }),
  };
  const none = { bodies: new Map(), links: new Map() };
  await store.write([
    { exchange: whole, digest: kept ? digest : { axes: digest.axes, release: digest.release, ...none } },
  ]);
}
