import type { KeyService } from '#api';
import { type Clock, type Config, type Log, type Store, StoreUnavailable } from '#contracts';
import type { FreezeService } from '#freeze';
import type { Runs } from '#runs';
import type { createActs } from './acts.ts';
import { type AdminHash, STARTER } from './admin.ts';
import { type DataFolder, readIfThere } from './data-folder.ts';
import { DatabaseAway, openDatabase, othersPostgres, ownPostgres } from './database.ts';
import type { LateStore } from './late-store.ts';
import type { Lifecycle } from './lifecycle.ts';
import { retryDatabase } from './retry-database.ts';
import { startCassetteRounds } from './rounds.ts';
import { type ScribeThread, startScribeThread } from './scribe-thread.ts';
import { startUpkeep } from './upkeep.ts';

export interface BringUpOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly lifecycle: Lifecycle;
  readonly folder: DataFolder;
  /** Postgres URL; undefined for our own under the data folder. */
  readonly url: string | undefined;
  /** As the process was started with. */
  readonly config: Config;
  /** As it is in force. */
  readonly now: () => Config;
  readonly late: LateStore;
  readonly admin: AdminHash;
  readonly newAdminToken: boolean;
  readonly keys: KeyService;
  readonly freezes: FreezeService;
  readonly acts: ReturnType<typeof createActs>;
  readonly runs: Runs;
  /** The database answers, and this thread writes what the spool holds. */
  readonly found: (scribe: ScribeThread) => void;
  readonly drain: () => Promise<void>;
}

export interface BroughtUp {
  /** The admin token, if it was made now. */
  readonly adminToken?: string;
  /** Why this runs without its database, if it does. */
  readonly degraded?: string;
}

/** The database, and everything that begins only with it. @throws StartError where nothing could be served without. */
export async function bringUp(given: BringUpOptions): Promise<BroughtUp> {
  const { clock, log, lifecycle, folder, admin, keys, freezes, acts, runs } = given;
  let keysStopped: Promise<void> | undefined;
  const stopKeys = () => {
    keysStopped ??= keys.stop();
    return keysStopped;
  };
  lifecycle.onStop('keys', stopKeys);

  let adminToken: string | undefined;
  let url = '';
  let store: Store;
  const here = { clock, log, lifecycle };
  /** In this order, each to its end once: a database that goes again half-way must not get a second scribe at its return. */
  const steps: readonly (() => Promise<unknown>)[] = [
    async () => {
      url = given.url === undefined ? await ownPostgres(folder.path, here) : othersPostgres(given.url);
    },
    async () => {
      store = await openDatabase(url, here);
      given.late.bind(store);
      const scribe = startScribeThread({
        databaseUrl: url,
        spool: folder.spool,
        maxBytes: given.config.spool.max,
        clock,
        log,
      });
      given.found(scribe);
      lifecycle.onStop('scribe', scribe.stop);
      // Before the database goes, since their last use is written there.
      lifecycle.onStop('keys', stopKeys);
      lifecycle.onStop(
        'upkeep',
        startUpkeep(store, () => given.now().retention, clock, log),
      );
      lifecycle.onStop(
        'cassette rounds',
        startCassetteRounds({
          clock,
          log,
          store: store.cassettes,
          by: folder.instance,
          config: given.now,
        }),
      );
    },
    async () => {
      adminToken = await admin.settle(store);
      if (given.newAdminToken && adminToken === undefined) adminToken = await admin.replace(store);
    },
    keys.refresh,
    freezes.start,
    acts.start,
    runs.start,
    async () => {
      // Before the database goes, since the end of a run is written there.
      lifecycle.onStop('runs', async () => {
        await given.drain();
        await runs.stop();
        await freezes.stop();
        await acts.stop();
      });
    },
  ];
  let done = 0;
  const attempt = async () => {
    try {
      for (; done < steps.length; done++) await steps[done]?.();
    } catch (error) {
      given.late.missed(error instanceof Error ? error.message : String(error));
      throw error;
    }
  };
  try {
    await attempt();
  } catch (error) {
    // What has run before runs on without its database; a first start without one would be a gateway that nobody can enter.
    const ranBefore = readIfThere(folder.keys) !== undefined && admin.current() !== undefined;
    const away = error instanceof StoreUnavailable ? leftAgain(error) : error;
    if (!(away instanceof DatabaseAway) || !ranBefore) throw away;
    log('error', 'database away, serving from the last good state', {
      why: away.message,
      todo: away.remedy,
    });
    lifecycle.onStop('database retry', retryDatabase(clock, log, attempt));
    return { degraded: away.message };
  }
  return adminToken === undefined ? {} : { adminToken };
}

const leftAgain = ({ message }: StoreUnavailable) =>
  new DatabaseAway(
    `The database answered and then did not: ${message}.`,
    'Look at its log and at the network, then start Midwatch again.',
  );

/** Makes the key that was asked for at the start; undefined where none was, or where one exists. */
export async function firstKey(given: {
  readonly name: string | undefined;
  readonly keys: KeyService;
  readonly store: Pick<Store['admin'], 'audit'>;
  readonly clock: Clock;
}): Promise<string | undefined> {
  const { name, keys, store, clock } = given;
  if (name === undefined || !keys.empty) return undefined;
  const created = await keys.create({ name });
  const trace = { at: clock.now(), actor: STARTER, action: 'key.create', subject: created.id };
  await store.audit({ ...trace, detail: { name: created.name } });
  return created.key;
}
