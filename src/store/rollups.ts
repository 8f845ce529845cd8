import { OUTCOMES } from '#contracts';
import { byteArray, plainArray, textArray } from './arrays.ts';
import type { AttemptRow } from './attempts.ts';
import { costStates, outcomes } from './codes.ts';
import type { Row, Session } from './connection.ts';
import { DAY_MS } from './day.ts';
import { answering, type Facts, heard, isBad } from './exchanges.ts';
import { TOKEN_COLUMNS, type UsageRow } from './parts.ts';
import { Sketch } from './sketch.ts';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;

/** The three widths, finest first. Each exchange is in one row of each, so that any of them sums to the same. */
export const LEVELS = [
  { table: 'rollups_minute', width: MINUTE_MS },
  { table: 'rollups_hour', width: HOUR_MS },
  { table: 'rollups_day', width: DAY_MS },
] as const;
export type Level = (typeof LEVELS)[number];

/** Stands for every route and every target together. */
export const ALL = '*';
/** Target of an exchange that reached none: refused at the door, or answered from a canned reply. */
const NO_TARGET = 'none';

const COUNTERS = [
  'exchanges',
  'attempts',
  'clean',
  'unpriced',
  'micro_usd',
  'wasted_micro_usd',
  ...OUTCOMES,
  ...TOKEN_COLUMNS,
] as const;
type Counter = (typeof COUNTERS)[number];
const SKETCHES = ['total_ms', 'first_token_ms', 'overhead_ms'] as const;
type SketchName = (typeof SKETCHES)[number];

/** What one row counts. Mutable: it is filled exchange by exchange. */
export interface Tally {
  readonly counts: Record<Counter, number>;
  readonly sketches: Readonly<Record<SketchName, Sketch>>;
}

export const newTally = (): Tally => ({
  counts: Object.fromEntries(COUNTERS.map((name) => [name, 0])) as Record<Counter, number>,
  sketches: { total_ms: new Sketch(), first_token_ms: new Sketch(), overhead_ms: new Sketch() },
});

function addTally(into: Tally, other: Tally): void {
  for (const name of COUNTERS) into.counts[name] += other.counts[name];
  for (const name of SKETCHES) into.sketches[name].merge(other.sketches[name]);
}

/** Adds a stored row; int8 comes as text. */
export function addStored(into: Tally, row: Row): void {
  for (const name of COUNTERS) into.counts[name] += Number(row[name]);
  for (const name of SKETCHES) into.sketches[name].addEncoded(row[name] as Uint8Array);
}

export interface Bucket {
  readonly at: number;
  readonly route: string;
  readonly target: string;
  readonly tally: Tally;
}
export type Buckets = Map<string, Bucket>;

const targetOf = (attempt: AttemptRow | undefined): string =>
  attempt === undefined ? NO_TARGET : `${attempt.provider}/${attempt.model}`;

const OUTCOME_BY_CODE = new Map(OUTCOMES.map((word) => [outcomes.code(word), word]));
/** Ends after which the caller holds an answer, whole or declared as shortened. */
const DELIVERED = new Set(
  (['complete', 'tool', 'length', 'stop', 'refusal', 'content_filter'] as const).map(outcomes.code),
);
export const delivered = (outcome: number): boolean => DELIVERED.has(outcome);
const UNPRICED = costStates.code('unpriced');

/**
 * Counts facts per minute, route and target: the function that defines every number on Watch, and the recount.
 *
 * What is true of the exchange (its end, its times) goes to the target whose answer the caller got; what is true of an
 * attempt (itself, its money, its tokens) to the attempt's own target. So sums over targets are sums over exchanges, and
 * a target that only ever fails shows as attempts without exchanges. Money in the exchange that no attempt accounts for
 * stays with the exchange's target, so that the sum is the bill.
 */
export function tally(facts: Iterable<Facts>): Buckets {
  const buckets: Buckets = new Map();
  for (const { exchange, attempts } of facts) {
    const at = Math.floor(exchange.at / MINUTE_MS) * MINUTE_MS;
    const final = answering(attempts, exchange.outcome);
    const { counts, sketches } = bucket(buckets, at, exchange.route, targetOf(final)).tally;
    const word = OUTCOME_BY_CODE.get(exchange.outcome);
    counts.exchanges++;
    if (word) counts[word]++;
    if (!isBad(exchange.outcome) && attempts.length <= 1) counts.clean++;
    if (exchange.cost_state === UNPRICED) counts.unpriced++;
    sketches.total_ms.add(exchange.total_ms);
    if (exchange.first_token_ms !== undefined) sketches.first_token_ms.add(exchange.first_token_ms);
    sketches.overhead_ms.add(exchange.overhead_ms);

    let unaccounted = exchange.micro_usd ?? 0;
    for (const attempt of attempts) {
      const own =
        attempt === final ? counts : bucket(buckets, at, exchange.route, targetOf(attempt)).tally.counts;
      const cost = attempt.micro_usd ?? 0;
      own.attempts++;
      own.micro_usd += cost;
      if (!heard(attempt, final, attempts) || !delivered(exchange.outcome)) own.wasted_micro_usd += cost;
      addTokens(own, attempt);
      unaccounted -= cost;
    }
    counts.micro_usd += unaccounted;
    if (attempts.length === 0) addTokens(counts, exchange);
  }
  return buckets;
}

function addTokens(counts: Record<Counter, number>, usage: UsageRow): void {
  for (const name of TOKEN_COLUMNS) {
    const tokens = usage[name];
    if (tokens !== undefined) counts[name] += tokens;
  }
}

/** NUL is the one character no cleaned name holds. */
const keyOf = (...parts: readonly unknown[]) => parts.join('\0');

function bucket(buckets: Buckets, at: number, route: string, target: string): Bucket {
  const key = keyOf(at, route, target);
  let found = buckets.get(key);
  if (found === undefined) {
    found = { at, route, target, tally: newTally() };
    buckets.set(key, found);
  }
  return found;
}

/** The same counts in rows of `width`, with the rows that hold everything together. */
export function widen(minutes: Buckets, width: number): Buckets {
  const wide: Buckets = new Map();
  for (const { at, route, target, tally } of minutes.values()) {
    const start = Math.floor(at / width) * width;
    addTally(bucket(wide, start, route, target).tally, tally);
    addTally(bucket(wide, start, ALL, ALL).tally, tally);
  }
  return wide;
}

const LOCK = 64392826;

/**
 * Adds counts to the stored rows. Sketches cannot be added in SQL, so rows are read, added to and written back, one
 * writer at a time; the lock is taken last in the transaction and held for a few milliseconds.
 */
export async function writeRollups(tx: Session, facts: readonly Facts[]): Promise<void> {
  const minutes = tally(facts);
  await tx.query('select pg_advisory_xact_lock($1::int8)', [LOCK]);
  if (minutes.size === 0) return;
  for (const { table, width } of LEVELS)
    await addRows(tx, table, BY_TARGET, [...widen(minutes, width).values()]);
}

/** The texts by which a row is known beside its time. */
export interface Naming<B extends Bucket> {
  readonly columns: readonly string[];
  of(bucket: B): readonly string[];
}
const BY_TARGET: Naming<Bucket> = {
  columns: ['route', 'target'],
  of: ({ route, target }) => [route, target],
};

/** Adds to what stands in a table of rollups. The caller holds the lock. */
export async function addRows<B extends Bucket>(
  tx: Session,
  table: string,
  { columns, of }: Naming<B>,
  fresh: readonly B[],
): Promise<void> {
  const names = fresh.map(of);
  const keys = [
    plainArray(fresh.map((b) => b.at)),
    ...columns.map((_, i) => textArray(names.map((values) => values[i]))),
  ];
  const stored = await tx.query(
    `select r.* from unnest($1::float8[], ${columns.map((_, i) => `$${i + 2}::text[]`).join(', ')}) as n (at, ${columns.join(', ')})
     cross join lateral (
       select * from ${table} r where r.at = n.at and ${columns.map((c) => `r.${c} = n.${c}`).join(' and ')}
         and r.at between ${Math.min(...fresh.map((b) => b.at))} and ${Math.max(...fresh.map((b) => b.at))}
       offset 0
     ) r`,
    keys,
  );
  const keyed = new Map(fresh.map((b, i) => [keyOf(b.at, ...(names[i] ?? [])), b]));
  for (const row of stored) {
    const found = keyed.get(keyOf(row.at, ...columns.map((c) => row[c])));
    if (found) addStored(found.tally, row);
  }
  await tx.query(upsert(table, columns), [
    ...keys,
    ...COUNTERS.map((name) => plainArray(fresh.map((b) => b.tally.counts[name]))),
    ...SKETCHES.map((name) => byteArray(fresh.map((b) => b.tally.sketches[name].encode()))),
  ]);
}

function upsert(table: string, names: readonly string[]): string {
  const columns = ['at', ...names, ...COUNTERS, ...SKETCHES];
  const types = [
    'float8',
    ...names.map(() => 'text'),
    ...COUNTERS.map(() => 'int8'),
    ...SKETCHES.map(() => 'bytea'),
  ];
  return `insert into ${table} (${columns.join(', ')})
    select * from unnest(${types.map((type, i) => `$${i + 1}::${type}[]`).join(', ')})
    on conflict (at, ${names.join(', ')}) do update set ${[...COUNTERS, ...SKETCHES]
      .map((name) => `${name} = excluded.${name}`)
      .join(', ')}`;
}
