import type { ExchangeFilter } from '#contracts';
import { FIRST_BAD, outcomes } from './codes.ts';
import type { Database, Row, Session } from './connection.ts';
import type { Cursor } from './cursor.ts';
import { whereOf } from './filter.ts';

/** What the index `exchanges_trouble` holds. The words of the condition are repeated in the query, or the planner does not see that it fits. */
const TROUBLED = `(outcome >= ${FIRST_BAD} or attempts >= 2)`;
const NAMES = ['route', 'provider', 'feature', 'key', 'tenant', 'end_user', 'task', 'thread'];
const MODELS = ['model', 'target_model', 'observed_model'];

/** Columns and condition of the index, as `create index` wants them. Of a released migration: never edited. */
export const TROUBLE = `(outcome, at, id, ${[...NAMES, ...MODELS].map((name) => `hashtext(${name})`).join(', ')},
  release, source, attempts, total_ms, micro_usd) where ${TROUBLED}`;

/** Outcomes among which the filter looks, where all it can find is trouble; undefined where it may find what went well at once. */
export function troubleOf({ outcome, attempts = 0 }: ExchangeFilter): readonly number[] | undefined {
  const wanted = outcomes.all.filter((code) =>
    outcome === undefined
      ? true
      : outcome === 'good' || outcome === 'bad'
        ? code >= FIRST_BAD === (outcome === 'bad')
        : code === outcomes.code(outcome),
  );
  return attempts >= 2 || wanted.every((code) => code >= FIRST_BAD) ? wanted : undefined;
}

/** Has every day its part of the index? Until then a page goes the long way. */
export async function troubleIndexed(session: Session): Promise<boolean> {
  const [row] = await session.query<{ valid: boolean }>(
    `select indisvalid as valid from pg_index where indexrelid = 'exchanges_trouble'::regclass`,
  );
  return row?.valid === true;
}

/**
 * The newest matches before `end`, by the index of trouble: of each outcome the newest, in the order of time, then the newest
 * of all. What the filter says is looked up in the index, so that only matches are read from the table.
 */
export function listTrouble(
  database: Database,
  columns: string,
  codes: readonly number[],
  { model, ...filter }: ExchangeFilter,
  floor: number,
  end: Cursor,
  limit: number,
): Promise<Row[]> {
  const where = whereOf(filter);
  const n = where.params.length;
  const range = `at >= $${n + 1}::float8 and at <= $${n + 2}::float8 and (at, id) < ($${n + 2}, $${n + 3}::uuid)`;
  const params = [...where.params, floor, end.at, end.id, ...(model === undefined ? [] : [model])];
  const newest = (condition: string) =>
    `select e.* from unnest(array[${codes.join(', ')}]::int2[]) as o (code) cross join lateral (
       select * from exchanges where outcome = o.code and ${TROUBLED} and ${where.text} and ${condition} and ${range}
       order by at desc, id desc limit ${limit}) e`;
  const parts = model === undefined ? [newest('true')] : byModel(`$${n + 4}::text`).map(newest);
  return database.transaction(async (tx) => {
    // The planner thinks that sorting all of one outcome is cheaper than stopping after the newest, and would read them all.
    await tx.script('set local enable_bitmapscan = off; set local enable_seqscan = off');
    return tx.query(
      `select ${columns} from (${parts.join(' union all ')}) t order by at desc, id desc limit ${limit}`,
      params,
    );
  }, 10_000);
}

/** A model may be the one asked for, the one a target was asked for, or the one that answered: conditions that exclude each other. */
const byModel = (wanted: string): readonly string[] =>
  MODELS.map((column, i) =>
    [
      `hashtext(${column}) = hashtext(${wanted}) and ${column} = ${wanted}`,
      ...MODELS.slice(0, i).map((earlier) => `${earlier} is distinct from ${wanted}`),
    ].join(' and '),
  );

/** Any number of its own: builders wait for each other. */
const LOCK = 64392826;
const PATIENCE_MS = 600_000;
/** Long enough for any batch to finish; readers are not kept out, and the scribe has its spool. */
const WAIT_MS = 3_000;

/** Gives days that were there before the index their part of it, the newest first. Returns how many. @throws StoreUnavailable */
export async function indexDays(database: Database): Promise<number> {
  const rows = await database.query<{ name: string }>(
    `select c.relname as name from pg_inherits p join pg_class c on c.oid = p.inhrelid
     where p.inhparent = 'exchanges'::regclass and not exists (
       select from pg_index i join pg_inherits of on of.inhrelid = i.indexrelid
       where i.indrelid = c.oid and of.inhparent = 'exchanges_trouble'::regclass)
     order by c.relname desc`,
  );
  for (const { name } of rows)
    await database.transaction(async (tx) => {
      await tx.script(`set local lock_timeout = ${WAIT_MS}; set local statement_timeout = ${PATIENCE_MS}`);
      await tx.query('select pg_advisory_xact_lock($1::int8)', [LOCK]);
      await tx.script(
        `create index if not exists ${name}_trouble on ${name} ${TROUBLE};
         alter index exchanges_trouble attach partition ${name}_trouble`,
      );
    }, PATIENCE_MS);
  return rows.length;
}
