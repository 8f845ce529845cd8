import { createApi, createKeyService, type KeyService } from '#api';
import { createCassettes, nodeCassetteFiles, summary } from '#cassettes';
import type { Clock, Config, Log, Status, Steerer } from '#contracts';
import { createFreezes } from '#freeze';
import { createIdempotency, createSharedAnswers } from '#idempotency';
import { exchangeIds, systemClock } from '#kernel';
import { protocolByName, protocols, rebuildAsk } from '#protocols';
import { createRuns } from '#runs';
import { createLiveFeed, createRecorder, createRedactor, nodeSpoolFiles } from '#telemetry';
import { createTransport } from '#wire';
import { type Active, activate, usesSimulator } from './active.ts';
import { createActs } from './acts.ts';
import { createAdminHash, STARTER } from './admin.ts';
import { callers } from './callers.ts';
import { labels } from './cassettes.ts';
import type { LoadedConfig } from './config/index.ts';
import type { Assets } from './console-assets.ts';
import { openDataFolder, readIfThere, writeWhole } from './data-folder.ts';
import { type Database, DatabaseAway, openDatabase } from './database.ts';
import { deferrals } from './defer.ts';
import { openEvidence } from './evidence.ts';
import { foresee } from './foresee.ts';
import { createLateStore } from './late-store.ts';
import { keepLearnt } from './learnt.ts';
import { limits, openLedger } from './ledger.ts';
import { leftInSpool } from './left-behind.ts';
import { createLifecycle } from './lifecycle.ts';
import { createPasses } from './passes.ts';
import { openPlane } from './plane.ts';

import { shareProofs } from './proofs-abroad.ts';
import { unprovenRoutes } from './proven.ts';
import { proxyOf } from './proxy.ts';
import { createReload, differences, type Reloaded, watchConfig } from './reload.ts';
import { openReplicas } from './replicas.ts';
import { fallbacksOf } from './retired.ts';
import { retryDatabase } from './retry-database.ts';
import { describeRoutes } from './routes.ts';
import { type ScribeThread, startScribeThread } from './scribe-thread.ts';
import { front, isLoopback, listenWith } from './serve.ts';
import { startSimulator } from './simulator.ts';
import { StartError } from './start-error.ts';
import { openSteering } from './steering.ts';
import { createSystemView } from './system.ts';
import { describeTargets, ofAllThreads } from './targets.ts';
import { createCrew } from './threads/crew.ts';
import { watchedFeed } from './threads/feed.ts';
import { NO_NEWS } from './threads/news.ts';
import { copiesOf } from './threads/report.ts';
import { settingsOf } from './threads/settings.ts';
import { startUpkeep } from './upkeep.ts';
import { VERSION } from './version.ts';
import { readWeather, watchRegimes, watchWeather } from './weather.ts';

export interface StartOptions {
  readonly loaded: LoadedConfig;
  /** Reads the configuration anew, with the same flags over it. Absent: it cannot change. */
  readonly reread?: () => LoadedConfig;
  readonly cwd: string;
  /** Postgres URL of the environment, over the file's. */
  readonly databaseUrl?: string;
  readonly log: Log;
  /** Bundles or unpacks the console; called once, after the listener stands. */
  readonly console: () => Promise<Assets>;
  /** Name of a first key to create when none exists, so that a listener beyond loopback can start. */
  readonly createKey?: string;
  /** Replace a lost admin token; the new one is in `Running.adminToken`. */
  readonly newAdminToken?: boolean;
  readonly clock?: Clock;
  /** Record or replay the calls to providers. */
  readonly cassettes?: {
    readonly mode: CassetteMode;
    readonly folder: string;
    readonly speed: 'instant' | 'recorded';
  };
}

export type CassetteMode = 'live' | 'record' | 'replay' | 'auto';

export interface Running {
  readonly url: string;
  readonly port: number;
  /** The admin token, at the first start only. */
  readonly adminToken?: string;
  /** The key asked for by `createKey`, if it was made now. */
  readonly key?: string;
  readonly simulator?: { readonly port: number };
  readonly open: boolean;
  /** Why this runs without its database, if it does. */
  readonly degraded?: string;
  /** Reads the configuration again; streams that run go on as they began. */
  reload(): Reloaded;
  stop(): Promise<void>;
}

/** Starts the whole product in this process. @throws StartError with a remedy; nothing is left running then. */
export async function start(options: StartOptions): Promise<Running> {
  const { loaded, log } = options;
  const { config } = loaded;
  const clock = options.clock ?? systemClock();
  const lifecycle = createLifecycle(log);
  try {
    return await compose({ ...options, config, clock, lifecycle });
  } catch (error) {
    await lifecycle.stop();
    throw error;
  }
}

type Composition = StartOptions & {
  readonly config: Config;
  readonly clock: Clock;
  readonly lifecycle: ReturnType<typeof createLifecycle>;
};

async function compose(given: Composition): Promise<Running> {
  const { loaded, config, clock, log, lifecycle } = given;
  const startedAt = clock.now();
  // A tape is one: calls recorded or replayed by several threads would not be in order.
  const threads = given.cassettes ? 1 : config.gateway.threads;
  const folder = openDataFolder(config.data, given.cwd, exchangeIds(clock)());
  lifecycle.onStop('data folder', folder.release);

  let thread: ScribeThread | undefined;
  const leftBehind = leftInSpool(folder.spool);
  const redactor = createRedactor();
  const recorder = createRecorder({
    files: nodeSpoolFiles(folder.spool),
    clock,
    log,
    redactor,
    protocols: protocolByName,
    maxBytes: config.spool.max,
    progress: () => thread?.progress() ?? leftBehind,
  });
  lifecycle.onStop('spool', () => recorder.close());

  const simulator = usesSimulator(config) ? startSimulator(config, given.cwd, clock, log) : undefined;
  if (simulator) lifecycle.onStop('simulator', simulator.stop);
  const here = { ...(simulator && { simulator }), thread: { number: 1, of: threads } };
  const late = createLateStore();
  /** As the file says it; what is in force may differ on routes that are frozen. */
  let configured = loaded;
  /** A newer file was refused for a frozen route. */
  let refused = false;
  const freezes = createFreezes({
    store: late.store.freezes,
    clock,
    log,
    snapshot: {
      read: () => readIfThere(folder.freezes),
      write: (text) => writeWhole(folder.freezes, text),
    },
    configured: () => configured.config,
    changed() {
      putInForce(configured);
      // Nobody saves a file again because a route was thawed.
      if (refused) reload();
    },
    differences,
  });
  const effective = (file: LoadedConfig): Active =>
    activate({ ...file, config: freezes.pin(file.config) }, { ...here, frozen: freezes.pins });
  /** Replaced as a whole by a reload, and when a route is frozen or thawed. */
  let active: Active = effective(loaded);

  const keys = createKeyService({
    store: late.store,
    clock,
    log,
    snapshot: snapshotFile(folder.keys),
    changed: () => crew.keysChanged(),
  });
  const admin = createAdminHash(folder.admin, clock, log);
  const live = watchedFeed(createLiveFeed(), (watched) => crew.watched(watched));
  const wire = createTransport({ clock, proxy: proxyOf(process.env) });
  lifecycle.onStop('provider connections', () => wire.close());
  const tape =
    given.cassettes &&
    createCassettes({
      inner: wire.transport,
      mode: given.cassettes.mode,
      speed: given.cassettes.speed,
      files: nodeCassetteFiles(given.cassettes.folder),
      clock,
      mask: (text) => redactor.secrets(text).text,
      ...labels(() => active.loaded.config, clock),
    });
  if (tape)
    lifecycle.onStop('cassettes', () => {
      tape.flush();
      log('info', 'cassettes', { says: summary(tape.report()) });
    });
  let ledger = limits(config) ? openLedger(config, folder.ledger, clock, log) : undefined;
  lifecycle.onStop('ledger', () => ledger?.stop());
  const evidence =
    config.redis === undefined
      ? undefined
      : openEvidence({
          url: config.redis,
          replica: folder.instance,
          clock,
          log,
          hear: (seen) => (seen.of === 'fallback' ? proofsAbroad?.hear(seen) : steering.hear(seen)),
          state: () => ({ ...steering.state(), proofs: gateway.proofs.snapshot() }),
          adopt(state) {
            steering.adopt(state);
            if (state.proofs) proofsAbroad?.adopt(state.proofs);
          },
        });
  const acts = createActs({ store: late.store.acts, clock, log, heard: (act) => steering.heed(act) });
  const steering = openSteering({
    config: active.loaded.config,
    folder: folder.path,
    transport: wire.transport,
    redactor,
    clock,
    log,
    lifecycle,
    tiers: { record: late.store.tiers, late: () => recorder.stats().lagMs },
    frozen: freezes.frozen,
    say: acts.say,
    ...(evidence && { tell: evidence.tell }),
  });
  const steerers = [...steering.steerers, listener(freezes.ended)];
  const passes = createPasses(keys, clock);
  const gateway = openPlane({
    clock,
    log,
    transport: tape?.transport ?? wire.transport,
    keys: passes.ring,
    recorder,
    live,
    redactor,
    ledger: () => ledger,
    steerers,
    shadowers: steering.shadowers,
    thread: here.thread,
    houses: () => replicas.count(),
    active: () => active,
    maxBody: config.limits.body,
  });

  const caller = callers(keys, clock);
  const idempotency = createIdempotency({
    clock,
    protocols,
    settings: () => active.loaded.config.idempotency,
    caller,
    handler: gateway.handle,
    ...(config.redis !== undefined && { shared: createSharedAnswers({ url: config.redis, clock, log }) }),
  });
  lifecycle.onStop('kept answers', idempotency.stop);
  const runs = createRuns({
    clock,
    log,
    protocols,
    store: late.store.runs,
    settings: () => active.loaded.config.runs,
    worker: folder.instance,
    handler: gateway.handle,
    caller,
    stranger: (incoming, outgoing) => gateway.handle({ ...incoming, ...LIST_MODELS }, outgoing),
    pass: passes.issue,
    defer: deferrals({ clock, table: () => active.table, climate: gateway.climate }),
    transport: wire.transport,
  });

  // A recording and its replay begin with nothing learnt, or a target that stands otherwise would be asked otherwise; and what
  // they learn of targets, some of them never asked, is no weather to begin the next day with.
  const taped = given.cassettes?.mode === 'record' || given.cassettes?.mode === 'replay';
  if (!taped) keepLearnt({ gateway, folder, clock, log, lifecycle });
  // Served all the same: what cannot be proven before it runs must be able to run.
  const warnOfUnproven = () => {
    for (const problem of unprovenRoutes(gateway.proofs.read(), active.loaded))
      log('warn', 'fallback unproven', { at: problem.path, why: problem.message });
  };
  warnOfUnproven();
  lifecycle.onStop('weather watch', watchWeather(gateway, clock, log));
  lifecycle.onStop('regime watch', watchRegimes(gateway, clock, log));

  const replicas = openReplicas({
    url: config.redis,
    replica: folder.instance,
    gateway,
    threads: {
      some: threads > 1,
      tell: (news) => crew.tell(news),
      news: () => crew.news(),
    },
    clock,
    log,
  });
  lifecycle.onStop('replicas', replicas.stop);
  const proofsAbroad =
    evidence &&
    shareProofs({
      gateway,
      clock,
      tell: evidence.tell,
      toThreads: (news) => crew.tell({ ...NO_NEWS, ...news }),
    });
  if (evidence) lifecycle.onStop('evidence', evidence.stop);
  if (proofsAbroad) lifecycle.onStop('proofs abroad', proofsAbroad.stop);

  const putInForce = (next: LoadedConfig) => {
    active = effective(next);
    configured = next;
    const { config } = active.loaded;
    steering.reload(config);
    acts.again();
    if (ledger) ledger.reload(config);
    else if (limits(config)) ledger = openLedger(config, folder.ledger, clock, log);
    crew.settingsChanged();
    warnOfUnproven();
  };
  const reload = createReload({
    read: given.reread ?? (() => loaded),
    current: () => configured,
    refusals(before, next) {
      const why = freezes.refusals(before, next);
      refused = why.length > 0;
      return why;
    },
    apply: putInForce,
    log,
  });
  if (given.reread && loaded.file !== undefined)
    lifecycle.onStop(
      'configuration watch',
      watchConfig(loaded.file, clock, () => void reload()),
    );

  let state: Status['state'] = 'starting';
  let database: Database | undefined;
  let trouble: string | undefined;
  let assets: Assets | undefined;
  const status = (): Status => ({
    version: VERSION,
    startedAt,
    state,
    open: keys.empty,
    simulated: loaded.source === 'simulator',
    database: database && trouble === undefined ? 'up' : 'down',
  });

  let url = '';
  const system = createSystemView({
    startedAt,
    clock,
    folder,
    configFile: loaded.file,
    url: () => url,
    config: () => active.loaded.config,
    gateway,
    recorder,
    replicas: replicas.state,
    threads: { totals: () => crew.totals(), view: () => crew.view() },
    store: late.store,
    external: (given.databaseUrl ?? config.database) !== undefined,
    troubled: (why) => {
      trouble = why;
    },
  });

  const api = createApi({
    clock,
    log,
    store: late.store,
    keys,
    live,
    adminHash: admin.current,
    status,
    system,
    routes: () => describeRoutes(active.table, active.loaded, freezes.pins, steering.tiers.demotions()),
    providers: () => ofAllThreads(describeTargets(active.table, gateway), crew.targets()),
    hours: () => gateway.climate.read(),
    regimes: () => gateway.climate.regimes(),
    weather: () => readWeather(gateway),
    ...fallbacksOf(gateway, () => active.loaded.config.providers, clock),
    ramps: steering.ramps.read,
    changeRamp: steering.ramps.change,
    decideRamp: (route, order) => foresee(steering.ramps, route, order),
    judgeRamp: steering.ramps.judge,
    tiers: steering.tiers,
    routers: steering.routers.read,
    quotas: () => ledger?.quotas.readings() ?? [],
    budgets: () => ledger?.budgets.readings() ?? [],
    reload,
    readMessages: (protocol, body) => protocolByName(protocol)?.readMessage(body) ?? [],
    rebuildAsk,
    cancelRun: runs.cancel,
    resampleRun: runs.resample,
    freezes,
    shadows: () => copiesOf([gateway.shadows.read(), ...crew.totals().map(({ shadows }) => shadows)]),
    development: () => active.loaded.config.development,
  });

  const door = front({
    gateway: { serves: gateway.serves, handle: idempotency.handle },
    runs,
    api,
    assets: () => assets,
    ready: () => readiness(state, keys),
    log,
  });
  const crew = createCrew({
    threads,
    spool: folder.spool,
    simulator,
    clock,
    log,
    gateway,
    houses: () => replicas.count(),
    settings: () => settingsOf(active),
    active: () => active,
    keys,
    ledger: () => ledger,
    steerers,
    shadowers: steering.shadowers,
    live,
    handler: door,
  });
  lifecycle.onStop('threads', crew.stop);

  const drain = async () => {
    state = 'draining';
    runs.quiesce();
    const { drainTimeout } = active.loaded.config;
    await Promise.all([gateway.drain(drainTimeout), crew.drain(drainTimeout)]);
  };
  const openDoors = () => {
    const listener = listenWith({
      ...config.listen,
      ...(threads > 1 && { shared: 'first' as const }),
      clock,
      maxBody: config.limits.body,
      handler: door,
    });
    url = listener.url;
    lifecycle.onStop('listener', () => listener.stop());
    lifecycle.onStop('live streams', () => api.close());
    lifecycle.onStop('data plane', drain);
    given.console().then(
      (built) => {
        assets = built;
      },
      (error: unknown) => log('error', 'console could not be prepared', { error: String(error) }),
    );
    return listener;
  };

  // On loopback the door opens at once and the database follows; elsewhere it must first be known that a key exists.
  const early = isLoopback(config.listen.host) ? openDoors() : undefined;
  await keys.start();
  let keysStopped: Promise<void> | undefined;
  const stopKeys = () => {
    keysStopped ??= keys.stop();
    return keysStopped;
  };
  lifecycle.onStop('keys', stopKeys);

  let degraded: string | undefined;
  let adminToken: string | undefined;
  const external = given.databaseUrl ?? config.database;
  const bringUp = async () => {
    database = await openDatabase({
      ...(external !== undefined && { url: external }),
      dataDir: folder.path,
      clock,
      log,
      lifecycle,
    });
    late.bind(database.store);
    thread = startScribeThread({
      databaseUrl: database.url,
      spool: folder.spool,
      maxBytes: config.spool.max,
      clock,
      log,
    });
    lifecycle.onStop('scribe', thread.stop);
    // Before the database goes, since their last use is written there.
    lifecycle.onStop('keys', stopKeys);
    lifecycle.onStop(
      'upkeep',
      startUpkeep(database.store, () => active.loaded.config.retention, clock, log),
    );
    adminToken = await admin.settle(database.store);
    if (given.newAdminToken && adminToken === undefined) adminToken = await admin.replace(database.store);
    await keys.refresh();
    await freezes.start();
    await acts.start();
    await runs.start();
    // Before the database goes, since the end of a run is written there.
    lifecycle.onStop('runs', async () => {
      await drain();
      await runs.stop();
      await freezes.stop();
      await acts.stop();
    });
  };
  try {
    await bringUp();
  } catch (error) {
    // What has run before runs on without its database; a first start without one would be a gateway that nobody can enter.
    const ranBefore = readIfThere(folder.keys) !== undefined && admin.current() !== undefined;
    if (!(error instanceof DatabaseAway) || !ranBefore) throw error;
    degraded = error.message;
    log('error', 'database away, serving from the last good state', {
      why: error.message,
      todo: error.remedy,
    });
    lifecycle.onStop('database retry', retryDatabase(clock, log, bringUp));
  }

  let key: string | undefined;
  if (given.createKey !== undefined && keys.empty) {
    const created = await keys.create({ name: given.createKey });
    key = created.key;
    const trace = { at: clock.now(), actor: STARTER, action: 'key.create', subject: created.id };
    await late.store.admin.audit({ ...trace, detail: { name: created.name } });
  }
  if (!early && keys.empty)
    throw new StartError(
      `Listening on ${config.listen.host} without any key would let everybody in.`,
      'Start once with `midwatch up --create-key first`, which makes a key and prints it, or listen on 127.0.0.1.',
    );
  const { port } = early ?? openDoors();
  await crew.start({ host: config.listen.host, port });
  state = 'ready';
  return {
    url,
    port,
    open: keys.empty,
    ...(adminToken !== undefined && { adminToken }),
    ...(key !== undefined && { key }),
    ...(simulator && { simulator: { port: simulator.port } }),
    ...(degraded !== undefined && { degraded }),
    reload,
    stop: () => lifecycle.stop(),
  };
}

function readiness(state: Status['state'], keys: KeyService): { ok: boolean; says: string } {
  if (state === 'draining') return { ok: false, says: 'draining' };
  // Before the keys are known everybody would be refused; a load balancer should wait.
  if (state === 'starting' && !keys.known) return { ok: false, says: 'starting: keys not yet known' };
  return { ok: true, says: 'ready' };
}

/** Steers nothing, and hears the end of every exchange, whichever thread served it. */
const listener = (ended: NonNullable<Steerer['ended']>): Steerer => ({
  minds: () => false,
  hears: () => true,
  steer: () => undefined,
  ended,
});

/** What refuses a caller who may not come in, in the right words, and is recorded as no exchange. */
const LIST_MODELS = { method: 'GET', path: '/v1/models' } as const;

const snapshotFile = (file: string) => ({
  read: async () => readIfThere(file),
  write: async (text: string) => writeWhole(file, text),
});
