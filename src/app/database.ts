import { join } from 'node:path';
import { type Clock, type Log, type Store, StoreUnavailable } from '#contracts';
import { openStore, SchemaTooNew } from '#store';
import {
  binariesFromArchive,
  EmbeddedPostgresError,
  type EmbeddedPostgresErrorKind,
  startEmbedded,
} from '#store/embedded';
import { carried } from './carried.ts';
import type { Lifecycle } from './lifecycle.ts';
import { StartError } from './start-error.ts';

interface Here {
  readonly clock: Clock;
  readonly log: Log;
  readonly lifecycle: Lifecycle;
}

/** The database cannot be reached, which time may mend; unlike a broken one, which only a person can. */
export class DatabaseAway extends StartError {}

/** The address of a Postgres that somebody else runs. @throws StartError when it is none */
export function othersPostgres(url: string): string {
  if (!/^postgres(ql)?:\/\/./.test(url))
    throw new StartError(
      'The address of the database is none of a Postgres.',
      'Write postgres://user:password@host:5432/name into DATABASE_URL (or `database:`), or leave it out to let Midwatch run its own.',
    );
  return url;
}

/** The store with its schema up to date. @throws StartError with a remedy; DatabaseAway when it merely does not answer. */
export async function openDatabase(url: string, { clock, log, lifecycle }: Here): Promise<Store> {
  const store = openStore({ url, clock, log });
  try {
    const { from, to } = await store.upkeep.migrate();
    if (from !== to) log('info', 'database schema brought up to date', { from, to });
  } catch (error) {
    // Tried every few seconds for as long as it is away: what a try leaves behind would add up.
    await store.close();
    throw explain(error, url);
  }
  lifecycle.onStop('database pool', () => store.close());
  return store;
}

/** What our own Postgres lacks when somebody used up the machine: it may be back at any moment. */
const SHORT: ReadonlySet<EmbeddedPostgresErrorKind> = new Set(['disk-full', 'out-of-memory']);

/** Starts our own Postgres under the data folder, and returns its address. @throws StartError with a remedy; DatabaseAway when it lacks room. */
export async function ownPostgres(dataDir: string, { clock, log, lifecycle }: Here): Promise<string> {
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
    if (!(error instanceof EmbeddedPostgresError)) throw error;
    const Kind = SHORT.has(error.kind) ? DatabaseAway : StartError;
    throw new Kind(error.message, error.remedy);
  }
}

function explain(error: unknown, url: string): StartError {
  const message = error instanceof Error ? error.message : String(error);
  const where = safely(url);
  const refused = `The database at ${where} cannot be used: ${message}.`;
  const rights =
    'Check user, password and database name in DATABASE_URL; the user must be allowed to create tables.';
  if (error instanceof SchemaTooNew)
    return new StartError(
      `The database at ${where} was left as it is. ${message}.`,
      'Start the newer version again, or give this one a folder of its own with --data, or another DATABASE_URL.',
    );
  if (!(error instanceof StoreUnavailable)) return new StartError(refused, rights);
  // Whoever administers it may have changed a password, and may change it back: what ran before waits for that, too.
  if (error.refused) return new DatabaseAway(refused, rights);
  return new DatabaseAway(
    `The database at ${where} does not answer: ${message}.`,
    'Start it or check the network, or unset DATABASE_URL to let Midwatch run its own Postgres.',
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
