import { type Log, type Store, StoreUnavailable } from '#contracts';
import type { Database } from './connection.ts';
import { DAY_MS, dayOf, isoDay, startOf } from './day.ts';
import { declareDropped, droppedSoFar } from './dropped.ts';
import { migrate } from './migrations/index.ts';
import {
  createPartitions,
  listPartitions,
  type Partition,
  type PartitionedTable,
  summarise,
} from './partitions.ts';
import { ALL } from './rollups.ts';
import { indexDays } from './trouble.ts';

type Limits = Parameters<Store['upkeep']['enforce']>[0];
type Sized = Partition & { readonly bytes: number };

/** Long enough for any batch to finish, short enough that reads do not queue behind a drop that waits. */
const DROP_WAIT_MS = 3_000;
const PATIENCE_MS = 120_000;

/** Bodies go before facts: they are by far the larger part, and every number on every screen survives without them. */
const BUDGET_ORDER: readonly (readonly PartitionedTable[])[] = [
  ['bodies', 'links'],
  ['attempts', 'exchanges', 'rollups_minute'],
];

export function upkeep(database: Database, log: Log): Store['upkeep'] {
  const drop = async (partition: Sized, overBudgetAt?: number): Promise<boolean> => {
    const { name } = partition;
    try {
      await database.transaction(async (tx) => {
        await tx.script(`set local lock_timeout = ${DROP_WAIT_MS}`);
        if (overBudgetAt !== undefined) await declareDropped(tx, partition, overBudgetAt);
        await tx.script(`drop table if exists ${name}`);
      }, PATIENCE_MS);
      return true;
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      // Somebody is reading it. The next round comes soon; the budget has room for a round.
      log('warn', 'store.drop_waits', { partition: name, reason: error.message });
      return false;
    }
  };

  const dropAll = async (
    partitions: readonly Sized[],
    why: string,
    said: string[],
    overBudgetAt?: number,
  ): Promise<number> => {
    let freed = 0;
    for (const partition of partitions)
      if (await drop(partition, overBudgetAt)) {
        freed += partition.bytes;
        said.push(`${partition.table} of ${isoDay(partition.day)} (${megabytes(partition.bytes)}): ${why}`);
      }
    return freed;
  };

  const index = async () => {
    try {
      const days = await indexDays(database);
      if (days > 0) log('info', 'store.indexed', { days });
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      // Somebody writes a long batch; the next round goes on.
      log('warn', 'store.index_waits', { reason: error.message });
    }
  };

  const enforce = async (limits: Limits): Promise<readonly string[]> => {
    const { now, exchangesMs, bodiesMs, rollupsMs, diskBytes } = limits;
    const said: string[] = [];
    const today = dayOf(now);
    await database.transaction((tx) => createPartitions(tx, [today, today + 1]));

    const keep: Readonly<Record<PartitionedTable, number>> = {
      bodies: bodiesMs,
      links: bodiesMs,
      attempts: exchangesMs,
      exchanges: exchangesMs,
      // Minutes are for zooming into what still has rows; hours and days stay for the long view.
      rollups_minute: Math.min(exchangesMs, rollupsMs),
    };
    const expired = (await listPartitions(database)).filter(
      ({ table, day }) => startOf(day + 1) <= now - keep[table],
    );
    for (const partition of expired)
      await dropAll([partition], `older than ${days(keep[partition.table])}`, said);
    await forget(database, now, exchangesMs, rollupsMs);

    let used = await databaseBytes(database);
    for (const tables of BUDGET_ORDER)
      for (const day of daysOf(await listPartitions(database), tables)) {
        if (used <= diskBytes) break;
        // Today's facts are what a person on call is looking at, and writers would only make them again.
        if (day.day >= today && !tables.includes('bodies')) continue;
        used -= await dropAll(day.partitions, `over the disk budget of ${megabytes(diskBytes)}`, said, now);
      }
    if (used > diskBytes)
      log('error', 'store.over_budget', { usedBytes: used, diskBytes, hint: 'raise retention.disk' });

    for (const partition of await listPartitions(database))
      if (partition.table === 'exchanges' && Math.abs(partition.day - today) <= 1)
        await summarise(database, partition.oid);
    await index();
    return said;
  };

  return {
    migrate: () => migrate(database),
    enforce,
    describe: () => describe(database),
    ping: async () => {
      await database.query('select 1');
    },
  };
}

/** Deletes from the small tables what has lost its use. */
async function forget(
  database: Database,
  now: number,
  exchangesMs: number,
  rollupsMs: number,
): Promise<void> {
  const old = now - rollupsMs;
  const statements: readonly (readonly [string, number])[] = [
    ['delete from slices_minute where at < $1::float8', now - Math.min(exchangesMs, rollupsMs)],
    ['delete from slices_hour where at < $1::float8', old],
    // A day longer than the minutes of rollups, whose whole days say which minutes may be asked for.
    ['delete from spend_minute where at < $1::float8', now - Math.min(exchangesMs, rollupsMs) - DAY_MS],
    ['delete from spend_hour where at < $1::float8', old],
    ['delete from tiers_hour where at < $1::float8', old],
    ['delete from tiers_tenant_hour where at < $1::float8', old],
    ['delete from tiers_tenant_day where at < $1::float8', old - DAY_MS],
    ['delete from tiers_user_day where at < $1::float8', old],
    ['delete from rollups_hour where at < $1::float8', old],
    ['delete from rollups_day where at < $1::float8', old - DAY_MS],
    ['delete from changes where last_seen < $1::float8', old - DAY_MS],
    ['delete from audit where at < $1::float8', old],
    ['delete from dropped where at < $1::float8', old],
    ['delete from rejected where at < $1::float8', now - exchangesMs],
    // `last_seen` is renewed once a day, and a day is dropped only when its end is out of reach.
    ['delete from releases where last_seen < $1::float8', now - exchangesMs - 2 * DAY_MS],
    ['delete from sessions where expires_at < $1::float8', now],
  ];
  for (const [sql, before] of statements) await database.patient(sql, [before], PATIENCE_MS);
}

function daysOf(
  partitions: readonly Sized[],
  tables: readonly PartitionedTable[],
): { readonly day: number; readonly partitions: readonly Sized[] }[] {
  const some = partitions.filter(({ table, bytes }) => tables.includes(table) && bytes > 0);
  return [...Map.groupBy(some, ({ day }) => day)]
    .map(([day, ofDay]) => ({ day, partitions: ofDay }))
    .sort((a, b) => a.day - b.day);
}

async function databaseBytes(database: Database): Promise<number> {
  const [row] = await database.query<{ bytes: number }>(
    'select pg_database_size(current_database())::float8 as bytes',
  );
  return row?.bytes ?? 0;
}

async function describe(database: Database): ReturnType<Store['upkeep']['describe']> {
  const partitions = await listPartitions(database);
  const oldest = partitions.find(({ table, bytes }) => table === 'exchanges' && bytes > 0)?.day;
  const [row] = await database.query<{ version: string; schema: number; exchanges: number }>(
    `select current_setting('server_version') as version,
            (select version from midwatch_schema) as schema,
            coalesce((select sum(exchanges) from rollups_day where route = $1 and at >= $2::float8), 0)::float8 as exchanges`,
    [ALL, startOf(oldest ?? 0)],
  );
  const dropped = await droppedSoFar(database);
  return {
    bytes: await databaseBytes(database),
    ...(dropped && { dropped }),
    partitions: partitions.map(({ day, table, bytes }) => ({ day: isoDay(day), table, bytes })),
    ...(row && { version: row.version, schema: row.schema, exchanges: row.exchanges }),
    ...(oldest !== undefined && { oldestDay: isoDay(oldest) }),
  };
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
const days = (ms: number): string => `${Number((ms / DAY_MS).toFixed(2))} days`;
