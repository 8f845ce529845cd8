import { textArray } from './arrays.ts';
import type { Session } from './connection.ts';
import { type Day, daySuffix, parseDaySuffix, startOf } from './day.ts';

/** Tables with a partition per day, in the order in which they are dropped: what is largest and least missed first. */
const PARTITIONED = ['bodies', 'links', 'attempts', 'exchanges', 'rollups_minute'] as const;
export type PartitionedTable = (typeof PARTITIONED)[number];

export interface Partition {
  readonly table: PartitionedTable;
  readonly day: Day;
  readonly name: string;
  readonly oid: number;
}

const nameOf = (table: PartitionedTable, day: Day) => `${table}_${daySuffix(day)}`;

/** `oid` by name, for those of these days that exist. */
export async function findPartitions(session: Session, days: readonly Day[]): Promise<Map<string, number>> {
  const names = days.flatMap((day) => PARTITIONED.map((table) => nameOf(table, day)));
  const rows = await session.query<{ name: string; oid: number }>(
    `select relname as name, oid::int8::float8 as oid from pg_class
     where relname = any($1::text[]) and relnamespace = current_schema()::regnamespace`,
    [textArray(names)],
  );
  return new Map(rows.map((row) => [row.name, row.oid]));
}

export const partitionsOf = (days: readonly Day[]): readonly string[] =>
  days.flatMap((day) => PARTITIONED.map((table) => nameOf(table, day)));

/** Any number of its own: creators wait for each other instead of failing on the name. */
const LOCK = 64392825;

/**
 * Creates what is missing. A partition is made as a table of its own and then attached: `create table … partition of`
 * would lock out everybody who reads any day.
 */
export async function createPartitions(tx: Session, days: readonly Day[]): Promise<void> {
  await tx.query('select pg_advisory_xact_lock($1::int8)', [LOCK]);
  const there = await findPartitions(tx, days);
  for (const day of days)
    for (const table of PARTITIONED) {
      const name = nameOf(table, day);
      if (there.has(name)) continue;
      const values =
        table === 'bodies' || table === 'links'
          ? `in (${day})`
          : `from (${startOf(day)}) to (${startOf(day + 1)})`;
      // A minute's row is rewritten as long as the minute lasts; room on its page keeps the index out of it.
      const storage = table === 'rollups_minute' ? 'with (fillfactor = 70)' : '';
      await tx.script(
        `create table ${name} (like ${table} including defaults including storage) ${storage};
         alter table ${table} attach partition ${name} for values ${values}`,
      );
    }
}

/** Every partition there is, oldest first. */
export async function listPartitions(session: Session): Promise<(Partition & { readonly bytes: number })[]> {
  const rows = await session.query<{ table: PartitionedTable; name: string; oid: number; bytes: number }>(
    `select parent.relname as table, child.relname as name, child.oid::int8::float8 as oid,
            pg_total_relation_size(child.oid)::float8 as bytes
     from pg_inherits join pg_class parent on parent.oid = inhparent join pg_class child on child.oid = inhrelid
     where parent.relkind = 'p' and parent.relname = any($1::text[])
       and parent.relnamespace = current_schema()::regnamespace`,
    [textArray(PARTITIONED)],
  );
  return rows
    .flatMap((row) => {
      const day = parseDaySuffix(row.name.slice(row.table.length + 1));
      return day === undefined ? [] : [{ ...row, day }];
    })
    .sort((a, b) => a.day - b.day || PARTITIONED.indexOf(a.table) - PARTITIONED.indexOf(b.table));
}

/**
 * Lets the BRIN indexes of one partition take in the pages that were filled since last time. Without it they are read
 * whole by every filter until vacuum comes by.
 */
export async function summarise(session: Session, oid: number): Promise<void> {
  await session.query(
    `select brin_summarize_new_values(indexrelid) from pg_index
     join pg_class c on c.oid = indexrelid join pg_am a on a.oid = c.relam
     where indrelid = $1::int8::oid and a.amname = 'brin'`,
    [oid],
  );
}
