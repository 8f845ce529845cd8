import { type Store, StoreUnavailable } from '#contracts';

/**
 * A store that may come later, or go: until one is bound every call rejects with `StoreUnavailable`, which is what
 * callers do with a database that is away anyhow. So the gateway listens while Postgres still boots.
 */
export interface LateStore {
  readonly store: Store;
  bind(real: Store): void;
  /** Why it could not be had so far, which callers are told. */
  missed(why: string): void;
  readonly bound: boolean;
}

const GROUPS = [
  'exchanges',
  'rollups',
  'tiers',
  'changes',
  'keys',
  'admin',
  'tokens',
  'runs',
  'freezes',
  'acts',
  'cassettes',
  'shadows',
  'waste',
  'upkeep',
] as const;

export function createLateStore(): LateStore {
  let real: Store | undefined;
  let reason = 'the database is not up yet';
  const now = (): Store => {
    if (!real) throw new StoreUnavailable(reason);
    return real;
  };
  /** Looks the method up at each call, so that what was handed out before binding works after it. */
  const group = <K extends (typeof GROUPS)[number]>(name: K): Store[K] =>
    new Proxy({} as Store[K], {
      get:
        (_, method) =>
        async (...args: unknown[]) => {
          const methods = now()[name] as unknown as Record<PropertyKey, (...args: unknown[]) => unknown>;
          return methods[method]?.(...args);
        },
    });
  const groups = Object.fromEntries(GROUPS.map((name) => [name, group(name)])) as unknown as Pick<
    Store,
    (typeof GROUPS)[number]
  >;
  return {
    store: { ...groups, write: async (batch) => now().write(batch), close: async () => real?.close() },
    bind(store) {
      real = store;
    },
    missed(why) {
      reason = why;
    },
    get bound() {
      return real !== undefined;
    },
  };
}
