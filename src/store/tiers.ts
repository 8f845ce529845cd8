import { inMix, type TenantTiers, type TierCount, type UserTiers } from '#contracts';
import { plainArray, textArray } from './arrays.ts';
import { sources } from './codes.ts';
import type { Session } from './connection.ts';
import { DAY_MS } from './day.ts';
import type { ExchangeColumns, Facts } from './exchanges.ts';
import { HOUR_MS } from './rollups.ts';
import { MOST_NAMES } from './spend.ts';

/**
 * Users of one route and day that are kept. Callers make up users, and a row for each would be a second table of exchanges;
 * 200 tell a share to within seven points.
 */
export const MOST_USERS = 200;

const TENANT_LEVELS = [
  { table: 'tiers_tenant_hour', width: HOUR_MS },
  { table: 'tiers_tenant_day', width: DAY_MS },
] as const;

export interface TierBucket {
  readonly at: number;
  readonly route: string;
  readonly tier: string;
  readonly demotedBy: string;
  readonly reason: string;
  exchanges: number;
}
interface TenantBucket {
  readonly at: number;
  readonly route: string;
  readonly rest: boolean;
  readonly name: string;
  exchanges: number;
  demoted: number;
}
interface UserBucket {
  readonly at: number;
  readonly route: string;
  readonly hash: number;
  exchanges: number;
  demoted: number;
}

/** A demotion names whoever led to it; records from before that was written name nobody. */
const demotedBy = ({ tier_intended, demoted_by }: ExchangeColumns): string =>
  tier_intended === undefined ? '' : (demoted_by ?? 'unknown');

function counted<B extends { exchanges: number }>(buckets: Map<string, B>, key: string, fresh: () => B): B {
  const known = buckets.get(key) ?? fresh();
  buckets.set(key, known);
  known.exchanges++;
  return known;
}

const mixed = (facts: Iterable<Facts>): readonly ExchangeColumns[] =>
  [...facts].flatMap(({ exchange, attempts }) =>
    inMix(sources.word(exchange.source), attempts.length, exchange.tier_intended !== undefined)
      ? [exchange]
      : [],
  );

/** Counts facts per hour, route, tier and cause: the function that defines every number of the tier mix, and the recount. */
export function tallyTiers(facts: Iterable<Facts>): readonly TierBucket[] {
  const buckets = new Map<string, TierBucket>();
  for (const exchange of mixed(facts)) {
    const { route, tier, demotion_reason: reason = '' } = exchange;
    const at = Math.floor(exchange.at / HOUR_MS) * HOUR_MS;
    const by = demotedBy(exchange);
    counted(buckets, `${at}\0${route}\0${tier}\0${by}\0${reason}`, () => ({
      at,
      route,
      tier,
      demotedBy: by,
      reason,
      exchanges: 0,
    }));
  }
  return [...buckets.values()];
}

/** Called after `writeRollups`, in its transaction and so under its lock. */
export async function writeTiers(tx: Session, facts: readonly Facts[]): Promise<void> {
  const rows = tallyTiers(facts);
  if (rows.length === 0) return;
  await tx.query(
    `insert into tiers_hour (at, route, tier, demoted_by, reason, exchanges)
     select * from unnest($1::float8[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int8[])
     on conflict (at, route, tier, demoted_by, reason) do update set exchanges = tiers_hour.exchanges + excluded.exchanges`,
    [
      plainArray(rows.map((b) => b.at)),
      textArray(rows.map((b) => b.route)),
      textArray(rows.map((b) => b.tier)),
      textArray(rows.map((b) => b.demotedBy)),
      textArray(rows.map((b) => b.reason)),
      plainArray(rows.map((b) => b.exchanges)),
    ],
  );
  const exchanges = mixed(facts);
  await writeTenants(tx, exchanges);
  await writeUsers(tx, exchanges);
}

async function writeTenants(tx: Session, exchanges: readonly ExchangeColumns[]): Promise<void> {
  const buckets = new Map<string, TenantBucket>();
  const known = new Map<number, Set<string>>();
  const hourOf = (at: number) => Math.floor(at / HOUR_MS) * HOUR_MS;
  const hours = [...new Set(exchanges.filter((e) => e.tenant).map((e) => hourOf(e.at)))];
  if (hours.length > 0)
    for (const { at, name } of await tx.query<{ at: number; name: string }>(
      `select distinct at, name from tiers_tenant_hour where at = any($1::float8[]) and not rest and name <> ''`,
      [plainArray(hours)],
    ))
      known.set(at, (known.get(at) ?? new Set()).add(name));
  for (const exchange of exchanges) {
    const { route, tenant = '' } = exchange;
    const at = hourOf(exchange.at);
    const names = known.get(at) ?? new Set<string>();
    known.set(at, names);
    // Names come from callers: past what is counted apart in its hour, they go to the rest.
    const rest = tenant !== '' && !names.has(tenant) && names.size >= MOST_NAMES;
    const name = rest ? '' : tenant;
    if (name !== '') names.add(name);
    const bucket = counted(buckets, `${at}\0${route}\0${rest}\0${name}`, () => ({
      at,
      route,
      rest,
      name,
      exchanges: 0,
      demoted: 0,
    }));
    if (exchange.tier_intended !== undefined) bucket.demoted++;
  }
  for (const { table, width } of TENANT_LEVELS) {
    const rows = widened([...buckets.values()], width);
    await tx.query(
      `insert into ${table} (at, route, rest, name, exchanges, demoted)
       select * from unnest($1::float8[], $2::text[], $3::bool[], $4::text[], $5::int8[], $6::int8[])
       on conflict (at, route, rest, name) do update set
         exchanges = ${table}.exchanges + excluded.exchanges, demoted = ${table}.demoted + excluded.demoted`,
      [
        plainArray(rows.map((b) => b.at)),
        textArray(rows.map((b) => b.route)),
        plainArray(rows.map((b) => String(b.rest))),
        textArray(rows.map((b) => b.name)),
        plainArray(rows.map((b) => b.exchanges)),
        plainArray(rows.map((b) => b.demoted)),
      ],
    );
  }
}

function widened(hours: readonly TenantBucket[], width: number): readonly TenantBucket[] {
  const wide = new Map<string, TenantBucket>();
  for (const { at: hour, exchanges, demoted, ...name } of hours) {
    const at = Math.floor(hour / width) * width;
    const key = `${at}\0${name.route}\0${name.rest}\0${name.name}`;
    const known = wide.get(key) ?? { ...name, at, exchanges: 0, demoted: 0 };
    wide.set(key, known);
    known.exchanges += exchanges;
    known.demoted += demoted;
  }
  return [...wide.values()];
}

/**
 * Keeps the users with the lowest hashes of each route and day (bottom-k sample). Whoever is pushed out stays out, since the
 * bar only falls, so what is kept of a user is all of that day.
 */
async function writeUsers(tx: Session, exchanges: readonly ExchangeColumns[]): Promise<void> {
  const buckets = new Map<string, UserBucket>();
  for (const { at: when, route, end_user, tier_intended } of exchanges) {
    if (end_user === undefined) continue;
    const at = Math.floor(when / DAY_MS) * DAY_MS;
    const hash = Bun.hash.xxHash32(end_user);
    const bucket = counted(buckets, `${at}\0${route}\0${hash}`, () => ({
      at,
      route,
      hash,
      exchanges: 0,
      demoted: 0,
    }));
    if (tier_intended !== undefined) bucket.demoted++;
  }
  const days = [...new Map([...buckets.values()].map((b) => [`${b.at}\0${b.route}`, b])).values()];
  for (const { at, route } of days) {
    const bar = await barOf(tx, route, at);
    const rows = [...buckets.values()].filter(
      (b) => b.at === at && b.route === route && (bar === undefined || b.hash <= bar),
    );
    if (rows.length === 0) continue;
    await tx.query(
      `insert into tiers_user_day (at, route, hash, exchanges, demoted)
       select $1::float8, $2::text, * from unnest($3::int8[], $4::int4[], $5::int4[])
       on conflict (route, at, hash) do update set
         exchanges = tiers_user_day.exchanges + excluded.exchanges,
         demoted = tiers_user_day.demoted + excluded.demoted`,
      [
        at,
        route,
        plainArray(rows.map((b) => b.hash)),
        plainArray(rows.map((b) => b.exchanges)),
        plainArray(rows.map((b) => b.demoted)),
      ],
    );
    const now = await barOf(tx, route, at);
    if (now !== undefined)
      await tx.query(
        'delete from tiers_user_day where route = $1::text and at = $2::float8 and hash > $3::int8',
        [route, at, now],
      );
  }
}

/** The highest hash that is kept of a full day; undefined while there is room. */
async function barOf(tx: Session, route: string, at: number): Promise<number | undefined> {
  const [row] = await tx.query<{ bar: number }>(
    `select hash::float8 as bar from tiers_user_day where route = $1::text and at = $2::float8
     order by hash offset ${MOST_USERS - 1} limit 1`,
    [route, at],
  );
  return row?.bar;
}

interface Window {
  readonly from: number;
  readonly to: number;
  readonly route?: string;
}
const within = ({ from, to, route }: Window, width: number) => ({
  where: `at >= $1::float8 and at < $2::float8${route === undefined ? '' : ' and route = $3::text'}`,
  values: [
    Math.floor(from / width) * width,
    Math.ceil(to / width) * width,
    ...(route === undefined ? [] : [route]),
  ],
});

export async function tierHours(
  session: Session,
  { step = HOUR_MS, ...window }: Window & { readonly step?: number },
): Promise<readonly TierCount[]> {
  const { where, values } = within(window, HOUR_MS);
  const rows = await session.query<{
    at: number;
    route: string;
    tier: string;
    demoted_by: string;
    reason: string;
    exchanges: number;
  }>(
    `select floor(at / ${step}) * ${step} as at, route, tier, demoted_by, reason, sum(exchanges)::float8 as exchanges
     from tiers_hour where ${where} group by 1, route, tier, demoted_by, reason order by 1`,
    values,
  );
  return rows.map(
    ({ at, route, tier, demoted_by, reason, exchanges }): TierCount => ({
      at,
      route,
      tier,
      ...(demoted_by !== '' && { by: demoted_by }),
      ...(reason !== '' && { reason }),
      exchanges,
    }),
  );
}

/** Days inside the window, hours at its edges. */
export async function tierTenants(session: Session, window: Window): Promise<readonly TenantTiers[]> {
  const { where, values } = within(window, HOUR_MS);
  const [from, to] = values as unknown as readonly [number, number];
  const [start, end] = [Math.ceil(from / DAY_MS) * DAY_MS, Math.floor(to / DAY_MS) * DAY_MS];
  const inside = `at >= ${start} and at < ${end}`;
  const rows = await session.query<{
    route: string;
    rest: boolean;
    name: string;
    exchanges: number;
    demoted: number;
  }>(
    `select route, rest, name, sum(exchanges)::float8 as exchanges, sum(demoted)::float8 as demoted from (
       select route, rest, name, exchanges, demoted from tiers_tenant_day where ${where} and ${inside}
       union all
       select route, rest, name, exchanges, demoted from tiers_tenant_hour where ${where} and not (${inside})
     ) t group by route, rest, name`,
    values,
  );
  return rows.map(
    ({ route, rest, name, exchanges, demoted }): TenantTiers => ({
      route,
      ...(name !== '' && { name }),
      ...(rest && { rest: true }),
      exchanges,
      demoted,
    }),
  );
}

/** Of users below the lowest bar of all days, so that each is there on every day on which it asked. */
export async function tierUsers(session: Session, window: Window): Promise<readonly UserTiers[]> {
  const { where, values } = within(window, DAY_MS);
  const rows = await session.query<{ route: string; users: number; mostly: number }>(
    `with days as (select * from tiers_user_day where ${where}),
     bars as (
       select route, min(bar) as bar from (
         select route, at, case when count(*) >= ${MOST_USERS} then max(hash) end as bar from days group by route, at
       ) d group by route
     ),
     users as (
       select route, hash, sum(demoted) * 2 > sum(exchanges) as mostly
       from days join bars using (route) where bar is null or hash <= bar group by route, hash
     )
     select route, count(*)::float8 as users, (count(*) filter (where mostly))::float8 as mostly from users group by route`,
    values,
  );
  return rows.map(({ route, users, mostly }) => ({ route, users, mostlyDemoted: mostly }));
}
