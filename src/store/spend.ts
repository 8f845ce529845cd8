import { SPEND_BY, type SpendBy, type SpendReport, type SpendRow, type SpendTotals } from '#contracts';
import { plainArray, textArray } from './arrays.ts';
import type { AttemptRow } from './attempts.ts';
import { causes, costStates, sources } from './codes.ts';
import type { Row, Session } from './connection.ts';
import { answering, type ExchangeColumns, type Facts, heard } from './exchanges.ts';
import { TOKENS_IN, TOKENS_OUT, type UsageRow } from './parts.ts';
import { delivered, HOUR_MS, MINUTE_MS } from './rollups.ts';
import { edges } from './window.ts';

const LEVELS = [
  { table: 'spend_minute', width: MINUTE_MS },
  { table: 'spend_hour', width: HOUR_MS },
] as const;

/** Names of one kind counted apart in one hour: callers make up tenants and features, and each would be a row for ever. */
export const MOST_NAMES = 500;

const COUNTERS = [
  'attempts',
  'micro_usd',
  'estimated_micro_usd',
  'wasted_micro_usd',
  'unpriced',
  'tokens_in',
  'tokens_out',
] as const;
type Counts = Record<(typeof COUNTERS)[number], number>;
const newCounts = (): Counts => ({
  attempts: 0,
  micro_usd: 0,
  estimated_micro_usd: 0,
  wasted_micro_usd: 0,
  unpriced: 0,
  tokens_in: 0,
  tokens_out: 0,
});
function addCounts(into: Counts, counts: Counts): void {
  into.attempts += counts.attempts;
  into.micro_usd += counts.micro_usd;
  into.estimated_micro_usd += counts.estimated_micro_usd;
  into.wasted_micro_usd += counts.wasted_micro_usd;
  into.unpriced += counts.unpriced;
  into.tokens_in += counts.tokens_in;
  into.tokens_out += counts.tokens_out;
}

/** What Midwatch asks on its own account is no caller's first, retry or fallback. */
const OWN = new Map(
  (['probe', 'drill', 'exercise', 'shadow'] as const).map((word) => [sources.code(word), word]),
);

/** Under which name an attempt of an exchange is counted; empty when it has none. */
const NAMES: Readonly<
  Record<SpendBy, (exchange: ExchangeColumns, attempt: AttemptRow | undefined) => string | undefined>
> = {
  cause: ({ source }, attempt) => OWN.get(source) ?? (attempt && causes.word(attempt.cause)),
  route: ({ route }) => route,
  provider: (_, attempt) => attempt?.provider,
  key: ({ key }) => key,
  tenant: ({ tenant }) => tenant,
  feature: ({ feature }) => feature,
};

export interface SpendBucket {
  readonly at: number;
  readonly naming: SpendBy;
  readonly rest: boolean;
  readonly name: string;
  readonly counts: Counts;
}

const keyOf = ({ at, naming, rest, name }: Omit<SpendBucket, 'counts'>) =>
  `${at}\0${naming}\0${rest}\0${name}`;

function find(buckets: Map<string, SpendBucket>, wanted: Omit<SpendBucket, 'counts'>): Counts {
  const key = keyOf(wanted);
  const known = buckets.get(key);
  if (known) return known.counts;
  const fresh = { ...wanted, counts: newCounts() };
  buckets.set(key, fresh);
  return fresh.counts;
}

/**
 * Counts facts per minute and name: the function that defines every number of spend, and the recount. Money of an
 * exchange that no attempt accounts for stays with the attempt whose answer the caller got, so that the sum is the bill.
 */
export function tallySpend(facts: Iterable<Facts>): readonly SpendBucket[] {
  // Nested instead of keyed by text: six names an attempt are looked up on the way of every exchange into the database.
  const minutes = new Map<number, ReadonlyMap<SpendBy, Map<string, Counts>>>();
  for (const { exchange, attempts } of facts) {
    const at = Math.floor(exchange.at / MINUTE_MS) * MINUTE_MS;
    let minute = minutes.get(at);
    if (minute === undefined) {
      minute = new Map(SPEND_BY.map((naming) => [naming, new Map<string, Counts>()]));
      minutes.set(at, minute);
    }
    const final = answering(attempts, exchange.outcome);
    let unaccounted = exchange.micro_usd ?? 0;
    for (const attempt of attempts) {
      const bill = billOf(attempt, attempt.micro_usd ?? 0);
      bill.attempts = 1;
      if (!heard(attempt, final, attempts) || !delivered(exchange.outcome))
        bill.wasted_micro_usd = bill.micro_usd;
      unaccounted -= bill.micro_usd;
      add(minute, exchange, attempt, bill);
    }
    if (attempts.length === 0) {
      // Answered without asking anybody: no line of its own, unless whoever recorded it counted something.
      const bill = billOf(exchange, unaccounted);
      if (COUNTERS.some((counter) => bill[counter] !== 0)) add(minute, exchange, undefined, bill);
    } else if (unaccounted !== 0) add(minute, exchange, final, { ...newCounts(), micro_usd: unaccounted });
  }
  return [...minutes].flatMap(([at, minute]) =>
    [...minute].flatMap(([naming, names]) =>
      [...names].map(([name, counts]) => ({ at, naming, rest: false, name, counts })),
    ),
  );
}

function add(
  minute: ReadonlyMap<SpendBy, Map<string, Counts>>,
  exchange: ExchangeColumns,
  attempt: AttemptRow | undefined,
  bill: Counts,
): void {
  for (const [naming, names] of minute) {
    const name = NAMES[naming](exchange, attempt) ?? '';
    const known = names.get(name);
    if (known === undefined) names.set(name, { ...bill });
    else addCounts(known, bill);
  }
}

const ESTIMATED = costStates.code('estimated');
const UNPRICED = costStates.code('unpriced');

function billOf(bill: UsageRow & { readonly cost_state: number }, microUsd: number): Counts {
  const counts = newCounts();
  counts.micro_usd = microUsd;
  if (bill.cost_state === ESTIMATED) counts.estimated_micro_usd = microUsd;
  if (bill.cost_state === UNPRICED) counts.unpriced = 1;
  for (const name of TOKENS_IN) counts.tokens_in += bill[name] ?? 0;
  for (const name of TOKENS_OUT) counts.tokens_out += bill[name] ?? 0;
  return counts;
}

/** Called after `writeRollups`, in its transaction and so under its lock. */
export async function writeSpend(tx: Session, facts: readonly Facts[]): Promise<void> {
  const minutes = await within(tx, tallySpend(facts));
  for (const { table, width } of LEVELS) {
    const wide = new Map<string, SpendBucket>();
    for (const { counts, at, ...name } of minutes) {
      const into = find(wide, { ...name, at: Math.floor(at / width) * width });
      addCounts(into, counts);
    }
    const fresh = [...wide.values()];
    if (fresh.length === 0) continue;
    await tx.query(
      `insert into ${table} (at, naming, rest, name, ${COUNTERS.join(', ')})
       select * from unnest($1::float8[], $2::text[], $3::bool[], $4::text[], ${COUNTERS.map((_, i) => `$${i + 5}::int8[]`).join(', ')})
       on conflict (naming, at, rest, name) do update set
         ${COUNTERS.map((name) => `${name} = ${table}.${name} + excluded.${name}`).join(', ')}`,
      [
        plainArray(fresh.map((b) => b.at)),
        plainArray(fresh.map((b) => b.naming)),
        plainArray(fresh.map((b) => String(b.rest))),
        textArray(fresh.map((b) => b.name)),
        ...COUNTERS.map((name) => plainArray(fresh.map((b) => b.counts[name]))),
      ],
    );
  }
}

/** Names that callers make up, past what is counted apart in their hour, go to the rest. */
async function within(tx: Session, minutes: readonly SpendBucket[]): Promise<readonly SpendBucket[]> {
  const bounded = (b: SpendBucket) => b.name !== '' && (b.naming === 'tenant' || b.naming === 'feature');
  const hourOf = (at: number) => Math.floor(at / HOUR_MS) * HOUR_MS;
  const hours = [...new Set(minutes.filter(bounded).map((b) => hourOf(b.at)))];
  if (hours.length === 0) return minutes;
  const known = new Map<string, Set<string>>();
  const of = (naming: string, hour: number) => {
    const key = `${naming} ${hour}`;
    const found = known.get(key) ?? new Set<string>();
    known.set(key, found);
    return found;
  };
  const rows = await tx.query<{ at: number; naming: string; name: string }>(
    `select at, naming, name from spend_hour
     where naming in ('tenant', 'feature') and at = any($1::float8[]) and not rest and name <> ''`,
    [plainArray(hours)],
  );
  for (const { at, naming, name } of rows) of(naming, at).add(name);
  return minutes.map((bucket) => {
    if (!bounded(bucket)) return bucket;
    const names = of(bucket.naming, hourOf(bucket.at));
    if (names.has(bucket.name)) return bucket;
    if (names.size >= MOST_NAMES) return { ...bucket, rest: true, name: '' };
    names.add(bucket.name);
    return bucket;
  });
}

/** Hours inside the window, minutes at its edges. */
export async function readSpend(
  session: Session,
  query: { readonly from: number; readonly to: number; readonly by: SpendBy },
): Promise<SpendReport> {
  const { from, to, finest } = await edges(session, query);
  if (!(to > from)) throw new RangeError('a window needs an end after its start');
  const [start, end] = [Math.ceil(from / HOUR_MS) * HOUR_MS, Math.floor(to / HOUR_MS) * HOUR_MS];
  const pieces: readonly (readonly [string, number, number])[] =
    finest === HOUR_MS || start >= end
      ? [[finest === HOUR_MS ? 'spend_hour' : 'spend_minute', from, to]]
      : [
          ['spend_minute', from, start],
          ['spend_hour', start, end],
          ['spend_minute', end, to],
        ];
  const rows = await session.query<Row>(
    `select rest, name, ${COUNTERS.map((name) => `sum(${name})::float8 as ${name}`).join(', ')} from (
       ${pieces
         .map(
           ([table, first, last]) =>
             `select * from ${table} where naming = $1::text and at >= ${first} and at < ${last}`,
         )
         .join(' union all ')}
     ) s group by rest, name`,
    [query.by],
  );
  const total = newCounts();
  for (const row of rows) for (const name of COUNTERS) total[name] += row[name] as number;
  return {
    from,
    to,
    by: query.by,
    total: totalsOf(total),
    rows: rows
      .map(
        (row): SpendRow => ({
          ...(row.name !== '' && { name: row.name as string }),
          ...(row.rest === true && { rest: true }),
          ...totalsOf(row as unknown as Counts),
        }),
      )
      .sort(
        (a, b) =>
          b.microUsd - a.microUsd || b.attempts - a.attempts || (a.name ?? '').localeCompare(b.name ?? ''),
      ),
  };
}

const totalsOf = (counts: Counts): SpendTotals => ({
  attempts: counts.attempts,
  microUsd: counts.micro_usd,
  estimatedMicroUsd: counts.estimated_micro_usd,
  wastedMicroUsd: counts.wasted_micro_usd,
  unpriced: counts.unpriced,
  tokensIn: counts.tokens_in,
  tokensOut: counts.tokens_out,
});
