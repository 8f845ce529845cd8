import type { Axes, Clock, Exchange, ExchangeId, ExchangePage, PageQuery, Store } from '#contracts';
import { isExchangeId, timeOf } from '#kernel';
import { attemptOf } from './attempts.ts';
import { readAnswer, readAsk } from './bodies.ts';
import type { Database, Row } from './connection.ts';
import { isUuid } from './copy.ts';
import { DAY_MS, dayOf } from './day.ts';
import { exchangeOf } from './exchanges.ts';
import { listExchanges } from './list.ts';
import { readAxes } from './releases.ts';
import { HOUR_MS, MINUTE_MS } from './rollups.ts';

interface House {
  readonly database: Database;
  readonly clock: Pick<Clock, 'monotonic'>;
}

export const exchangeReader = (house: House): Store['exchanges'] => {
  const { database } = house;
  const get = async (
    id: ExchangeId,
  ): Promise<{ readonly exchange: Exchange; readonly axes: Axes } | undefined> => {
    const row = await findRow(database, id);
    if (row === undefined) return undefined;
    const attempts = await database.query(
      'select * from attempts where at = $1::float8 and exchange = $2::uuid order by number',
      [row.at, id],
    );
    const exchange = exchangeOf(row, attempts.map(attemptOf));
    return { exchange, axes: await readAxes(database, exchange.release) };
  };

  return {
    list: (filter, page) => listExchanges(house, filter, page),
    get,
    neighbours: (id, page) => neighbours(house, id, page),
    askBodies: (at, ask) => readAsk(database, dayOf(at), ask),
    answerBodies: (at, answer) => readAnswer(database, dayOf(at), answer),
  };
};

/**
 * The id carries the event time, give or take what a generator borrows when a millisecond has too many ids. An
 * importer may have made its own ids; only then are all days asked.
 */
async function findRow(database: Database, id: ExchangeId): Promise<Row | undefined> {
  if (!isUuid(id)) return undefined;
  const at = timeOf(id);
  for (const around of isExchangeId(id) ? [50, MINUTE_MS, EVER_MS] : [EVER_MS]) {
    const [row] = await database.query(
      'select * from exchanges where at >= $1::float8 and at <= $2::float8 and id = $3::uuid limit 1',
      [at - around, at + around, id],
    );
    if (row !== undefined) return row;
  }
  return undefined;
}

/** Longer than any time a UUID can name. */
const EVER_MS = 1e15;

const NONE: ExchangePage = { rows: [] };

/** What belongs to the same piece of work, newest first, itself among it: same task, else same thread, else what the same key asked just before. */
async function neighbours(house: House, id: ExchangeId, page: PageQuery): Promise<ExchangePage> {
  const row = await findRow(house.database, id);
  if (row === undefined) return NONE;
  const at = row.at as number;
  const near = { from: at - 7 * DAY_MS, to: at + 7 * DAY_MS };
  if (row.task !== null) return listExchanges(house, { ...near, task: row.task as string }, page);
  if (row.thread !== null) return listExchanges(house, { ...near, thread: row.thread as string }, page);
  if (row.key !== null)
    return listExchanges(house, { from: at - HOUR_MS, to: at + MINUTE_MS, key: row.key as string }, page);
  return NONE;
}
