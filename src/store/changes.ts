import {
  AXES,
  type Axes,
  type ChangeEvent,
  type ChangePage,
  type ExchangeId,
  type PageQuery,
} from '#contracts';
import { plainArray, textArray } from './arrays.ts';
import type { Cleaner } from './clean.ts';
import type { Session } from './connection.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { dayOf } from './day.ts';
import type { ExchangeColumns } from './exchanges.ts';
import { Known } from './known.ts';
import { present } from './parts.ts';

/** Columns of an exchange by the word under which what they hold is observed. */
const OBSERVED_COLUMNS = [
  ['observed.model', 'observed_model'],
  ['observed.fingerprint', 'fingerprint'],
  ['observed.serviceTier', 'service_tier'],
  ['observed.region', 'region'],
] as const;
const DECLARED = AXES.map((axis) => [`declared.${axis}`, axis] as const);

export interface Witness {
  readonly exchange: ExchangeColumns;
  readonly axes: Axes;
}

interface Sighting {
  readonly route: string;
  readonly subject: string;
  readonly value: string;
  readonly at: number;
  readonly exchange: string;
  /** Value seen just before in the same batch. */
  readonly before: string | undefined;
  last: number;
}

/**
 * A prompt that carries the date or the user's name makes a new value with every ask. That is data, not a release; past
 * so many values of one axis on one route the rest is not worth a line each, and would bury those that are.
 */
export const MOST_VALUES = 1_000;

/** Writes a change event when an axis or an observed value first appears on a route. */
export class ChangeWriter {
  /** By value and day, so that `last_seen` is renewed daily. */
  readonly #known = new Known<string>(20_000);
  /** Value seen last, by route and subject. */
  readonly #head = new Map<string, string>();

  /** `batch` in order of event time. */
  async write(tx: Session, batch: readonly Witness[], clean: Cleaner): Promise<() => void> {
    const sightings = new Map<string, Sighting>();
    const heads = new Map<string, string>();
    /** Routes and subjects on which more than one value was seen now or just before. */
    const moving = new Set<string>();
    for (const { exchange, axes } of batch)
      for (const [subject, raw] of valuesOf(exchange, axes)) {
        const value = clean.text(raw).slice(0, 500);
        const place = placeOf({ route: exchange.route, subject });
        const head = heads.get(place);
        if ((head ?? this.#head.get(place)) !== value) moving.add(place);
        const key = `${place}\0${value}`;
        const seen = sightings.get(key);
        if (seen) seen.last = exchange.at;
        else
          sightings.set(key, {
            route: exchange.route,
            subject,
            value,
            at: exchange.at,
            exchange: exchange.id,
            before: head,
            last: exchange.at,
          });
        if (head !== value) heads.set(place, value);
      }

    const unknown = new Set<Sighting>();
    const touched: Sighting[] = [];
    const renewed: string[] = [];
    for (const [key, sighting] of sightings) {
      const known = `${dayOf(sighting.last)}\0${key}`;
      if (!this.#known.has(known)) {
        unknown.add(sighting);
        renewed.push(known);
      }
      if (unknown.has(sighting) || moving.has(placeOf(sighting))) touched.push(sighting);
    }
    if (touched.length > 0) await upsert(tx, touched, unknown);
    return () => {
      for (const key of renewed) this.#known.add(key);
      for (const [place, value] of heads) this.#head.set(place, value);
    };
  }
}

/** NUL is the one character no cleaned name holds. */
const placeOf = (of: { readonly route: string; readonly subject: string }) => `${of.route}\0${of.subject}`;

function* valuesOf(exchange: ExchangeColumns, axes: Axes): Generator<readonly [string, string]> {
  for (const [subject, axis] of DECLARED) {
    const value = axes[axis];
    if (value !== undefined && value !== '') yield [subject, value];
  }
  for (const [subject, column] of OBSERVED_COLUMNS) {
    const value = exchange[column];
    if (value !== undefined) yield [subject, value];
  }
}

async function upsert(tx: Session, touched: Sighting[], unknown: ReadonlySet<Sighting>): Promise<void> {
  const places = new Map<string, Sighting>();
  for (const sighting of unknown) places.set(placeOf(sighting), sighting);
  const asked = [...places.values()];
  const heads = await tx.query<{ route: string; subject: string; value: string | null; full: boolean }>(
    `select p.route, p.subject,
       (select c.value from changes c where c.route = p.route and c.subject = p.subject
        order by c.last_seen desc limit 1) as value,
       (select count(*) >= ${MOST_VALUES} from (
          select from changes c where c.route = p.route and c.subject = p.subject limit ${MOST_VALUES}) c) as full
     from unnest($1::text[], $2::text[]) as p (route, subject)`,
    [textArray(asked.map((s) => s.route)), textArray(asked.map((s) => s.subject))],
  );
  const headOf = new Map(heads.map((head) => [placeOf(head), head]));
  touched.sort(
    (a, b) => compare(a.route, b.route) || compare(a.subject, b.subject) || compare(a.value, b.value),
  );
  const place = (s: Sighting) => headOf.get(placeOf(s));
  await tx.query(
    `insert into changes (route, subject, value, at, before, exchange, last_seen)
     select n.route, n.subject, n.value, n.at, n.before, n.exchange, n.last_seen
     from unnest($1::text[], $2::text[], $3::text[], $4::float8[], $5::text[], $6::uuid[], $7::float8[], $8::bool[])
       as n (route, subject, value, at, before, exchange, last_seen, closed)
     where not n.closed or exists (
       select from changes c where c.route = n.route and c.subject = n.subject and c.value = n.value)
     on conflict (route, subject, value) do update set last_seen = greatest(changes.last_seen, excluded.last_seen)`,
    [
      textArray(touched.map((s) => s.route)),
      textArray(touched.map((s) => s.subject)),
      textArray(touched.map((s) => s.value)),
      plainArray(touched.map((s) => s.at)),
      textArray(touched.map((s) => s.before ?? place(s)?.value)),
      plainArray(touched.map((s) => s.exchange)),
      plainArray(touched.map((s) => s.last)),
      plainArray(touched.map((s) => String(place(s)?.full ?? false))),
    ],
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export async function listChanges(
  session: Session,
  filter: { readonly from?: number; readonly to?: number; readonly route?: string },
  page: PageQuery,
): Promise<ChangePage> {
  const after = decodeCursor(page.cursor);
  const rows = await session.query<Record<keyof ChangeEvent, unknown>>(
    `select at, route, subject, value, before, exchange from changes
     where at >= coalesce($1::float8, '-infinity') and at < coalesce($2::float8, 'infinity')
       and ($3::text is null or route = $3)
       and ($4::float8 is null or (at, exchange, route, subject, value) < ($4, $5::uuid, $6, $7, $8))
     order by at desc, exchange desc, route desc, subject desc, value desc limit ${page.limit + 1}`,
    [
      filter.from ?? null,
      filter.to ?? null,
      filter.route ?? null,
      after?.at ?? null,
      after?.id ?? null,
      ...[0, 1, 2].map((i) => after?.rest?.[i] ?? ''),
    ],
  );
  const shown = rows.slice(0, page.limit).map(
    (row): ChangeEvent => ({
      at: row.at as number,
      route: row.route as string,
      subject: row.subject as string,
      value: row.value as string,
      exchange: row.exchange as ExchangeId,
      ...present({ before: row.before as string | null }),
    }),
  );
  const last = shown.at(-1);
  return {
    rows: shown,
    ...(rows.length > page.limit &&
      last && {
        next: encodeCursor({
          at: last.at,
          id: last.exchange,
          rest: [last.route, last.subject, last.value],
        }),
      }),
  };
}
