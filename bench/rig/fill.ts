import { join } from 'node:path';
import { systemClock } from '#kernel';
import { openStore } from '#store';
import { startEmbedded } from '#store/embedded';
import { undoLater } from './cleanup.ts';
import { spreadOut } from './cores.ts';
import { monthMaker } from './month.ts';

const DAY = 86_400_000;
export const DAYS = 30;
const BATCH = 2_000;
/** Tables of facts, by the columns that hold a time or an id that carries one. */
const COPIED = [
  'exchanges',
  'attempts',
  'rollups_minute',
  'rollups_hour',
  'rollups_day',
  'slices_minute',
  'slices_hour',
  'spend_minute',
  'spend_hour',
  'tiers_hour',
  'tiers_tenant_hour',
  'tiers_tenant_day',
  'tiers_user_day',
] as const;
const TIMES = new Set(['at', 'started_at']);
const IDS: Readonly<Record<string, string>> = { exchanges: 'id', attempts: 'exchange' };
/** Names of pieces of work; those of another day are others. */
const WORK = new Set(['thread', 'task']);

export interface Filled {
  readonly rows: number;
  readonly seconds: number;
  readonly bytes: number;
}

/**
 * Puts a month of exchanges into the embedded database of a data folder. One day is written through the store's own write
 * path; the database copies it to the other days, times and ids moved, because writing ten million exchanges one batch
 * after the other takes most of the time a whole bench has. Stops early, on a whole day, when the time is up.
 */
export async function fillMonth(
  folder: string,
  total: number,
  limitMs: number,
  say: (line: string) => void,
): Promise<Filled> {
  const began = performance.now();
  const clock = systemClock();
  const log = () => undefined;
  const postgres = await startEmbedded({
    dataDir: join(folder, '.midwatch'),
    clock,
    log,
    // For filling only; the product starts the same cluster with its own settings afterwards.
    settings: {
      fsync: 'off',
      full_page_writes: 'off',
      synchronous_commit: 'off',
      autovacuum: 'off',
      shared_buffers: '512MB',
      max_wal_size: '8GB',
      checkpoint_timeout: '1h',
      maintenance_work_mem: '256MB',
    },
  });
  const stopPostgres = undoLater(() => postgres.stop());
  spreadOut(postgres.pid);
  const store = openStore({ url: postgres.url, clock, log });
  const sql = new Bun.SQL({ url: postgres.url, max: 2 });
  try {
    await store.upkeep.migrate();
    const now = Date.now();
    const today = Math.floor(now / DAY) * DAY;
    const template = today - DAY;
    // The last of the days is today, which is not over.
    const perDay = Math.ceil(total / (DAYS - 1 + (now - today) / DAY));
    const make = monthMaker('month');
    for (let n = 0; n < perDay; n += BATCH)
      await store.write(
        Array.from({ length: Math.min(BATCH, perDay - n) }, (_, i) =>
          make(template + ((n + i) * DAY) / perDay),
        ),
      );
    say(`one day of ${perDay} written in ${((performance.now() - began) / 1_000).toFixed(0)} s`);

    const copies = await Promise.all(
      COPIED.map(async (table) => ({ table, columns: await columnsOf(sql, table) })),
    );
    // Newest first: what is left out when the time is up are the oldest days.
    const shifts = [DAY, ...Array.from({ length: DAYS - 2 }, (_, i) => -(i + 1) * DAY)];
    let next = 0;
    const copy = async () => {
      while (next < shifts.length && performance.now() - began < limitMs) {
        const shift = shifts[next++] as number;
        // The store makes the partitions of a day when something is written there.
        await store.write([make(template + shift)]);
        await sql.begin(async (tx) => {
          const from = template + shift;
          for (const { table, columns } of copies) {
            await tx.unsafe(`delete from ${table} where at >= ${from} and at < ${from + DAY}`);
            await tx.unsafe(
              `insert into ${table} (${columns.join(', ')}) select ${columns.map((c) => moved(table, c, shift)).join(', ')}
               from ${table} where at >= ${template} and at < ${Math.min(template + DAY, now - shift)}`,
            );
          }
        });
      }
    };
    const rebuild = await withoutIndexes(sql, ['exchanges', 'attempts']);
    await Promise.all([copy(), copy()]);
    say(`days copied after ${((performance.now() - began) / 1_000).toFixed(0)} s`);
    await rebuild();
    // As autovacuum would have left it after a month.
    await sql.unsafe('vacuum (analyze)').simple();
    const [row] =
      await sql`select count(*)::float8 as rows, pg_database_size(current_database())::float8 as bytes from exchanges`;
    return { rows: row.rows, bytes: row.bytes, seconds: (performance.now() - began) / 1_000 };
  } finally {
    await sql.close();
    await store.close();
    await stopPostgres();
  }
}

/** Drops what makes every copied row dear, and returns how to build it once for all rows. */
async function withoutIndexes(sql: Bun.SQL, tables: readonly string[]): Promise<() => Promise<void>> {
  const built: string[] = [];
  for (const table of tables) {
    const constraints =
      await sql`select conname as name, pg_get_constraintdef(oid) as def from pg_constraint where conrelid = ${table}::regclass and contype = 'p'`;
    for (const { name, def } of constraints) {
      await sql.unsafe(`alter table ${table} drop constraint ${name}`);
      built.push(`alter table ${table} add constraint ${name} ${def}`);
    }
    const indexes =
      await sql`select indexname as name, indexdef as def from pg_indexes where tablename = ${table}`;
    for (const { name, def } of indexes) {
      await sql.unsafe(`drop index ${name}`);
      // Postgres words the index of a partitioned table as one without those of its partitions.
      built.push(def.replace(' ON ONLY ', ' ON '));
    }
  }
  return async () => {
    for (const def of built) await sql.unsafe(def);
  };
}

async function columnsOf(sql: Bun.SQL, table: string): Promise<readonly string[]> {
  const rows =
    await sql`select column_name as name from information_schema.columns where table_name = ${table} order by ordinal_position`;
  return rows.map((row: { name: string }) => row.name);
}

/** The column as it stands in the copy. An id begins with 48 bits of milliseconds. */
function moved(table: string, column: string, shift: number): string {
  if (TIMES.has(column)) return `${column} + ${shift}`;
  if (WORK.has(column)) return `${column} || '${shift / DAY}'`;
  if (column !== IDS[table]) return column;
  const hex = `translate(${column}::text, '-', '')`;
  return `(lpad(to_hex(('x' || substr(${hex}, 1, 12))::bit(48)::int8 + ${shift}), 12, '0') || substr(${hex}, 13))::uuid`;
}
