import { join } from 'node:path';
import type { Clock, Log, Store } from '#contracts';
import { openStore } from '#store';
import { binariesFromArchive, EmbeddedPostgresError, startEmbedded } from '#store/embedded';
import { carried } from './carried.ts';
import type { Lifecycle } from './lifecycle.ts';
import { StartError } from './start-error.ts';

export interface Database {
  readonly store: Store;
  readonly url: string;
  readonly kind: 'embedded' | 'external';
}

export interface DatabaseOptions {
  /** Of a Postgres somebody else runs; absent: our own under the data folder. */
  readonly url?: string;
  readonly dataDir: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly lifecycle: Lifecycle;
}

/** The database cannot be reached, which time may mend; unlike a broken one, which only a person can. */
export class DatabaseAway extends StartError {}

/** Brings the database up and its schema to date. @throws StartError with a remedy; DatabaseAway when it merely does not answer. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { clock, log, lifecycle } = options;
  const kind = options.url === undefined ? 'embedded' : 'external';
  if (options.url !== undefined && !/^postgres(ql)?:\/\/./.test(options.url))
    throw new StartError(
      'The address of the database is none of a Postgres.',
      'Write postgres://user:password@host:5432/name into DATABASE_URL (or `database:`), or leave it out to let Midwatch run its own.',
    );
  const url = options.url ?? (await ownPostgres(options));
  const store = openStore({ url, clock, log });
  lifecycle.onStop('database pool', () => store.close());
  try {
    const { from, to } = await store.upkeep.migrate();
    if (from !== to) log('info', 'database schema brought up to date', { from, to });
  } catch (error) {
    throw explain(error, url);
  }
  return { store, url, kind };
}

async function ownPostgres({ dataDir, clock, log, lifecycle }: DatabaseOptions): Promise<string> {
  try {
    const binaries =
      carried && (await binariesFromArchive(Bun.file(carried.postgres), join(dataDir, 'cache')));
    const postgres = await startEmbedded({
      dataDir,
      clock,
      log,
      ...(binaries !== undefined && { binaries }),
    });
    lifecycle.onStop('embedded postgres', () => postgres.stop());
    return postgres.url;
  } catch (error) {
    if (error instanceof EmbeddedPostgresError) throw new StartError(error.message, error.remedy);
    throw error;
  }
}

function explain(error: unknown, url: string): StartError {
  const message = error instanceof Error ? error.message : String(error);
  const where = safely(url);
  if ((error as { name?: string }).name === 'StoreUnavailable')
    return new DatabaseAway(
      `The database at ${where} does not answer: ${message}.`,
      'Start it or check the network, or unset DATABASE_URL to let Midwatch run its own Postgres.',
    );
  return new StartError(
    `The database at ${where} cannot be used: ${message}.`,
    'Check user, password and database name in DATABASE_URL; the user must be allowed to create tables.',
  );
}

/** A database URL without its password. */
export function safely(url: string): string {
  try {
    const { hostname, port, pathname } = new URL(url);
    return `${hostname}${port ? `:${port}` : ''}${pathname}`;
  } catch {
    return 'the given address';
  }
}
