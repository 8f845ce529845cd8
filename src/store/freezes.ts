import {
  type ExchangeId,
  type Freeze,
  type FreezeMark,
  type FreezeStore,
  type PolicyVersion,
  type RouteConfig,
  VERSIONS_KEPT,
} from '#contracts';
import { plainArray, textArray } from './arrays.ts';
import type { Database, Row } from './connection.ts';
import { DAY_MS } from './day.ts';
import { present } from './parts.ts';

/** `last_seen` of a value that stays is renewed once a day: what was seen within two days is in use. */
const IN_USE_MS = 2 * DAY_MS;
/** A prompt that carries the date has a new value with every ask; that is data and no release. */
const MOST_VALUES = 20;
/** Movements shown of one route. */
const SHOWN = 50;

export const freezeStore = (database: Database): FreezeStore => ({
  async all() {
    return (await database.query('select * from freezes order by at, route')).map(freezeOf);
  },

  async version() {
    const [row] = await database.query<{ version: string }>('select version from freezes_version');
    return Number(row?.version ?? 0);
  },

  async freeze({ route, version, policy, providers, at, by, reason, seen }) {
    await database.query(
      `insert into freezes (route, version, policy, providers, at, frozen_by, reason, seen)
       values ($1, $2, $3, $4, $5, $6, $7, $8)
       on conflict (route) do update set version = excluded.version, policy = excluded.policy,
         providers = excluded.providers, at = excluded.at, frozen_by = excluded.frozen_by, reason = excluded.reason,
         seen = excluded.seen`,
      [
        route,
        version,
        JSON.stringify(policy),
        JSON.stringify(providers),
        at,
        by,
        reason ?? null,
        JSON.stringify(seen),
      ],
    );
  },

  async thaw(route) {
    const [row] = await database.query('delete from freezes where route = $1 returning *', [route]);
    return row && markOf(row);
  },

  async inUse(route, at) {
    const rows = await database.query<{ subject: string; values: readonly string[] }>(
      `select subject,
         case when count(*) <= ${MOST_VALUES} then array_agg(value order by last_seen desc) else '{}' end as values
       from changes where route = $1 and last_seen > $2::float8 group by subject`,
      [route, at - IN_USE_MS],
    );
    return Object.fromEntries(rows.map(({ subject, values }) => [subject, values]));
  },

  async moved({ route, at, seen }) {
    const rows = await database.query<{
      subject: string;
      value: string;
      last_seen: number;
      exchange: string;
    }>(
      `select subject, value, last_seen, exchange from changes
       where route = $1 and last_seen > $2::float8 and not subject = any($3::text[])
       order by last_seen desc, subject, value`,
      [route, at, textArray(Object.keys(seen).filter((subject) => seen[subject]?.length === 0))],
    );
    return rows
      .filter(({ subject, value }) => !seen[subject]?.includes(value))
      .slice(0, SHOWN)
      .map(({ subject, value, last_seen, exchange }) => ({
        subject,
        value,
        lastSeen: last_seen,
        exchange: exchange as ExchangeId,
      }));
  },

  async used(versions) {
    if (versions.length === 0) return;
    const routes = [...new Set(versions.map(({ route }) => route))];
    await database.transaction(async (tx) => {
      await tx.query(
        `insert into route_versions as v (route, version, policy, first_used, last_used, exchanges, good)
         select * from unnest($1::text[], $2::text[], $3::text[], $4::float8[], $5::float8[], $6::int8[], $7::int8[])
         on conflict (route, version) do update set
           first_used = least(v.first_used, excluded.first_used), last_used = greatest(v.last_used, excluded.last_used),
           exchanges = v.exchanges + excluded.exchanges, good = v.good + excluded.good`,
        [
          textArray(versions.map((v) => v.route)),
          textArray(versions.map((v) => v.version)),
          textArray(versions.map((v) => JSON.stringify(v.policy))),
          plainArray(versions.map((v) => v.firstUsed)),
          plainArray(versions.map((v) => v.lastUsed)),
          plainArray(versions.map((v) => v.exchanges)),
          plainArray(versions.map((v) => v.good)),
        ],
      );
      await tx.query(
        `delete from route_versions where (route, version) in (
           select route, version from (
             select route, version, row_number() over (partition by route order by last_used desc, version) as n
             from route_versions where route = any($1::text[])) r
           where n > ${VERSIONS_KEPT})`,
        [textArray(routes)],
      );
    });
  },

  async versions(route) {
    const rows = await database.query(
      'select * from route_versions where route = $1 order by last_used desc, version',
      [route],
    );
    return rows.map(versionOf);
  },
});

const markOf = (row: Row): FreezeMark => ({
  route: row.route as string,
  version: row.version as string,
  at: row.at as number,
  by: row.frozen_by as string,
  ...present({ reason: row.reason as string | null }),
});

const freezeOf = (row: Row): Freeze => ({
  ...markOf(row),
  policy: JSON.parse(row.policy as string) as RouteConfig,
  providers: JSON.parse(row.providers as string) as Freeze['providers'],
  seen: JSON.parse(row.seen as string) as Freeze['seen'],
});

const versionOf = (row: Row): PolicyVersion => ({
  route: row.route as string,
  version: row.version as string,
  policy: JSON.parse(row.policy as string) as RouteConfig,
  firstUsed: row.first_used as number,
  lastUsed: row.last_used as number,
  exchanges: Number(row.exchanges),
  good: Number(row.good),
});
