import { SPEND_BY, type SpendBy, type SpendReport, type SpendRow, type SpendTotals } from '#contracts';
import { plainArray, textArray } from './arrays.ts';
import type { AttemptRow } from './attempts.ts';
import { causes, costStates, sources } from './codes.ts';
import type { Row, Session } from './connection.ts';
import { answering, type ExchangeColumns, type Facts } from './exchanges.ts';
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
const newCounts = (): Counts =>
  Object.fromEntries(COUNTERS.map((name) => [name, 0])) as Record<(typeof COUNTERS)[number], number>;

/** Under which name an attempt of an exchange is counted; empty when it has none. */
const NAMES: Readonly<
  Record<SpendBy, (exchange: ExchangeColumns, attempt: AttemptRow | undefined) => string | undefined>
> = {
  // What Midwatch asks on its own account is no caller's first, retry or fallback.
  cause: ({ source }, attempt) =>
    source === sources.code('probe')
      ? 'probe'
      : source === sources.code('exercise')
        ? 'exercise'
        : attempt && causes.word(attempt.cause),
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
  const buckets = new Map<string, SpendBucket>();
  for (const { exchange, attempts } of facts) {
    const at = Math.floor(exchange.at / MINUTE_MS) * MINUTE_MS;
    const final = answering(attempts, exchange.outcome);
    const add = (attempt: AttemptRow | undefined, counts: Counts) => {
      for (const naming of SPEND_BY) {
        const name = NAMES[naming](exchange, attempt) ?? '';
        const into = find(buckets, { at, naming, rest: false, name });
        for (const counter of COUNTERS) into[counter] += counts[counter];
      }
    };
    let unaccounted = exchange.micro_usd ?? 0;
    for (const attempt of attempts) {
      const cost = attempt.micro_usd ?? 0;
      unaccounted -= cost;
      const wasted = attempt !== final || !delivered(exchange.outcome);
      add(attempt, {
        ...newCounts(),
        ...billOf(attempt, cost),
        attempts: 1,
        wasted_micro_usd: wasted ? cost : 0,
      });
    }
    if (attempts.length === 0) {
      // Answered without asking anybody: no line of its own, unless whoever recorded it counted something.
      const bill = { ...newCounts(), ...billOf(exchange, unaccounted) };
      if (COUNTERS.some((counter) => bill[counter] !== 0)) add(undefined, bill);
    } else if (unaccounted !== 0) add(final, { ...newCounts(), micro_usd: unaccounted });
  }
  return [...buckets.values()];
}

function billOf(bill: UsageRow & { readonly cost_state: number }, microUsd: number): Partial<Counts> {
  const sum = (names: readonly (keyof UsageRow)[]) =>
    names.reduce((total, name) => total + (bill[name] ?? 0), 0);
  return {
    micro_usd: microUsd,
    estimated_micro_usd: bill.cost_state === costStates.code('estimated') ? microUsd : 0,
    unpriced: bill.cost_state === costStates.code('unpriced') ? 1 : 0,
    tokens_in: sum(TOKENS_IN),
    tokens_out: sum(TOKENS_OUT),
  };
}

/** Called after `writeRollups`, in its transaction and so under its lock. */
export async function writeSpend(tx: Session, facts: readonly Facts[]): Promise<void> {
  const minutes = await within(tx, tallySpend(facts));
  for (const { table, width } of LEVELS) {
    const wide = new Map<string, SpendBucket>();
    for (const { counts, at, ...name } of minutes) {
      const into = find(wide, { ...name, at: Math.floor(at / width) * width });
      for (const counter of COUNTERS) into[counter] += counts[counter];
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
