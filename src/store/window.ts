import { OUTCOMES, type RateView, type RollupWindow, type WatchPoint, type WatchTotals } from '#contracts';
import { wilson } from '#kernel/stats';
import type { Row, Session } from './connection.ts';
import { parseDaySuffix, startOf } from './day.ts';
import { present, TOKENS_IN, TOKENS_OUT } from './parts.ts';
import { ALL, addStored, HOUR_MS, LEVELS, type Level, MINUTE_MS, newTally, type Tally } from './rollups.ts';
import { quantiles } from './sketch.ts';
import { crowded, MOST_SLICES, SLICE_LEVELS, type Slice } from './slices.ts';

export interface WindowQuery {
  readonly from: number;
  readonly to: number;
  readonly step: number;
  readonly route?: string;
  readonly tenant?: string;
  readonly feature?: string;
}

const MOST_POINTS = 5_000;

/**
 * Points and totals over [from, to), from rollups alone. The window is covered by days inside, hours towards the edges
 * and minutes at them, so a month reads hardly more rows than an hour. Its ends are those of whole minutes, or of whole
 * hours where retention has dropped the minutes. A `step` from an hour up should be whole hours: others are read minute by minute.
 */
export async function readWindow(session: Session, query: WindowQuery): Promise<RollupWindow> {
  const { from, to, finest } = await edges(session, query);
  const step = Math.max(finest, Math.ceil(query.step / finest) * finest);
  if (!(to > from)) throw new RangeError('a window needs an end after its start');
  const first = Math.floor(from / step) * step;
  const count = Math.ceil((to - first) / step);
  if (count > MOST_POINTS) throw new RangeError(`a window of ${count} points is too fine: raise step`);

  const { route, tenant, feature } = query;
  const slice =
    tenant === undefined && feature === undefined
      ? undefined
      : { tenant: tenant ?? '', feature: feature ?? '' };
  const levels = (slice ? SLICE_LEVELS : LEVELS).filter((level) => level.width >= finest);
  const [forPoints, forTotals] = await Promise.all([
    read(
      session,
      cover(
        from,
        to,
        levels.filter((level) => step % level.width === 0),
      ),
      // Of a slice there is no row for every route together; those of its routes are few.
      { route: slice ? route : (route ?? ALL), slice },
    ),
    read(session, cover(from, to, levels), { route, slice }),
  ]);
  if (slice && forTotals.length === 0 && (await crowded(session, from, to)))
    throw new RangeError(
      `more than ${MOST_SLICES} tenants and features an hour: the rarest are not counted apart`,
    );

  const points = Array.from({ length: count }, newTally);
  for (const row of forPoints) {
    const point = points[Math.floor(((row.at as number) - first) / step)];
    if (point) addStored(point, row);
  }
  const totals = newTally();
  const byRoute = new Map<string, Tally>();
  const byTarget = new Map<string, Tally>();
  for (const row of forTotals) {
    addStored(totals, row);
    addStored(member(byRoute, row.route as string), row);
    addStored(member(byTarget, row.target as string), row);
  }
  const busiest = (a: WatchTotals, b: WatchTotals) => b.exchanges - a.exchanges || b.attempts - a.attempts;
  return {
    points: points.map((tally, i) => pointOf(first + i * step, tally)),
    totals: totalsOf(totals),
    byRoute: [...byRoute].map(([route, tally]) => ({ route, ...totalsOf(tally) })).sort(busiest),
    byTarget: [...byTarget].map(([target, tally]) => ({ target, ...totalsOf(tally) })).sort(busiest),
  };
}

type AnyLevel = Level | (typeof SLICE_LEVELS)[number];

interface Segment {
  readonly level: AnyLevel;
  readonly from: number;
  readonly to: number;
}

/** Widest first, `levels` finest first; from and to are multiples of the finest. */
export function cover(from: number, to: number, levels: readonly AnyLevel[]): readonly Segment[] {
  const level = levels.at(-1);
  if (level === undefined || from >= to) return [];
  const finer = levels.slice(0, -1);
  const start = Math.ceil(from / level.width) * level.width;
  const end = Math.floor(to / level.width) * level.width;
  if (start >= end) return cover(from, to, finer);
  return [...cover(from, start, finer), { level, from: start, to: end }, ...cover(end, to, finer)];
}

/** Rows of one route, of everything together (`ALL`), or, without a route, of every route apart; of a slice its own. */
function read(
  session: Session,
  segments: readonly Segment[],
  { route, slice }: { readonly route: string | undefined; readonly slice: Slice | undefined },
): Promise<Row[]> {
  const params: string[] = [];
  const param = (value: string) => `$${params.push(value)}::text`;
  const which = [
    route === undefined ? `route <> '${ALL}'` : `route = ${param(route)}`,
    ...(slice ? [`tenant = ${param(slice.tenant)}`, `feature = ${param(slice.feature)}`] : []),
  ].join(' and ');
  return session.query(
    segments
      .map(
        ({ level, from, to }) =>
          `select * from ${level.table} where at >= ${from} and at < ${to} and ${which}`,
      )
      .join(' union all '),
    params,
  );
}

/** The window in whole minutes, or whole hours where retention has dropped the minutes. */
export async function edges(session: Session, window: { readonly from: number; readonly to: number }) {
  const finest = window.from < (await oldestMinute(session)) ? HOUR_MS : MINUTE_MS;
  return {
    finest,
    from: Math.floor(window.from / finest) * finest,
    to: Math.ceil(window.to / finest) * finest,
  };
}

async function oldestMinute(session: Session): Promise<number> {
  const [row] = await session.query<{ oldest: string | null }>(
    `select min(relname::text) as oldest from pg_class c join pg_inherits on inhrelid = c.oid
     where inhparent = 'rollups_minute'::regclass`,
  );
  const day = parseDaySuffix(row?.oldest?.slice('rollups_minute_'.length) ?? '');
  return day === undefined ? 0 : startOf(day);
}

function member(group: Map<string, Tally>, name: string): Tally {
  let found = group.get(name);
  if (found === undefined) {
    found = newTally();
    group.set(name, found);
  }
  return found;
}

const outcomesOf = ({ counts }: Tally): Record<string, number> =>
  Object.fromEntries(OUTCOMES.filter((word) => counts[word] > 0).map((word) => [word, counts[word]]));

const pointOf = (at: number, tally: Tally): WatchPoint => ({
  at,
  exchanges: tally.counts.exchanges,
  outcomes: outcomesOf(tally),
  attempts: tally.counts.attempts,
  microUsd: tally.counts.micro_usd,
  ...present({
    totalMs: quantiles(tally.sketches.total_ms),
    firstTokenMs: quantiles(tally.sketches.first_token_ms),
  }),
});

function totalsOf(tally: Tally): WatchTotals {
  const { counts, sketches } = tally;
  const sum = (names: readonly (keyof typeof counts)[]) =>
    names.reduce((total, name) => total + counts[name], 0);
  return {
    exchanges: counts.exchanges,
    attempts: counts.attempts,
    outcomes: outcomesOf(tally),
    good: rateOf(counts.complete + counts.tool, counts.exchanges),
    clean: rateOf(counts.clean, counts.exchanges),
    microUsd: counts.micro_usd,
    wastedMicroUsd: counts.wasted_micro_usd,
    unpriced: counts.unpriced,
    tokensIn: sum(TOKENS_IN),
    tokensOut: sum(TOKENS_OUT),
    ...present({
      totalMs: quantiles(sketches.total_ms),
      firstTokenMs: quantiles(sketches.first_token_ms),
      overheadMs: quantiles(sketches.overhead_ms),
    }),
  };
}

/** Of nothing nothing is known: the rate is shown as 0 within an interval of everything. */
function rateOf(count: number, n: number): RateView {
  if (n === 0) return { count: 0, n: 0, rate: 0, low: 0, high: 1 };
  const { estimate, lower, upper } = wilson(count, n);
  return { count, n, rate: estimate, low: lower, high: upper };
}
