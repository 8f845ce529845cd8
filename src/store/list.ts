import type { Clock, ExchangeFilter, ExchangePage, ExchangeRow, PageQuery } from '#contracts';
import { costStates, failures, outcomes, sources } from './codes.ts';
import type { Database, Row, Session } from './connection.ts';
import { type Cursor, decodeCursor, encodeCursor } from './cursor.ts';
import { type Where, whereOf } from './filter.ts';
import { maybeShortest, present, shortest, TOKENS_IN, TOKENS_OUT } from './parts.ts';
import { HOUR_MS, MINUTE_MS } from './rollups.ts';
import { listTrouble, troubleIndexed, troubleOf } from './trouble.ts';

const COLUMNS = `at, id, route, protocol, source, model, target_model, observed_model, provider, tier, demoted_by, outcome,
  failure_kind, status, stream, attempts, total_ms, first_token_ms, overhead_ms, micro_usd, cost_state, key, tenant, feature,
  end_user, task, thread, ${[...TOKENS_IN, ...TOKENS_OUT].join(', ')}`;

export interface Tuning {
  /** Rows a page may walk through one by one before it asks the indexes what can be skipped. */
  readonly walk: number;
  /** Rows of the first stretch read by index. */
  readonly stretch: number;
  /** Milliseconds after which no other stretch is begun. */
  readonly patience: number;
}
const TUNING: Tuning = { walk: 10_000, stretch: 30_000, patience: 150 };
/** Milliseconds that a stretch should take: the next one is longer or shorter by as much as this one missed it, within bounds. */
const STRETCH_MS = 50;
const GROWTH = 4;

/**
 * Newest first, in time that does not depend on how rare the rows are that are asked for: indexes skip what cannot match, and
 * a search that they do not help, as two conditions that are both common and together rare, says after a moment how far back
 * it has come.
 */
export async function listExchanges(
  { database, clock }: { readonly database: Database; readonly clock: Pick<Clock, 'monotonic'> },
  filter: ExchangeFilter,
  page: PageQuery,
  tuning: Tuning = TUNING,
): Promise<ExchangePage> {
  const floor = filter.from ?? 0;
  const end: Cursor = decodeCursor(page.cursor) ?? { at: filter.to ?? MAX_AT, id: MIN_ID };
  const wanted = page.limit + 1;

  const codes = troubleOf(filter);
  const { rows, searched }: Found =
    codes && (await troubleIndexed(database))
      ? { rows: await listTrouble(database, COLUMNS, codes, filter, floor, end, wanted) }
      : await listByTime({ database, clock }, whereOf(filter), floor, end, wanted, tuning);
  const shown = rows.slice(0, page.limit).map(exchangeRowOf);
  const last = shown.at(-1);
  if (rows.length > page.limit && last) return { rows: shown, next: encodeCursor(last) };
  if (searched === undefined) return { rows: shown };
  return { rows: shown, next: encodeCursor({ at: searched, id: MIN_ID }), searched };
}

interface Found {
  readonly rows: readonly Row[];
  /** What is older has not been looked at. */
  readonly searched?: number;
}

/**
 * A common filter is satisfied by walking back along the primary key. A rare one would walk through everything, so after
 * `walk` rows the page goes on by BRIN, which skips what cannot hold a match, in stretches as long as they are quick: one
 * too long would read thousands of matches to show a hundred. Lengths are in rows, not hours: the rollups know exactly
 * how many exchanges each hour had. The planner is told which way to go, since it thinks that BRIN on a column without
 * order skips nothing.
 */
async function listByTime(
  { database, clock }: Parameters<typeof listExchanges>[0],
  where: Where,
  floor: number,
  end: Cursor,
  wanted: number,
  tuning: Tuning,
): Promise<Found> {
  const begun = clock.monotonic();
  const rows = await walk(database, where, floor, end, wanted, tuning.walk);
  if (where.open || rows.length >= wanted) return { rows };
  const last = await boundary(database, floor, end, tuning.walk);
  if (last === undefined) return { rows };
  const profile = await hours(database, floor, last, tuning.stretch);
  let length = tuning.stretch;
  let before = clock.monotonic();
  for (const [from, to] of stretches(profile, floor, last, () => length)) {
    rows.push(...(await skip(database, where, from, to, wanted - rows.length)));
    if (rows.length >= wanted) break;
    const now = clock.monotonic();
    if (now - begun >= tuning.patience && from > floor) return { rows, searched: from };
    length *= Math.min(GROWTH, Math.max(1 / GROWTH, STRETCH_MS / (now - before)));
    before = now;
  }
  return { rows };
}

/** Later than any exchange, and an id before any other: `(at, id) < end` is then everything before `to`. */
const MAX_AT = 1e15;
const MIN_ID = '00000000-0000-0000-0000-000000000000';

/** The matches among the `rows` newest before `end`. */
function walk(
  session: Session,
  where: Where,
  floor: number,
  end: Cursor,
  limit: number,
  rows: number,
): Promise<Row[]> {
  const n = where.params.length;
  const range = `at >= $${n + 1}::float8 and at <= $${n + 2}::float8 and (at, id) < ($${n + 2}, $${n + 3}::uuid)`;
  const params = [...where.params, floor, end.at, end.id];
  return session.query(
    where.open
      ? `select ${COLUMNS} from exchanges where ${range} order by at desc, id desc limit ${limit}`
      : `select ${COLUMNS} from (select * from exchanges where ${range} order by at desc, id desc limit ${rows}) w
         where ${where.text} order by at desc, id desc limit ${limit}`,
    params,
  );
}

/** Where `walk` ended; undefined when it saw everything. */
async function boundary(
  session: Session,
  floor: number,
  end: Cursor,
  rows: number,
): Promise<Cursor | undefined> {
  const [row] = await session.query<{ at: number; id: string }>(
    `select at, id from exchanges where at >= $1::float8 and at <= $2::float8 and (at, id) < ($2, $3::uuid)
     order by at desc, id desc offset ${rows - 1} limit 1`,
    [floor, end.at, end.id],
  );
  return row;
}

interface Density {
  readonly at: number;
  readonly width: number;
  readonly exchanges: number;
}

/** How many exchanges each hour before `end` had, newest first; crowded hours by minutes. */
async function hours(
  session: Session,
  floor: number,
  end: Cursor,
  crowd: number,
): Promise<readonly Density[]> {
  const rows = await session.query<{ at: number; width: number; exchanges: number }>(
    `with h as (
       select at, exchanges from rollups_hour where at > $1::float8 - ${HOUR_MS} and at <= $2::float8 and route = '*' and target = '*'
     )
     select at, ${HOUR_MS}::float8 as width, exchanges::float8 as exchanges from h where exchanges <= ${crowd}
     union all
     select m.at, ${MINUTE_MS}, m.exchanges::float8 from h join rollups_minute m
       on m.at >= h.at and m.at < h.at + ${HOUR_MS} and m.at > $1::float8 - ${HOUR_MS} and m.at <= $2::float8
          and m.route = '*' and m.target = '*'
     where h.exchanges > ${crowd}
     order by at desc`,
    [floor, end.at],
  );
  return rows;
}

type Edge = Pick<Cursor, 'at' | 'id'>;

/** Cuts the time before `end` into stretches of at least so many rows, asked before each; together they cover it to the floor. */
function* stretches(
  profile: readonly Density[],
  floor: number,
  end: Cursor,
  length: () => number,
): Generator<readonly [number, Edge]> {
  let rows = 0;
  let to: Edge = end;
  for (const { at, exchanges } of profile) {
    rows += exchanges;
    if (rows < length() || at >= to.at || at <= floor) continue;
    yield [at, to];
    to = { at, id: MIN_ID };
    rows = 0;
  }
  yield [floor, to];
}

/** The newest matches in one stretch, through the indexes that say what to skip. */
function skip(database: Database, where: Where, from: number, to: Edge, limit: number): Promise<Row[]> {
  const n = where.params.length;
  return database.transaction(async (tx) => {
    await tx.script(
      'set local enable_indexscan = off; set local enable_indexonlyscan = off; set local enable_seqscan = off',
    );
    return tx.query(
      `select ${COLUMNS} from exchanges
       where ${where.text} and at >= $${n + 1}::float8 and at <= $${n + 2}::float8 and (at, id) < ($${n + 2}, $${n + 3}::uuid)
       order by at desc, id desc limit ${limit}`,
      [...where.params, from, to.at, to.id],
    );
  }, 10_000);
}

function exchangeRowOf(row: Row): ExchangeRow {
  const sum = (columns: readonly string[]) =>
    columns.reduce((total, column) => total + ((row[column] as number | null) ?? 0), 0);
  const text = (column: string) => row[column] as string | null;
  return {
    id: row.id as string,
    at: row.at as number,
    route: row.route as string,
    protocol: row.protocol as string,
    source: sources.word(row.source as number),
    model: row.model as string,
    tier: row.tier as string,
    outcome: outcomes.word(row.outcome as number),
    status: row.status as number,
    stream: row.stream as boolean,
    attempts: row.attempts as number,
    totalMs: shortest(row.total_ms as number),
    overheadMs: shortest(row.overhead_ms as number),
    tokensIn: sum(TOKENS_IN),
    tokensOut: sum(TOKENS_OUT),
    microUsd: Number(row.micro_usd ?? 0),
    costState: costStates.word(row.cost_state as number),
    ...present({
      servedModel: text('observed_model') ?? text('target_model'),
      provider: text('provider'),
      failure: row.failure_kind === null ? null : failures.word(row.failure_kind as number),
      firstTokenMs: maybeShortest(row.first_token_ms),
      demotedBy: text('demoted_by'),
      key: text('key'),
      tenant: text('tenant'),
      feature: text('feature'),
      user: text('end_user'),
      task: text('task'),
      thread: text('thread'),
    }),
  };
}
