import type { Clock, Log, Store } from '#contracts';
import { actStore } from './acts.ts';
import { adminStore } from './admin.ts';
import { cassetteStore } from './cassettes.ts';
import { listChanges } from './changes.ts';
import { connect } from './connection.ts';
import { freezeStore } from './freezes.ts';
import { keyStore } from './keys.ts';
import { exchangeReader } from './read.ts';
import { runStore } from './runs.ts';
import { shadowPairs } from './shadows.ts';
import { readSpend } from './spend.ts';
import { tierHours, tierTenants, tierUsers } from './tiers.ts';
import { tokenStore } from './tokens.ts';
import { upkeep } from './upkeep.ts';
import { readWaste } from './waste.ts';
import { readWindow } from './window.ts';
import { createWriter } from './write.ts';

export { SCHEMA_VERSION, SchemaTooNew } from './migrations/index.ts';

export interface StoreOptions {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Most connections at once. The default leaves room for several processes at a small server. */
  readonly connections?: number;
  /** Of a thread that may get no processor for seconds and writes what can wait: it goes by the deadlines of its writes alone. */
  readonly background?: boolean;
}

/**
 * The one door to Postgres. Opens no connection before the first call, so a database that is not there yet is no
 * reason not to start; `upkeep.migrate` must have run once before anything else.
 */
export function openStore({ url, clock, log, connections = 4, background = false }: StoreOptions): Store {
  const database = connect({ url, clock, log, connections, background });
  return {
    ...createWriter({ database, clock, log }),
    exchanges: exchangeReader({ database, clock }),
    rollups: {
      window: (query) => readWindow(database, query),
      spend: (query) => readSpend(database, query),
    },
    tiers: {
      hours: (window) => tierHours(database, window),
      tenants: (window) => tierTenants(database, window),
      users: (window) => tierUsers(database, window),
    },
    changes: { list: (filter, page) => listChanges(database, filter, page) },
    keys: keyStore(database),
    admin: adminStore(database),
    tokens: tokenStore(database),
    runs: runStore(database),
    freezes: freezeStore(database),
    acts: actStore(database),
    cassettes: cassetteStore(database),
    waste: { read: (query) => readWaste(database, query) },
    shadows: { pairs: (query) => shadowPairs(database, query) },
    upkeep: upkeep(database, log),
    close: () => database.close(),
  };
}
