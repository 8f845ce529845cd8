import { createKeyService } from '#api';
import type { Clock } from '#contracts';
import { createIdempotency, createSharedAnswers } from '#idempotency';
import { exchangeIds } from '#kernel';
import { protocolByName, protocols } from '#protocols';
import { createRuns } from '#runs';
import { createLiveFeed, createRecorder, createRedactor, nodeSpoolFiles } from '#telemetry';
import { createTransport } from '#wire';
import { usesSimulator } from './active.ts';
import { createActs } from './acts.ts';
import { createAdminHash } from './admin.ts';
import { bringUp, firstKey } from './bring-up.ts';
import { callers } from './callers.ts';
import { openTape } from './cassettes.ts';
import { whenAsked } from './console-assets.ts';
import { type Condition, createControl, readiness } from './control.ts';
import { openDataFolder, snapshotFile } from './data-folder.ts';
import { deferrals } from './defer.ts';
import { openEvidence } from './evidence.ts';
import { createInForce } from './in-force.ts';
import { createLateStore } from './late-store.ts';
import { keepLearnt } from './learnt.ts';
import { limits, openLedger } from './ledger.ts';
import { leftInSpool } from './left-behind.ts';
import type { Lifecycle } from './lifecycle.ts';
import { createMeter, metered } from './metrics.ts';
import { warnOfFewFiles } from './open-files.ts';
import { createPasses } from './passes.ts';
import { openPlane } from './plane.ts';
import { shareProofs } from './proofs-abroad.ts';
import { unprovenRoutes } from './proven.ts';
import { proxyOf } from './proxy.ts';
import { watchConfig } from './reload.ts';
import { openReplicas } from './replicas.ts';
import type { ScribeThread } from './scribe-thread.ts';
import { front, isLoopback, listenWith } from './serve.ts';
import { startSimulator } from './simulator.ts';
import { StartError } from './start-error.ts';
import type { Running, StartOptions } from './start-options.ts';
import { openSteering } from './steering.ts';
import { createCrew } from './threads/crew.ts';
import { watchedFeed } from './threads/feed.ts';
import { NO_NEWS } from './threads/news.ts';
import { settingsOf } from './threads/settings.ts';
import { watchRegimes, watchWeather } from './weather.ts';

/** What refuses a caller who may not come in, in the right words, and is recorded as no exchange. */
const LIST_MODELS = { method: 'GET', path: '/v1/models' } as const;

type Composition = StartOptions & { readonly clock: Clock; readonly lifecycle: Lifecycle };

/** Makes everything and ties it together. What it began is on the lifecycle, also where it throws. */
export async function compose(given: Composition): Promise<Running> {
  const { loaded, clock, log, lifecycle } = given;
  const { config } = loaded;
  const condition: Condition = { startedAt: clock.now(), state: 'starting', url: '', database: 'away' };
  // A tape is one: calls recorded or replayed by several threads would not be in order.
  const threads = given.cassettes ? 1 : config.gateway.threads;
  const folder = openDataFolder(config.data, given.cwd, exchangeIds(clock)());
  lifecycle.onStop('data folder', folder.release);

  let thread: ScribeThread | undefined;
  const leftBehind = leftInSpool(folder.spool, log);
  warnOfFewFiles(log);
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
  const inForce = createInForce({
    loaded,
    reread: given.reread,
    here,
    store: late.store.freezes,
    snapshot: folder.freezes,
    clock,
    log,
    changed: (config) => {
      steering.reload(config);
      acts.again();
      if (ledger) ledger.reload(config);
      else if (limits(config)) ledger = openLedger(config, folder.ledger, clock, log);
      crew.settingsChanged();
      warnOfUnproven();
    },
  });
  const { active, freezes } = inForce;
  const current = () => active().loaded.config;

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
  const transport = given.cassettes
    ? openTape({
        to: given.cassettes,
        inner: wire.transport,
        config: current,
        redactor,
        clock,
        log,
        lifecycle,
      })
    : wire.transport;
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
    config: current(),
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
  const steerers = [...steering.steerers, inForce.hears];
  const { meter, names } = createMeter(active, redactor);
  const passes = createPasses(keys, clock);
  const gateway = openPlane({
    clock,
    log,
    transport,
    keys: passes.ring,
    recorder: metered(recorder, meter),
    live,
    redactor,
    ledger: () => ledger,
    steerers,
    shadowers: steering.shadowers,
    thread: here.thread,
    houses: () => replicas.count(),
    active,
    maxBody: config.limits.body,
  });

  const caller = callers(keys, clock);
  const idempotency = createIdempotency({
    clock,
    protocols,
    settings: () => current().idempotency,
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
    settings: () => current().runs,
    worker: folder.instance,
    handler: gateway.handle,
    caller,
    stranger: (incoming, outgoing) => gateway.handle({ ...incoming, ...LIST_MODELS }, outgoing),
    pass: passes.issue,
    defer: deferrals({ clock, table: () => active().table, climate: gateway.climate }),
    transport: wire.transport,
  });

  // A recording and its replay begin with nothing learnt, or a target that stands otherwise would be asked otherwise; and what
  // they learn of targets, some of them never asked, is no weather to begin the next day with.
  const taped = given.cassettes?.mode === 'record' || given.cassettes?.mode === 'replay';
  if (!taped) keepLearnt({ gateway, folder, clock, log, lifecycle });
  // Served all the same: what cannot be proven before it runs must be able to run.
  const warnOfUnproven = () => {
    for (const problem of unprovenRoutes(gateway.proofs.read(), active().loaded))
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

  if (given.reread && loaded.file !== undefined)
    lifecycle.onStop(
      'configuration watch',
      watchConfig(loaded.file, clock, () => void inForce.reload()),
    );

  const external = given.databaseUrl ?? config.database;
  const api = createControl({
    loaded,
    clock,
    log,
    folder,
    condition,
    external: external !== undefined,
    inForce,
    store: late.store,
    keys,
    admin,
    live,
    meter,
    names,
    scribe: () => thread,
    gateway,
    recorder,
    replicas,
    steering,
    ledger: () => ledger,
    runs,
    crew: () => crew,
  });

  const door = front({
    gateway: { serves: gateway.serves, handle: idempotency.handle },
    runs,
    api,
    mask: (text) => redactor.secrets(text).text,
    assets: whenAsked(given.console, log),
    ready: () => readiness(condition, keys),
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
    settings: () => settingsOf(active()),
    active,
    keys,
    ledger: () => ledger,
    steerers,
    shadowers: steering.shadowers,
    live,
    meter,
    handler: door,
  });
  lifecycle.onStop('threads', crew.stop);

  const drain = async () => {
    condition.state = 'draining';
    runs.quiesce();
    const { drainTimeout } = current();
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
    condition.url = listener.url;
    lifecycle.onStop('listener', () => listener.stop());
    lifecycle.onStop('live streams', () => api.close());
    lifecycle.onStop('data plane', drain);
    return listener;
  };

  // On loopback the door opens at once and the database follows; elsewhere it must first be known that a key exists.
  const early = isLoopback(config.listen.host) ? openDoors() : undefined;
  await keys.start();
  const broughtUp = await bringUp({
    clock,
    log,
    lifecycle,
    folder,
    url: external,
    config,
    now: current,
    late,
    admin,
    newAdminToken: given.newAdminToken === true,
    keys,
    freezes,
    acts,
    runs,
    found(scribe) {
      thread = scribe;
      condition.database = 'found';
    },
    drain,
  });

  if (!early && keys.empty && given.createKey === undefined)
    throw new StartError(
      `Listening on ${config.listen.host} without any key would let everybody in.`,
      'Start once with `midwatch up --create-key first`, which makes a key and prints it, or listen on 127.0.0.1.',
    );
  const { port } = early ?? openDoors();
  await crew.start({ host: config.listen.host, port });
  // With the door open: where it cannot be opened, a first key would be made that nobody sees. Until it exists strangers are refused.
  const key = await firstKey({ name: given.createKey, keys, store: late.store.admin, clock });
  condition.state = 'ready';
  return {
    ...broughtUp,
    url: condition.url,
    port,
    open: keys.empty,
    ...(key !== undefined && { key }),
    ...(simulator && { simulator: { port: simulator.port } }),
    told: admin.told,
    reload: inForce.reload,
    stop: () => lifecycle.stop(),
  };
}
