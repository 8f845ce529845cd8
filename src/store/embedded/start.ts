import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Log } from '#contracts';
import { packagedBinaries, runnableBinaries } from './binaries.ts';
import { clusterAt, prepareCluster, readPassword, syncOnce } from './cluster.ts';
import { ensureDatabase, urlOf } from './database.ts';
import { EmbeddedPostgresError, errnoOf } from './errors.ts';
import { startGuard } from './guard.ts';
import { endLeftovers } from './leftovers.ts';
import { acquireLock } from './lock.ts';
import { findPort, isFree } from './port.ts';
import { type PostmasterOptions, startPostmaster } from './postmaster.ts';
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
  const lock = acquireLock(home);
  const undo: (() => void)[] = [lock.release];
  try {
    const account = await chooseAccount(join(home, 'cluster'));
    const cluster = clusterAt(home, account);
    const binaries = await runnableBinaries(options.binaries ?? packagedBinaries(), account, home);
    if (!(await prepareCluster(cluster, binaries, clock, log)))
      await endLeftovers(cluster.folder, clock, log);

    const password = readPassword(cluster);
    const port = await choosePort(options.port, home);
    const guard = startGuard(cluster);
    undo.push(guard.release);
    const server: PostmasterOptions = {
      ...{ cluster, binaries, port, clock, log },
      settings: options.settings ?? {},
    };

    const supervised = await supervise({
      ...{ clock, log, onExit: options.onExit, onRestart: options.onRestart },
      async start() {
        await endLeftovers(cluster.folder, clock, log);
        const postmaster = await startPostmaster(server);
        guard.watch(postmaster.pid);
        try {
          await ensureDatabase(port, password);
        } catch (error) {
          await postmaster.stop();
          throw error;
        }
        return postmaster;
      },
    });
    const synced = syncOnce(cluster, binaries, log);
    log('info', 'store.postgres.ready', { port, pid: supervised.pid, version: binaries.version });

    let stopped: Promise<void> | undefined;
    return {
      url: urlOf(port, password),
      port,
      version: binaries.version,
      get pid() {
        return supervised.pid;
      },
      stop() {
        stopped ??= synced.then(supervised.stop).finally(() => release(undo));
        return stopped;
      },
    };
  } catch (error) {
    release(undo);
    throw error;
  }
}

/** `<dataDir>/postgres`, ours alone: it holds the password. The account of the server is let in by `clusterAt`. */
function openHome(dataDir: string): string {
  const home = join(dataDir, 'postgres');
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    return realpathSync(home);
  } catch (error) {
    const full = errnoOf(error) === 'ENOSPC' || errnoOf(error) === 'EDQUOT';
    throw new EmbeddedPostgresError(
      full ? 'disk-full' : 'not-writable',
      full
        ? `There is no space left for the database in ${home}.`
        : `The folder of the database, ${home}, cannot be made (${errnoOf(error) ?? error}).`,
      full
        ? 'Free some space, or choose a data folder on another disk.'
        : 'Make the data folder writable for this user, or choose another one.',
      { cause: error },
    );
  }
}

async function choosePort(wanted: number | undefined, home: string): Promise<number> {
  if (wanted === undefined) return findPort(home);
  if (await isFree(wanted)) return wanted;
  throw new EmbeddedPostgresError(
    'port-taken',
    `Another program listens on port ${wanted}, which the database is to use.`,
    'Stop that program, or give the database another port.',
  );
}

function release(undo: (() => void)[]): void {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) step();
}
