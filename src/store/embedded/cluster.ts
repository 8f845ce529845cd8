import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Clock, Log } from '#contracts';
import type { Binaries } from './binaries.ts';
import { diagnose } from './diagnose.ts';
import { EmbeddedPostgresError, errnoOf } from './errors.ts';
import { type Account, run } from './run.ts';

export const SUPERUSER = 'midwatch';
const DRAFT = 'cluster.draft-';

/** One Postgres cluster on disk and the account that owns it. */
export interface Cluster {
  /** Holds everything of the embedded Postgres: the cluster, its password, the instance lock. */
  readonly home: string;
  /** What Postgres calls the data directory. */
  readonly folder: string;
  /** The same folder, as a Postgres program started in it may name it. */
  readonly name: string;
  readonly account: Account | undefined;
}

/**
 * Where a cluster lies.
 *
 * A dropped account cannot walk down to a data folder below a home of mode 0700, yet the data belongs there,
 * where people back it up, move it and delete it. So Postgres is started *in* its folder, which root may
 * enter on its behalf, and is told to find it at `/proc/self/cwd`: the kernel follows that link straight to
 * the folder without asking for the way. Keeping the data elsewhere was rejected: `rm -r` of the data folder
 * would leave it behind, a copy of the data folder would share it.
 */
export function clusterAt(home: string, account: Account | undefined): Cluster {
  const folder = join(home, 'cluster');
  return { home, folder, name: nameFor(folder, account), account };
}

/** Elsewhere than on Linux there is no such link; the account then has to be let in by whoever chose the folder. */
function nameFor(folder: string, account: Account | undefined): string {
  return account !== undefined && process.platform === 'linux' ? '/proc/self/cwd' : folder;
}

/** Creates the cluster if there is none, and checks that these binaries can open it. Returns whether it is new. */
export async function prepareCluster(
  cluster: Cluster,
  binaries: Binaries,
  clock: Clock,
  log: Log,
): Promise<boolean> {
  const made = readVersion(cluster.folder);
  const major = binaries.version.split('.')[0];
  if (made === undefined) {
    if (existsSync(cluster.folder)) {
      throw diagnose('The database has no version file', ['FATAL: PG_VERSION is missing']);
    }
    await create(cluster, binaries, clock);
    log('info', 'store.postgres.created', { folder: cluster.folder, version: binaries.version });
    return true;
  }
  if (made !== major) {
    throw new EmbeddedPostgresError(
      'wrong-version',
      `The database in ${cluster.folder} was made by Postgres ${made}, and this Midwatch carries Postgres ${major}.`,
      'Start the Midwatch that made it, or move its postgres folder away and start with an empty database.',
    );
  }
  return false;
}

/** The password of the cluster; made at its birth, kept in a file that only we can read. */
export function readPassword(cluster: Cluster): string {
  try {
    return readFileSync(join(cluster.home, 'password'), 'utf8').trim();
  } catch (error) {
    throw new EmbeddedPostgresError(
      'corrupted',
      `The password of the database, ${join(cluster.home, 'password')}, cannot be read.`,
      'Restore that file from a backup, or move the postgres folder away and start with an empty database.',
      { cause: error },
    );
  }
}

/**
 * A cluster as initdb left it is on its way to the disk, not on it: syncing its thousand files takes seconds on
 * a slow disk, at the one moment when somebody watches. So initdb does not sync, this does, while the server
 * already runs. The mark stays until it is through; what Postgres writes itself it syncs itself.
 */
export async function syncOnce(cluster: Cluster, binaries: Binaries, log: Log): Promise<void> {
  const mark = unsyncedMark(cluster);
  if (!existsSync(mark)) return;
  const result = await run(binaries.initdb, ['--sync-only', '-D', cluster.name], {
    account: cluster.account,
    cwd: cluster.folder,
  });
  if (result.code === 0) rmSync(mark, { force: true });
  else log('warn', 'store.postgres.unsynced', { reason: result.output.trim() });
}

async function create(cluster: Cluster, binaries: Binaries, clock: Clock): Promise<void> {
  // Made under another name, and a new one each time: after a kill halfway the old initdb may still be at it.
  for (const name of readdirSync(cluster.home)) {
    if (name.startsWith(DRAFT)) rmSync(join(cluster.home, name), { recursive: true, force: true });
  }
  const draft = mkdtempSync(join(cluster.home, DRAFT));
  const password = join(cluster.home, 'password');
  writeFileSync(password, `${Buffer.from(clock.randomBytes(24)).toString('base64url')}\n`, { mode: 0o600 });
  chmodSync(password, 0o600);
  const handed = handOver(cluster, draft, password);
  try {
    const result = await run(
      binaries.initdb,
      [
        ...['-D', nameFor(draft, cluster.account)],
        ...['--username', SUPERUSER, '--pwfile=/dev/stdin'],
        ...['--auth-host=scram-sha-256', '--auth-local=reject'],
        // Byte order of UTF-8 from Postgres itself: indexes do not depend on the version of the C library.
        ...['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
        ...['--no-sync', '--no-instructions'],
      ],
      { account: cluster.account, cwd: draft, stdin: handed.descriptor },
    );
    if (result.code !== 0)
      throw diagnose('Postgres could not create its database', result.output.split('\n'));
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    throw error;
  } finally {
    handed.close();
  }
  writeFileSync(unsyncedMark(cluster), '');
  renameSync(draft, cluster.folder);
}

/**
 * Gives the draft to the account, and the password as an open file: the account may open `/dev/stdin` again
 * because it owns the file, though it could never walk to it; an argument would show in `ps`.
 */
function handOver(cluster: Cluster, draft: string, password: string) {
  const passed = join(cluster.home, 'password.handed');
  writeFileSync(passed, readFileSync(password), { mode: 0o600 });
  if (cluster.account !== undefined) {
    chownSync(draft, cluster.account.uid, cluster.account.gid);
    chownSync(passed, cluster.account.uid, cluster.account.gid);
  }
  const descriptor = openSync(passed, 'r');
  return {
    descriptor,
    close() {
      closeSync(descriptor);
      rmSync(passed, { force: true });
    },
  };
}

function unsyncedMark(cluster: Cluster): string {
  return join(cluster.home, 'unsynced');
}

function readVersion(folder: string): string | undefined {
  try {
    return readFileSync(join(folder, 'PG_VERSION'), 'utf8').trim();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
