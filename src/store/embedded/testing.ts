import { spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '#kernel';
import { once } from './database.ts';
import { EmbeddedPostgresError, errnoOf } from './errors.ts';

/** A real Postgres for tests: one cluster per user of this machine, started by whoever needs it first. */
export interface TestCluster {
  /** Superuser's URL of the database `midwatch`, which tests leave alone. */
  readonly url: string;
}

export interface TestDatabase {
  readonly url: string;
  readonly name: string;
  /** Ends its connections and removes it. Forgotten ones are swept when nobody has used them for a while. */
  drop(): Promise<void>;
}

const PATIENCE_MS = 60_000;
const POLL_MS = 25;

/** Everything of the shared cluster; by user, since the files of one cannot be read by another. */
export const testFolder = join(tmpdir(), `midwatch-tests-${process.getuid?.() ?? 'user'}`);
export const urlFile = join(testFolder, 'url');

/**
 * The shared cluster, running. Its host is a process of its own that ends some minutes after the last test
 * was seen, so files and runs that follow each other find it warm, and nothing stays for ever.
 *
 * Safe when many processes call it at once: each starts a host if there is no answer, one of them gets the
 * lock, the others end, and all wait for the same URL.
 */
export async function sharedTestCluster(): Promise<TestCluster> {
  const clock = systemClock();
  let hosting = false;
  for (let waited = 0; waited < PATIENCE_MS; waited += POLL_MS) {
    const url = readUrl();
    if (url !== undefined && (await answers(url))) return { url };
    if (!hosting) {
      hosting = true;
      startHost(() => {
        hosting = false;
      });
    }
    await clock.sleep(POLL_MS);
  }
  throw new EmbeddedPostgresError(
    'failed',
    `The shared Postgres for tests was not ready within ${PATIENCE_MS / 1000} s.`,
    `Read ${join(testFolder, 'host.log')}.`,
  );
}

/** An empty database with a name of its own in the shared cluster; some 20 ms when the cluster is warm. */
export async function freshDatabase(): Promise<TestDatabase> {
  const { url: shared } = await sharedTestCluster();
  const name = `t_${Buffer.from(systemClock().randomBytes(8)).toString('hex')}`;
  // Copying files is twice as fast as logging every page, and no crash is to be survived here.
  await once(shared, (sql) => sql.unsafe(`create database ${name} template template0 strategy file_copy`));
  const url = new URL(shared);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    name,
    drop: () =>
      once(shared, async (sql) => void (await sql.unsafe(`drop database if exists ${name} with (force)`))),
  };
}

function startHost(onEnd: () => void): void {
  mkdirSync(testFolder, { recursive: true, mode: 0o700 });
  const log = openSync(join(testFolder, 'host.log'), 'a', 0o600);
  const host = spawn(process.execPath, [join(import.meta.dir, 'testing-host.ts')], {
    stdio: ['ignore', log, log],
    detached: true,
  });
  host.on('exit', onEnd);
  host.on('error', onEnd);
  host.unref();
}

async function answers(url: string): Promise<boolean> {
  try {
    await once(url, (sql) => sql`select 1`);
    return true;
  } catch {
    // Starting, stopping, or a file left by a host that was killed: in every case somebody has to host.
    return false;
  }
}

function readUrl(): string | undefined {
  try {
    return readFileSync(urlFile, 'utf8').trim();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
