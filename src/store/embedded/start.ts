import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Log } from '#contracts';
import { packagedBinaries, runnableBinaries } from './binaries.ts';
import { clusterAt, prepareCluster, readPassword, syncOnce } from './cluster.ts';
import { ensureDatabase, urlOf } from './database.ts';
import { asEmbeddedError } from './errors.ts';
import { startGuard } from './guard.ts';
import { endLeftovers } from './leftovers.ts';
import { acquireLock } from './lock.ts';
import { onFreePort } from './port.ts';
import { type Postmaster, startPostmaster } from './postmaster.ts';
import { supervise, type UnexpectedExit } from './supervise.ts';
import { chooseAccount } from './user.ts';

export interface EmbeddedOptions {
  /** The data folder of this Midwatch; everything of the database lies in `postgres` below it. */
  readonly dataDir: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Folder with `bin`, `lib` and `share`; absent means the package npm installed for this platform. */
  readonly binaries?: string;
  /** Absent: derived from the path of the data folder, the next free one if taken. */
  readonly port?: number;
  /** Postgres settings over our own, e.g. `{ shared_buffers: '256MB' }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The server died by itself. Restarting is not the caller's business, closing a breaker may be. */
  readonly onExit?: (exit: UnexpectedExit) => void;
  /** It is back, on the same URL. */
  readonly onRestart?: (pid: number) => void;
}

export interface EmbeddedPostgres {
  /** With password; stays the same while this runs, through restarts of the server. */
  readonly url: string;
  readonly port: number;
  /** `18.4`. */
  readonly version: string;
  /** Of the server that runs now or ran last. */
  readonly pid: number;
  /** Shuts down cleanly and gives the data folder free. Further calls share the first one's promise. */
  stop(): Promise<void>;
}

/**
 * Starts the private Postgres of a data folder, creating it the first time, and keeps it running until `stop`.
 *
 * @throws EmbeddedPostgresError one sentence and a remedy, when the first start fails. Nothing is left running.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const { clock, log } = options;
  const home = openHome(options.dataDir);
  const undo: (() => void | Promise<void>)[] = [];
  try {
    undo.push(acquireLock(home).release);
    const account = await chooseAccount(join(home, 'cluster'));
    const cluster = clusterAt(home, account);
    const binaries = await runnableBinaries(options.binaries ?? packagedBinaries(), account, home);
    await prepareCluster(cluster, binaries, clock, log);

    const password = readPassword(cluster);
    const guard = startGuard(cluster);
    undo.push(guard.release);

    const startOn = async (port: number): Promise<Postmaster> => {
      const postmaster = await startPostmaster({
        ...{ cluster, binaries, port, clock, log },
        settings: options.settings ?? {},
        onSpawn: guard.watch,
      });
      try {
        await ensureDatabase(port, password);
        return postmaster;
      } catch (error) {
        await postmaster.stop();
        throw error;
      }
    };
    await endLeftovers(cluster.folder, clock, log);
    const { port, postmaster } = await onFreePort(options.port, home, startOn);
    const supervised = supervise({
      ...{ clock, log, onExit: options.onExit, onRestart: options.onRestart },
      folder: home,
      first: postmaster,
      async restart() {
        await endLeftovers(cluster.folder, clock, log);
        return startOn(port);
      },
    });
    undo.push(supervised.stop);
    const synced = syncOnce(cluster, binaries, log);
    undo.push(() => synced);
    log('info', 'store.postgres.ready', {
      port,
      pid: supervised.pid,
      version: binaries.version,
    });

    let stopped: Promise<void> | undefined;
    return {
      url: urlOf(port, password),
      port,
      version: binaries.version,
      get pid() {
        return supervised.pid;
      },
      stop() {
        stopped ??= release(undo);
        return stopped;
      },
    };
  } catch (error) {
    await release(undo);
    throw asEmbeddedError(error, home);
  }
}

/** `<dataDir>/postgres`, ours alone. The account of the server gets to its cluster in another way: see `clusterAt`. */
function openHome(dataDir: string): string {
  const home = join(dataDir, 'postgres');
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    return realpathSync(home);
  } catch (error) {
    throw asEmbeddedError(error, home);
  }
}

/** Backwards, and to the end: a step that fails must not keep the lock from being given back. */
async function release(undo: (() => void | Promise<void>)[]): Promise<void> {
  const step = undo.pop();
  if (step === undefined) return;
  try {
    await step();
  } finally {
    await release(undo);
  }
}
