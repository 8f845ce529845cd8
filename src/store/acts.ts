import type { Act, ActStore } from '#contracts';
import type { Database } from './connection.ts';
import { DAY_MS } from './day.ts';

/** By then every rule that was approved for a year has ended, too. */
const KEPT_MS = 400 * DAY_MS;
const MOST = 1_000;

export const actStore = (database: Database): ActStore => ({
  async add(act) {
    await database.query(
      `with old as (delete from acts where at < $1::float8)
       insert into acts (at, act) values ($2::float8, $3)`,
      [act.at - KEPT_MS, act.at, JSON.stringify(act)],
    );
  },

  async since(after) {
    const rows = await database.query<{ id: string; act: string }>(
      `select id, act from (select id, act from acts where id > $1::int8 order by id desc limit ${MOST}) a order by id`,
      [after],
    );
    return rows.map(({ id, act }) => ({ id: Number(id), act: JSON.parse(act) as Act }));
  },
});
