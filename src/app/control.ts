import { type Api, createApi, type KeyService } from '#api';
import type { Clock, EpochMs, LiveFeed, Log, Recorder, Status } from '#contracts';
import type { Gateway } from '#gateway';
import type { Meter, modelNames } from '#metrics';
import { protocolByName, rebuildAsk } from '#protocols';
import type { Runs } from '#runs';
import type { AdminHash } from './admin.ts';
import type { LoadedConfig } from './config/index.ts';
import type { DataFolder } from './data-folder.ts';
import { foresee } from './foresee.ts';
import type { InForce } from './in-force.ts';
import type { LateStore } from './late-store.ts';
import type { OpenLedger } from './ledger.ts';
import { openMetrics } from './metrics.ts';
import type { openReplicas } from './replicas.ts';
import { fallbacksOf } from './retired.ts';
import { describeRounds } from './rounds.ts';
import { describeRoutes } from './routes.ts';
import type { ScribeThread } from './scribe-thread.ts';
import type { Steering } from './steering.ts';
import { createSystemView, sumOf } from './system.ts';
import { describeTargets, ofAllThreads } from './targets.ts';
import type { Crew } from './threads/crew.ts';
import { copiesOf } from './threads/report.ts';
import { VERSION } from './version.ts';
import { readWeather } from './weather.ts';

/** How far the house has come. */
export interface Condition {
  readonly startedAt: EpochMs;
  state: Status['state'];
  /** Where it listens; empty before it does. */
  url: string;
  database: 'away' | 'found';
  /** Why the database did not answer when last looked at. */
  trouble?: string | undefined;
}

export interface ControlOptions {
  readonly loaded: LoadedConfig;
  readonly clock: Clock;
  readonly log: Log;
  readonly folder: DataFolder;
  readonly condition: Condition;
  /** The database is not our own. */
  readonly external: boolean;
  readonly inForce: InForce;
  readonly store: LateStore['store'];
  readonly keys: KeyService;
  readonly admin: Pick<AdminHash, 'current'>;
  readonly live: LiveFeed;
  /** Of all threads. */
  readonly meter: Meter;
  readonly names: ReturnType<typeof modelNames>;
  readonly scribe: () => ScribeThread | undefined;
  readonly gateway: Gateway;
  readonly recorder: Pick<Recorder, 'stats'>;
  readonly replicas: Pick<ReturnType<typeof openReplicas>, 'state'>;
  readonly steering: Steering;
  readonly ledger: () => OpenLedger | undefined;
  readonly runs: Pick<Runs, 'cancel' | 'resample' | 'decide'>;
  /** Begins after this. */
  readonly crew: () => Crew;
}

/** The control plane over everything that runs here. */
export function createControl(given: ControlOptions): Api {
  const { clock, condition, gateway, inForce, keys, ledger, loaded, log, steering, store } = given;
  const { active, freezes } = inForce;
  const { startedAt } = condition;
  const config = () => active().loaded.config;
  const status = (): Status => ({
    version: VERSION,
    startedAt,
    state: condition.state,
    open: keys.empty,
    simulated: loaded.source === 'simulator',
    database: condition.database === 'found' && condition.trouble === undefined ? 'up' : 'down',
  });
  const system = createSystemView({
    startedAt,
    clock,
    folder: given.folder,
    configFile: loaded.file,
    url: () => condition.url,
    config,
    gateway,
    recorder: given.recorder,
    replicas: given.replicas.state,
    threads: { totals: () => given.crew().totals(), view: () => given.crew().view() },
    store,
    external: given.external,
    troubled: (why) => {
      condition.trouble = why;
    },
  });
  const providers = () => ofAllThreads(describeTargets(active().table, gateway), given.crew().targets());
  const fallbacks = fallbacksOf(gateway, () => config().providers, clock);
  const quotas = () => ledger()?.quotas.readings() ?? [];
  const budgets = () => ledger()?.budgets.readings() ?? [];
  const metrics = openMetrics({
    clock,
    meter: given.meter,
    store,
    read: () => ({
      startedAt,
      ...sumOf({ gateway, recorder: given.recorder, totals: given.crew().totals() }),
      scribe: given.scribe()?.stats(),
      replicas: given.replicas.state(),
      threads: given.crew().view(),
      targets: providers(),
      quotas: quotas(),
      budgets: budgets(),
      fallbacks: fallbacks.fallbacks(),
      findings: {
        regime: gateway.climate.regimes().length,
        tier_mix: steering.tiers.findings().length,
        fallback: fallbacks.fallbacks().reduce((n, { reports }) => n + reports.length, 0),
      },
      names: given.names,
    }),
  });
  return createApi({
    clock,
    log,
    store,
    keys,
    live: given.live,
    adminHash: given.admin.current,
    status,
    system,
    metrics,
    routes: () => describeRoutes(active().table, active().loaded, freezes.pins, steering.tiers.demotions()),
    providers,
    hours: () => gateway.climate.read(),
    regimes: () => gateway.climate.regimes(),
    weather: () => readWeather(gateway),
    ...fallbacks,
    ramps: steering.ramps.read,
    changeRamp: steering.ramps.change,
    decideRamp: (route, order) => foresee(steering.ramps, route, order),
    judgeRamp: steering.ramps.judge,
    tiers: steering.tiers,
    routers: steering.routers.read,
    quotas,
    budgets,
    reload: inForce.reload,
    readMessages: (protocol, body) => protocolByName(protocol)?.readMessage(body) ?? [],
    rebuildAsk,
    cancelRun: given.runs.cancel,
    resampleRun: given.runs.resample,
    decideRun: given.runs.decide,
    freezes,
    shadows: () =>
      copiesOf([
        gateway.shadows.read(),
        ...given
          .crew()
          .totals()
          .map(({ shadows }) => shadows),
      ]),
    development: () => config().development,
    cassettes: () => describeRounds(store.cassettes, config()),
  });
}

/** What a load balancer is told. */
export function readiness(
  { state }: Condition,
  keys: Pick<KeyService, 'known'>,
): { ok: boolean; says: string } {
  if (state === 'draining') return { ok: false, says: 'draining' };
  // Before the keys are known everybody would be refused; a load balancer should wait.
  if (state === 'starting' && !keys.known) return { ok: false, says: 'starting: keys not yet known' };
  return { ok: true, says: 'ready' };
}
