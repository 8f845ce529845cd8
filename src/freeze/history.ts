import {
  type Clock,
  type Config,
  type ExchangeFacts,
  type Freeze,
  type FreezeStore,
  isGood,
  isTraffic,
  type Log,
  type PolicyVersion,
  StoreUnavailable,
} from '#contracts';
import { versionOf } from './policy.ts';

/** What a crash may cost of the counts. */
const FLUSH_MS = 5_000;

type Counted = { -readonly [K in keyof PolicyVersion]: PolicyVersion[K] } & {
  /** The store knows of it. */
  told: boolean;
};

/** Which version of each route's policy was in force, when, and how its traffic ended. */
export interface History {
  /** This configuration is in force now. */
  applied(config: Config, freezes: ReadonlyMap<string, Freeze>): void;
  ended(facts: ExchangeFacts): void;
  flush(): Promise<void>;
  stop(): Promise<void>;
}

export function createHistory(store: Pick<FreezeStore, 'used'>, clock: Clock, log: Log): History {
  /** In force, by route. */
  let present = new Map<string, Counted>();
  /** No longer in force, with counts that are not in the store yet. */
  let past: Counted[] = [];
  let flushing: Promise<void> | undefined;

  const save = async () => {
    const batch = [...past, ...present.values()].filter((v) => v.exchanges > 0 || !v.told);
    const taken = batch.map(({ told: _, ...version }) => version);
    try {
      await store.used(taken);
    } catch (error) {
      // Kept and tried again; a database that is away is told elsewhere.
      if (!(error instanceof StoreUnavailable))
        log('error', 'policy versions not kept', { reason: String(error) });
      return;
    }
    for (const [i, version] of batch.entries()) {
      version.exchanges -= taken[i]?.exchanges ?? 0;
      version.good -= taken[i]?.good ?? 0;
      version.told = true;
    }
    past = past.filter(({ exchanges }) => exchanges > 0);
  };
  const flush = () => {
    flushing ??= save().finally(() => {
      flushing = undefined;
    });
    return flushing;
  };
  const cancel = clock.every(FLUSH_MS, () => void flush());

  return {
    applied(config, freezes) {
      const now = clock.now();
      const next = new Map<string, Counted>();
      for (const [route, configured] of Object.entries(config.routes)) {
        const policy = freezes.get(route)?.policy ?? configured;
        const version = versionOf(policy);
        const known = present.get(route);
        if (known?.version === version) {
          next.set(route, known);
          continue;
        }
        // Taken back before it was saved, it goes on: twice in one batch, the store would refuse all of it for ever.
        const again = past.find((v) => v.route === route && v.version === version);
        past = past.filter((v) => v !== again);
        next.set(
          route,
          again ?? {
            route,
            version,
            policy,
            firstUsed: now,
            lastUsed: now,
            exchanges: 0,
            good: 0,
            told: false,
          },
        );
        if (again) again.lastUsed = now;
        if (!known) continue;
        known.lastUsed = now;
        known.told = false;
        past.push(known);
      }
      present = next;
    },
    ended({ route, source, outcome, at }) {
      const counted = present.get(route);
      if (!counted || outcome === 'cancelled' || !isTraffic(source)) return;
      counted.exchanges++;
      if (isGood(outcome)) counted.good++;
      if (at > counted.lastUsed) counted.lastUsed = at;
    },
    flush,
    async stop() {
      cancel();
      await flushing;
      await flush();
    },
  };
}
