import type {
  Clock,
  ExchangeId,
  Handler,
  Incoming,
  KeyRing,
  LiveFeed,
  Log,
  Outgoing,
  Pricer,
  Protocol,
  Recorder,
  Redactor,
  RouteTable,
  Shadower,
  ShadowTraffic,
  Steerer,
  Transport,
} from '#contracts';
import { exchangeIds, type Lag, type LagStats, NO_LAG } from '#kernel';
import { createShareBudgetState, type ShareBudgetState } from '#kernel/resilience';
import { createAdmission } from './admit.ts';
import { type AskContext, ask } from './ask.ts';
import { Climate } from './climate.ts';
import { contractsOf, readBoard } from './fallbacks/board.ts';
import { createDrills } from './fallbacks/drill.ts';
import { type InForce, Proofs, type ProofsSnapshot } from './fallbacks/proofs.ts';
import type { EdgeReading } from './fallbacks/reading.ts';
import { Shift } from './fallbacks/shift.ts';
import type { Sighting } from './fallbacks/sighting.ts';
import { Hedges } from './hedge.ts';
import { Held, MOST_TEXT, MOST_UNSENT } from './held.ts';
import { Limits } from './limits.ts';
import { listModels, MODELS } from './models.ts';
import { createPlanner, type Tongues } from './plan.ts';
import { type ProbeSettings, Probes } from './probes.ts';
import { type Ending, finish } from './record.ts';
import { wrongMethod } from './refusals.ts';
import { Seats } from './seats.ts';
import { Shadows } from './shadow.ts';
import { Stalls } from './stalls.ts';
import { Standing } from './standing.ts';
import { JSON_TYPE } from './tell.ts';
import type { LedgerPorts } from './toll.ts';
import { Tries } from './tries.ts';
import { type Estimate, stopWalk, type Walk } from './walk.ts';
import { createWatchdog } from './watchdog.ts';
import { Weather } from './weather.ts';

export interface GatewayPorts extends Tongues {
  readonly clock: Clock;
  readonly transport: Transport;
  readonly keys: KeyRing;
  readonly recorder: Recorder;
  readonly live: LiveFeed;
  readonly pricer: Pricer;
  readonly estimate: Estimate;
  /** Quotas and budgets; undefined while none is configured. */
  readonly ledger: () => LedgerPorts | undefined;
  readonly redactor: Redactor;
  readonly routes: () => RouteTable;
  /** Who may send an exchange to another tier before anybody is asked; the first that speaks is heard. */
  readonly steerers: readonly Steerer[];
  /** Who may want a copy of an exchange asked elsewhere, beside the configuration. */
  readonly shadowers?: readonly Shadower[];
  readonly log: Log;
  /** Which of the gateway threads on the port this is, from 1; what cannot be counted together is dealt out. By default the only one. */
  readonly thread?: { readonly number: number; readonly of: number };
  /** Of Midwatch: what was proven by another version is not proven by this one. */
  readonly version?: string;
  /** Houses that serve the same callers and share a Redis, this one included; by default the only one. */
  readonly houses?: () => number;
  /** Calls of our own on a schedule; undefined while none is configured. */
  readonly probes?: () => ProbeSettings | undefined;
  /** Tells how late the event loop is while `busy`; by default it never is, as in virtual time. */
  readonly lag?: (busy: () => boolean) => Lag;
  /** Largest request body, bytes. */
  readonly maxBody: number;
}

export interface Gateway {
  /** Is this path, without its query, one of the data plane? */
  serves(path: string): boolean;
  /** The data plane: `/v1/…`. To be asked only for paths that it serves. */
  readonly handle: Handler;
  stats(): GatewayStats;
  /** How every target stands that was asked for so far. */
  readonly standing: Pick<Standing, 'read' | 'snapshot' | 'restore' | 'news' | 'hear'>;
  /** What is normal at each hour of the week. */
  readonly climate: Pick<Climate, 'read' | 'regimes' | 'calmest' | 'snapshot' | 'restore' | 'news' | 'hear'>;
  /** How long targets keep their callers waiting, and why. */
  readonly weather: Pick<Weather, 'read' | 'settle' | 'snapshot' | 'restore' | 'news' | 'hear'>;
  /** What Midwatch asks on a schedule; made when it is ticked. */
  readonly probes: Pick<Probes, 'tick' | 'read'>;
  /** How full the targets are whose concurrency is limited. */
  readonly seats: Pick<Seats, 'read' | 'snapshot' | 'restore'>;
  /** Which fallbacks are known to work. */
  readonly proofs: {
    read(): readonly EdgeReading[];
    snapshot(): ProofsSnapshot;
    restore(snapshot: Partial<ProofsSnapshot>): void;
    /** What was seen since the last call, for the other threads. */
    news(): readonly Sighting[];
    hear(news: readonly Sighting[]): void;
    /** What this house has seen since the last call, for houses elsewhere; only on the thread that hears all others. */
    tellAbroad(): readonly Sighting[];
    /** All that it knows of its fallbacks. */
    known(): readonly Sighting[];
    learn(news: readonly Sighting[]): void;
    adopt(snapshot: Partial<ProofsSnapshot>): void;
  };
  /** Copies that were asked elsewhere, since the start. */
  readonly shadows: { read(): readonly ShadowTraffic[] };
  /** Proves fallbacks by calls of our own. One at a time; never rejects. */
  readonly drill: ReturnType<typeof createDrills>;
  /** Refuses what is new, lets what runs go on for `ms`, then ends it with an error of its own dialect. */
  drain(ms: number): Promise<void>;
}

export interface GatewayStats {
  readonly inFlight: number;
  readonly streams: number;
  readonly requests: number;
  readonly authFailures: number;
  /** How far our own loop was behind. */
  readonly lag: LagStats;
}

/** Time for clients to read the last event after a shutdown has ended their streams. */
const AFTER_DRAIN = 50;

const ALONE = { number: 1, of: 1 };

export function createGateway(ports: GatewayPorts): Gateway {
  const { clock, thread = ALONE } = ports;
  const nextId = exchangeIds(clock);
  const admission = createAdmission(ports.keys, clock, thread.of);
  const walks = new Set<Walk>();
  const lag = ports.lag?.(() => walks.size > 0) ?? NO_LAG;
  const watchdog = createWatchdog(clock, lag);
  const byPath = new Map(ports.protocols.map((p) => [`/v1${p.path}`, p]));
  const standing = new Standing(clock);
  const planOf = createPlanner(ports);
  const { protocols, version } = ports;
  const board = { protocols, plan: planOf, version };
  const inForce = inForceOf(ports.routes, ({ routes }) => contractsOf(routes, board));
  const proofs = new Proofs(clock, { inForce, version });
  const climate = new Climate(clock, ports.estimate, thread.of > 1);
  const weather = new Weather(clock, thread.number);
  const seats = new Seats(clock, climate, watchdog);
  const stalls = new Stalls();
  const tries = new Tries();
  const retries = budgetsByRoute();
  const takeoverBudget = budgetsByRoute();
  let draining = false;
  let streams = 0;
  let requests = 0;
  let idle: () => void = () => undefined;

  const ctx: AskContext & { readonly protocols: readonly Protocol[] } = {
    ...ports,
    admission,
    watchdog,
    lag,
    unsent: new Held(MOST_UNSENT),
    texts: new Held(MOST_TEXT),
    standing,
    retries,
    takeoverBudget,
    hedges: new Hedges(),
    proofs,
    shift: new Shift(clock, proofs, ports.estimate, () => thread.of * (ports.houses?.() ?? 1)),
    climate,
    limits: new Limits(),
    weather,
    seats,
    stalls,
    tries,
    plan: planOf,
    nextId,
    draining: () => draining,
    streams(change) {
      streams += change;
    },
    open(walk) {
      requests++;
      walks.add(walk);
      lag.begin();
    },
    close(walk: Walk, ending: Ending) {
      const now = clock.monotonic();
      const finished = finish(walk, ending, now, lag.stood(walk.start, now));
      ports.recorder.record(finished);
      ports.live.publish(finished.facts);
      // What we asked ourselves is no traffic of the product.
      if (walk.told) walk.told(finished);
      else for (const steerer of ports.steerers) steerer.ended?.(finished.facts);
      // One that was abandoned has no row, and must not hold its place for ever.
      for (const one of walk.made) one.seat?.leave();
      if (walk.route && shadows.wanted(walk.route)) shadows.ended(walk, finished, ending.reading);
      walks.delete(walk);
      if (walks.size === 0) idle();
    },
  };

  const shadows = new Shadows({
    ...ctx,
    thread,
    shadowers: ports.shadowers ?? [],
    record(finished) {
      ports.recorder.record(finished);
      ports.live.publish(finished.facts);
    },
  });

  return {
    serves: (path) => byPath.has(path) || path === MODELS || path.startsWith(`${MODELS}/`),
    handle(incoming, outgoing) {
      const protocol = byPath.get(incoming.path);
      if (!protocol) return models(ctx, incoming, outgoing);
      if (incoming.method === 'POST') return ask(ctx, protocol, incoming, outgoing);
      return refuseMethod(protocol, nextId(), 'POST', outgoing);
    },
    standing,
    climate,
    weather,
    probes: new Probes({ ...ctx, translator: ports.translator }, ports.probes ?? (() => undefined)),
    seats,
    shadows,
    proofs: {
      snapshot: () => proofs.snapshot(),
      restore: (snapshot) => proofs.restore(snapshot),
      news: () => proofs.news(),
      hear: (news) => proofs.hear(news),
      tellAbroad: () => proofs.tellAbroad(),
      known: () => proofs.known(),
      learn: (news) => proofs.learn(news),
      adopt: (snapshot) => proofs.adopt(snapshot),
      read: () => readBoard(proofs, ports.routes().routes, board),
    },
    drill: createDrills({ ...ctx, translator: ports.translator }),
    stats: () => ({
      inFlight: walks.size,
      streams,
      requests,
      authFailures: admission.failures,
      lag: lag.read(),
    }),
    async drain(ms) {
      draining = true;
      shadows.stop();
      if (walks.size > 0) {
        const done = new Promise<void>((resolve) => {
          idle = resolve;
        });
        await Promise.race([done, clock.sleep(ms)]);
        for (const walk of walks) stopWalk(walk, 'shutting_down');
        if (walks.size > 0) await Promise.race([done, clock.sleep(AFTER_DRAIN)]);
        await clock.sleep(AFTER_DRAIN);
      }
      watchdog.stop();
    },
  };
}

/** Worked out once a configuration. */
function inForceOf(
  routes: () => RouteTable,
  contracts: (table: RouteTable) => ReadonlyMap<string, string>,
): InForce {
  let known: { readonly table: RouteTable; readonly of: ReadonlyMap<string, string> } | undefined;
  return (key) => {
    const table = routes();
    if (known?.table !== table) known = { table, of: contracts(table) };
    return known.of.get(key);
  };
}

function budgetsByRoute(): (route: string) => ShareBudgetState {
  const budgets = new Map<string, ShareBudgetState>();
  return (route) => {
    const known = budgets.get(route) ?? createShareBudgetState();
    budgets.set(route, known);
    return known;
  };
}

function models(
  ctx: AskContext & { readonly protocols: readonly Protocol[] },
  incoming: Incoming,
  outgoing: Outgoing,
): undefined {
  const protocol = ctx.protocols[0] as Protocol;
  if (incoming.method !== 'GET') return refuseMethod(protocol, ctx.nextId(), 'GET', outgoing);
  listModels(ctx, incoming, outgoing).catch((error: unknown) => {
    ctx.log('error', 'models could not be listed', { error: String(error) });
    outgoing.send(500, JSON_TYPE, '{}');
  });
}

function refuseMethod(protocol: Protocol, id: ExchangeId, allow: string, outgoing: Outgoing): undefined {
  outgoing.send(405, { ...JSON_TYPE, allow }, protocol.writeError(wrongMethod(allow), id).body);
}
