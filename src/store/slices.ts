import type { Row, Session } from './connection.ts';
import type { Facts } from './exchanges.ts';
import { ALL, addRows, type Bucket, HOUR_MS, MINUTE_MS, type Naming, tally, widen } from './rollups.ts';

/**
 * Rollups of one tenant, of one feature, and of both together, for a Watch that shows one of them. Traffic that names neither
 * costs nothing here.
 */
export interface Slice {
  /** Empty: any. */
  readonly tenant: string;
  readonly feature: string;
}

/** Two widths are enough: a slice is looked at for hours or for weeks, and every width is one more row to write. */
export const SLICE_LEVELS = [
  { table: 'slices_minute', width: MINUTE_MS },
  { table: 'slices_hour', width: HOUR_MS },
] as const;
/**
 * Slices counted apart in one hour. Names come from callers, and a program that makes one up for every call would otherwise
 * write more rollups than exchanges.
 */
export const MOST_SLICES = 500;

type Sliced = Bucket & Slice;
const BY_SLICE: Naming<Sliced> = {
  columns: ['tenant', 'feature', 'route', 'target'],
  of: ({ tenant, feature, route, target }) => [tenant, feature, route, target],
};

/** Called after `writeRollups`, in its transaction and so under its lock. */
export async function writeSlices(tx: Session, facts: readonly Facts[]): Promise<void> {
  const hours = Map.groupBy(facts, ({ exchange }) => Math.floor(exchange.at / HOUR_MS) * HOUR_MS);
  for (const [hour, ofHour] of hours) {
    const wanted = slicesOf(ofHour);
    if (wanted.length === 0) continue;
    const counted = await admitted(tx, hour, wanted);
    for (const { table, width } of SLICE_LEVELS) {
      const fresh = counted.flatMap(({ slice, facts }) =>
        [...widen(tally(facts), width).values()].flatMap((bucket) =>
          bucket.route === ALL ? [] : [{ ...bucket, ...slice }],
        ),
      );
      if (fresh.length > 0) await addRows(tx, table, BY_SLICE, fresh);
    }
  }
}

interface Group {
  readonly slice: Slice;
  readonly facts: readonly Facts[];
}

/** Tenants first, then features, then both together: when not all can be counted apart, the broader ones are. */
function slicesOf(facts: readonly Facts[]): readonly Group[] {
  const tenantOf = ({ exchange }: Facts) => exchange.tenant ?? '';
  const featureOf = ({ exchange }: Facts) => exchange.feature ?? '';
  const group = (name: (one: Facts) => readonly [string, string] | undefined) => {
    const groups = new Map<string, { slice: Slice; facts: Facts[] }>();
    for (const one of facts) {
      const names = name(one);
      if (!names) continue;
      const [tenant, feature] = names;
      const found = groups.get(names.join('\0'));
      if (found) found.facts.push(one);
      else groups.set(names.join('\0'), { slice: { tenant, feature }, facts: [one] });
    }
    return [...groups.values()];
  };
  return [
    ...group((one) => (tenantOf(one) ? [tenantOf(one), ''] : undefined)),
    ...group((one) => (featureOf(one) ? ['', featureOf(one)] : undefined)),
    ...group((one) => (tenantOf(one) && featureOf(one) ? [tenantOf(one), featureOf(one)] : undefined)),
  ];
}

/** Those of the hour that are counted already, and new ones while there is room. */
async function admitted(tx: Session, hour: number, wanted: readonly Group[]): Promise<readonly Group[]> {
  const rows = await tx.query<Slice>(
    'select distinct tenant, feature from slices_hour where at = $1::float8',
    [hour],
  );
  const known = new Set(rows.map(({ tenant, feature }) => `${tenant}\0${feature}`));
  return wanted.filter(({ slice: { tenant, feature } }) => {
    const name = `${tenant}\0${feature}`;
    if (known.has(name)) return true;
    if (known.size >= MOST_SLICES) return false;
    known.add(name);
    return true;
  });
}

/** Whether some hour of [from, to) had more slices than are counted apart: then a slice may be missing from it. */
export async function crowded(session: Session, from: number, to: number): Promise<boolean> {
  const rows = await session.query<Row>(
    `select 1 from (select distinct at, tenant, feature from slices_hour where at >= $1::float8 and at < $2::float8) s
     group by at having count(*) >= ${MOST_SLICES} limit 1`,
    [Math.floor(from / HOUR_MS) * HOUR_MS, to],
  );
  return rows.length > 0;
}
