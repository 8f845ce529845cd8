import { SUPERUSER } from './cluster.ts';
import { diagnose } from './diagnose.ts';
import { EmbeddedPostgresError } from './errors.ts';

export const DATABASE = 'midwatch';
/** What initdb leaves for whoever comes first. */
const SPARE = 'postgres';
const TEMPLATE = 'template1';
const MISSING_DATABASE = '3D000';

export function urlOf(port: number, password: string, database: string = DATABASE): string {
  return `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/${database}`;
}

/**
 * Makes one real connection to Midwatch's database and creates that database if it is not there: what Postgres
 * writes to its log is a promise, an answer is a proof. Looked at on every start, since a kill may have come
 * between initdb and here.
 */
export async function ensureDatabase(port: number, password: string): Promise<void> {
  try {
    await once(urlOf(port, password), (sql) => sql`select 1`);
  } catch (error) {
    if (sqlState(error) !== MISSING_DATABASE) throw refused(error);
    await once(urlOf(port, password, TEMPLATE), async (sql) => {
      const spare = await sql`select 1 from pg_database where datname = ${SPARE}`;
      // A copy is logged and flushed page by page, a quarter of a second at the one start that somebody watches.
      await sql.unsafe(
        spare.length > 0 ? `alter database ${SPARE} rename to ${DATABASE}` : `create database ${DATABASE}`,
      );
    });
  }
}

/** One connection for one piece of work. */
export async function once<T>(url: string, work: (sql: Bun.SQL) => Promise<T>): Promise<T> {
  const sql = new Bun.SQL({ url, max: 1, connectionTimeout: 10, tls: false });
  try {
    return await work(sql);
  } finally {
    await sql.close();
  }
}

function refused(cause: unknown): EmbeddedPostgresError {
  if (sqlState(cause) !== '28P01')
    return diagnose('The database started and refuses connections', [
      `FATAL: ${cause instanceof Error ? cause.message : cause}`,
    ]);
  return new EmbeddedPostgresError(
    'corrupted',
    'The database refuses the password kept beside it.',
    'Restore postgres/password in the data folder from a backup; it belongs to this database.',
    { cause },
  );
}

function sqlState(error: unknown): string | undefined {
  return error instanceof Bun.SQL.PostgresError ? (error.errno as string | undefined) : undefined;
}
