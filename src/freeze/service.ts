import {
  type Clock,
  type Config,
  type ExchangeFacts,
  err,
  type Freeze,
  type FreezeMark,
  type FreezeStore,
  type FreezeView,
  type FrozenRoutes,
  LAST_GOOD,
  type Log,
  ok,
  type PolicyVersion,
  type PolicyVersionView,
  type Result,
  type RouteConfig,
  StoreUnavailable,
} from '#contracts';
import { percent } from '#contracts/say';
import { wilson } from '#kernel/stats';
import { createHistory } from './history.ts';
import { completed, fingerprint, pinned, providersOf, versionOf } from './policy.ts';
import { markOf, refusals } from './refusals.ts';

/** Two polls fit into the second in which a freeze by another gateway must act. */
const POLL_MS = 500;

export interface FreezeOptions {
  readonly store: FreezeStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Kept in the data folder, so that a start without database starts frozen. */
  readonly snapshot: { read(): string | undefined; write(text: string): void };
  /** What the file says. */
  readonly configured: () => Config;
  /** Other routes are frozen than before: what is in force has to be made anew. */
  readonly changed: () => void;
  /** What differs from one value to the other, as a reload would tell it. */
  readonly differences: (before: unknown, after: unknown, path: string) => readonly string[];
}

export interface FreezeAsk {
  readonly by: string;
  readonly reason?: string | undefined;
  readonly to?: string | undefined;
}

/** Why a route cannot be frozen so, in one sentence. */
export type FreezeRefusal = string;

export interface FreezeService extends FrozenRoutes {
  /** Watches for what other gateways freeze. Never rejects. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Looks now instead of at the next poll. */
  refresh(): Promise<void>;
  /** By route. */
  readonly pins: ReadonlyMap<string, Freeze>;
  /** The configuration with its frozen routes as they were; it counts as in force from now on. */
  pin(config: Config): Config;
  /** Why the second configuration may not follow the first. */
  refusals(before: Config, next: Config): readonly string[];
  ended(facts: ExchangeFacts): void;
  /** Rejects with `StoreUnavailable`: a freeze that only one gateway knows would be a lie. */
  freeze(route: string, ask: FreezeAsk): Promise<Result<FreezeView, FreezeRefusal>>;
  /** What it was; undefined when it was not frozen. */
  thaw(route: string): Promise<FreezeMark | undefined>;
  list(): Promise<readonly FreezeView[]>;
  /** Kept versions of one route's policy, the one used last first. */
  versions(route: string): Promise<readonly PolicyVersionView[]>;
}

export function createFreezes(options: FreezeOptions): FreezeService {
  const { store, clock, log, snapshot, configured, changed, differences } = options;
  const history = createHistory(store, clock, log);
  let pins: ReadonlyMap<string, Freeze> = new Map();
  let version: number | undefined;
  let polling: Promise<void> | undefined;
  let cancel: () => void = () => undefined;

  const take = (freezes: readonly Freeze[]): void => {
    pins = new Map(freezes.map((freeze) => [freeze.route, freeze]));
  };
  take(recall(snapshot, log));

  const load = async (): Promise<void> => {
    // The version first: a change between the two reads is then loaded once more, never missed.
    const seen = await store.version();
    if (seen === version) return;
    const before = pins;
    const freezes = await store.all();
    if (JSON.stringify(freezes) === JSON.stringify([...before.values()])) {
      version = seen;
      return;
    }
    take(freezes);
    try {
      changed();
    } catch (error) {
      // What cannot be put in force is tried again at the next poll.
      pins = before;
      throw error;
    }
    version = seen;
    try {
      snapshot.write(JSON.stringify(freezes));
    } catch (error) {
      // What is in force is right; what is lost is only a start without database.
      log('error', 'freezes could not be kept for a start without database', { reason: String(error) });
    }
    log('info', 'frozen routes changed', { frozen: freezes.map(({ route }) => route) });
  };
  const poll = (): Promise<void> => {
    polling ??= load()
      // Away: what is frozen stays so. The keys say that the database is gone.
      .catch((error: unknown) => {
        if (!(error instanceof StoreUnavailable))
          log('error', 'freezes could not be read', { reason: String(error) });
      })
      .finally(() => {
        polling = undefined;
      });
    return polling;
  };
  const refresh = async (): Promise<void> => {
    await polling;
    await poll();
  };

  const differing = (route: string, before: RouteConfig | undefined, after: RouteConfig | undefined) =>
    differences(before, after, `routes.${route}`);

  const viewOf = async (freeze: Freeze): Promise<FreezeView> => {
    const { route, policy } = freeze;
    const moved = await store.moved(freeze).catch((error: unknown) => {
      if (error instanceof StoreUnavailable) return undefined;
      throw error;
    });
    return {
      ...markOf(freeze),
      waiting: differing(route, completed(policy), configured().routes[route]),
      ...(moved && { moved }),
    };
  };

  /** The policy to keep, or why there is none. */
  const choose = async (route: string, to: string | undefined): Promise<Result<RouteConfig, string>> => {
    const present = presentPolicy(route);
    if (!present) return err(`There is no route "${route}".`);
    if (to === undefined) return ok(present);
    const kept = await versionsOf(route);
    const found = to === 'good' ? lastGood(kept) : kept.find(({ version }) => version.startsWith(to));
    if (!found)
      return err(
        to === 'good'
          ? `No kept version of route "${route}" served ${LAST_GOOD.exchanges} exchanges of which ${percent(LAST_GOOD.share)} were good.`
          : `No version "${to}" of route "${route}" is kept.`,
      );
    const lacking = providersOf(found.policy).filter((name) => !configured().providers[name]);
    if (lacking.length > 0)
      return err(
        `Version ${found.version} of route "${route}" asks providers that the configuration no longer has: ${lacking.join(', ')}.`,
      );
    return ok(completed(found.policy));
  };

  /** With what this process has counted and not saved. */
  const versionsOf = async (route: string): Promise<readonly PolicyVersion[]> => {
    await history.flush();
    const present = presentVersion(route);
    const kept = await store.versions(route);
    // What is in force is in use, whether or not anybody asks.
    return kept
      .map((one) => (one.version === present ? { ...one, lastUsed: clock.now() } : one))
      .sort(
        (a, b) => Number(b.version === present) - Number(a.version === present) || b.lastUsed - a.lastUsed,
      );
  };

  const presentPolicy = (route: string) => pins.get(route)?.policy ?? configured().routes[route];
  const presentVersion = (route: string) => {
    const policy = presentPolicy(route);
    return policy && versionOf(policy);
  };

  return {
    async start() {
      await poll();
      cancel = clock.every(POLL_MS, () => void poll());
    },
    async stop() {
      cancel();
      await polling;
      await history.stop();
    },
    refresh,
    get pins() {
      return pins;
    },
    frozen: (route) => pins.has(route),
    pin(config) {
      const effective = pinned(config, pins);
      history.applied(effective, pins);
      for (const [route, { policy, providers }] of pins)
        for (const name of providersOf(policy)) {
          const now = config.providers[name];
          if (now && providers[name] !== undefined && fingerprint(now) !== providers[name])
            log('warn', 'a provider of a frozen route is not what it was', { route, provider: name });
        }
      return effective;
    },
    refusals: (before, next) => refusals(before, next, pins.values()),
    ended: history.ended,
    async freeze(route, { by, reason, to }) {
      const chosen = await choose(route, to);
      if (!chosen.ok) return chosen;
      const policy = chosen.value;
      const at = clock.now();
      const freeze: Freeze = {
        route,
        version: versionOf(policy),
        policy,
        providers: Object.fromEntries(
          providersOf(policy).flatMap((name) => {
            const settings = configured().providers[name];
            return settings ? [[name, fingerprint(settings)]] : [];
          }),
        ),
        at,
        by,
        ...(reason !== undefined && { reason }),
        seen: await store.inUse(route, at),
      };
      await store.freeze(freeze);
      await refresh();
      return ok(await viewOf(freeze));
    },
    async thaw(route) {
      const thawed = await store.thaw(route);
      await refresh();
      return thawed;
    },
    list: () => Promise.all([...pins.values()].map(viewOf)),
    async versions(route) {
      const kept = await versionsOf(route);
      const good = lastGood(kept)?.version;
      const present = presentPolicy(route);
      const inForce = presentVersion(route);
      return kept.map(({ version, firstUsed, lastUsed, exchanges, good: count, policy }) => {
        const { estimate, lower, upper } =
          exchanges === 0 ? { estimate: 0, lower: 0, upper: 1 } : wilson(count, exchanges);
        return {
          version,
          firstUsed,
          lastUsed,
          good: { count, n: exchanges, rate: estimate, low: lower, high: upper },
          inForce: version === inForce,
          lastGood: version === good,
          differs: differing(route, present, completed(policy)),
        };
      });
    },
  };
}

/** `versions`: the one used last first. */
const lastGood = (versions: readonly PolicyVersion[]): PolicyVersion | undefined =>
  versions.find(
    ({ exchanges, good }) => exchanges >= LAST_GOOD.exchanges && good >= LAST_GOOD.share * exchanges,
  );

function recall(snapshot: FreezeOptions['snapshot'], log: Log): readonly Freeze[] {
  const text = snapshot.read();
  if (text === undefined) return [];
  try {
    return JSON.parse(text) as readonly Freeze[];
  } catch (error) {
    log('error', 'the kept freezes are unreadable, starting without them', { reason: String(error) });
    return [];
  }
}
