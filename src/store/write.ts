import { SQL } from 'bun';
import { type Clock, type DigestedExchange, type Exchange, type Log, StoreUnavailable } from '#contracts';
import { plainArray } from './arrays.ts';
import { attempts } from './attempts.ts';
import { BodyWriter } from './bodies.ts';
import { ChangeWriter } from './changes.ts';
import { Cleaner } from './clean.ts';
import { NO_TRAFFIC } from './codes.ts';
import { type Database, type Session, sqlState } from './connection.ts';
import { type Day, dayOf, daySuffix } from './day.ts';
import { exchanges, type Facts, factsOf, Unstorable } from './exchanges.ts';
import { createPartitions, findPartitions, partitionsOf, summarise } from './partitions.ts';
import { ReleaseWriter } from './releases.ts';
import { writeRollups } from './rollups.ts';
import { writeSlices } from './slices.ts';
import { writeSpend } from './spend.ts';
import { copyRows } from './table.ts';
import { writeTiers } from './tiers.ts';

interface Entry {
  readonly facts: Facts;
  readonly day: Day;
  readonly source: DigestedExchange;
}

/** Another writer was faster with the same row, or a partition was dropped under us: the next try sees what it did. */
const TRIES = 4;
const UNIQUE_VIOLATION = '23505';
const NO_PARTITION = '23514';
const DEADLOCK = '40P01';

/** New rows of a day after which its summaries are brought up to date: at most so many are read by every filter. */
const UNSUMMARISED = 50_000;

export interface Writer {
  write(batch: readonly DigestedExchange[]): Promise<{ readonly inserted: number }>;
}

/**
 * One transaction per batch: exchanges, attempts, bodies, links, releases, change events, rollups. What is already in
 * the database is left out before anything is written, so a batch that comes again changes nothing at all.
 */
export function createWriter(options: { database: Database; clock: Clock; log: Log }): Writer {
  const { database, clock, log } = options;
  const bodyWriter = new BodyWriter();
  const releaseWriter = new ReleaseWriter();
  const changeWriter = new ChangeWriter();
  const unsummarised = new Map<Day, number>();

  const commit = async (entries: readonly Entry[]): Promise<number> => {
    const days = [...new Set(entries.map((entry) => entry.day))];
    let oids = await findPartitions(database, days);
    if (partitionsOf(days).some((name) => !oids.has(name))) {
      await database.transaction((tx) => createPartitions(tx, days));
      oids = await findPartitions(database, days);
    }
    const clean = new Cleaner();
    const remember: (() => void)[] = [];
    const inserted = await database.transaction(async (tx) => {
      const there = await findExisting(tx, entries);
      const fresh = entries.filter((entry) => !there.has(entry.facts.exchange.id));
      if (fresh.length === 0) return 0;
      await copyRows(
        tx,
        exchanges,
        fresh.map((entry) => entry.facts.exchange),
      );
      await copyRows(
        tx,
        attempts,
        fresh.flatMap((entry) => entry.facts.attempts),
      );
      remember.push(
        await bodyWriter.write(
          tx,
          fresh.map(({ day, source }) => ({ day, ask: source.exchange.askRecord, digest: source.digest })),
          (table, day) => oids.get(`${table}_${daySuffix(day)}`) ?? 0,
        ),
        await releaseWriter.write(
          tx,
          fresh.map(({ facts, source }) => ({
            id: source.exchange.release,
            axes: source.digest.axes,
            at: facts.exchange.at,
          })),
          clean,
        ),
        await changeWriter.write(
          tx,
          fresh
            .filter(({ facts }) => counts(facts))
            .map(({ facts, source }) => ({ exchange: facts.exchange, axes: source.digest.axes })),
          clean,
        ),
      );
      const facts = fresh.map((entry) => entry.facts);
      const traffic = facts.filter(counts);
      await writeRollups(tx, traffic);
      await writeSlices(tx, traffic);
      await writeSpend(tx, facts);
      await writeTiers(tx, facts);
      return fresh.length;
    });
    for (const done of remember) done();
    for (const { day } of inserted > 0 ? entries : [])
      unsummarised.set(day, (unsummarised.get(day) ?? 0) + 1);
    for (const [day, rows] of unsummarised)
      if (rows >= UNSUMMARISED) {
        unsummarised.delete(day);
        await tidy(oids.get(`exchanges_${daySuffix(day)}`));
      }
    return inserted;
  };

  /** The batch is committed: whatever goes wrong here must not make the caller send it again. */
  const tidy = async (oid: number | undefined): Promise<void> => {
    try {
      if (oid !== undefined) await summarise(database, oid);
    } catch (error) {
      log('warn', 'store.not_summarised', { reason: String(error) });
    }
  };

  const store = async (entries: readonly Entry[], tries = TRIES): Promise<number> => {
    if (entries.length === 0) return 0;
    try {
      return await commit(entries);
    } catch (error) {
      if (raced(error)) {
        if (tries > 1) return store(entries, tries - 1);
        throw new StoreUnavailable('other writers were faster with the same rows again and again', {
          cause: error,
        });
      }
      if (!poisonous(error)) throw error;
      const [only] = entries;
      if (entries.length === 1 && only) {
        await reject(only.source.exchange, error);
        return 0;
      }
      // One row of the batch is poison. Halving finds it in a few tries and lets the others through.
      const half = entries.length >> 1;
      return (await store(entries.slice(0, half))) + (await store(entries.slice(half)));
    }
  };

  const reject = async (exchange: Exchange, error: unknown): Promise<void> => {
    const reason = error instanceof Error ? error.message : String(error);
    log('error', 'store.rejected', { exchange: String(exchange.id), reason });
    await database.query('insert into rejected (at, id, reason, exchange) values ($1, $2, $3, $4)', [
      clock.now(),
      new Cleaner().text(String(exchange.id)),
      new Cleaner().text(reason),
      Bun.zstdCompressSync(JSON.stringify(exchange)),
    ]);
  };

  return {
    async write(batch) {
      const clean = new Cleaner();
      const entries = new Map<string, Entry>();
      for (const source of batch) {
        const before = clean.count;
        try {
          const facts = factsOf(source.exchange, clock.now(), clean);
          const { id, at } = facts.exchange;
          if (!entries.has(id)) entries.set(id, { facts, day: dayOf(at), source });
        } catch (error) {
          if (!(error instanceof Unstorable || error instanceof RangeError || error instanceof TypeError))
            throw error;
          await reject(source.exchange, error);
        }
        if (clean.count > before)
          log('warn', 'store.cleaned', { exchange: source.exchange.id, values: clean.count - before });
      }
      const ordered = [...entries.values()].sort(
        ({ facts: { exchange: a } }, { facts: { exchange: b } }) => a.at - b.at || (a.id < b.id ? -1 : 1),
      );
      return { inserted: await store(ordered) };
    },
  };
}

/** Whether the product's numbers count it: what nobody was served is money, and nothing else. */
const counts = ({ exchange }: Facts): boolean => !NO_TRAFFIC.includes(exchange.source);

function raced(error: unknown): boolean {
  const cause = error instanceof StoreUnavailable ? error.cause : error;
  const state = sqlState(cause);
  if (state === UNIQUE_VIOLATION || state === DEADLOCK) return true;
  // A violated check has the same code, and a name.
  return state === NO_PARTITION && cause instanceof SQL.PostgresError && cause.constraint === undefined;
}

/** SQLSTATE classes that are about values: data, integrity, a row too large. */
const ABOUT_VALUES = /^(21|22|23|54)/;

/**
 * Whether one exchange may be to blame. Anything else (no schema yet, no permission, no database) would set every
 * exchange aside one by one where the batch should simply come again.
 */
function poisonous(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== undefined) return ABOUT_VALUES.test(state);
  return error instanceof Unstorable || error instanceof RangeError || error instanceof TypeError;
}

async function findExisting(tx: Session, entries: readonly Entry[]): Promise<Set<string>> {
  const rows = await tx.query<{ id: string }>(
    `select e.id from unnest($1::float8[], $2::uuid[]) as n (at, id) cross join lateral (
       select id from exchanges e where e.at = n.at and e.id = n.id and e.at between $3 and $4 limit 1) e`,
    [
      plainArray(entries.map((entry) => entry.facts.exchange.at)),
      plainArray(entries.map((entry) => entry.facts.exchange.id)),
      entries[0]?.facts.exchange.at,
      entries.at(-1)?.facts.exchange.at,
    ],
  );
  return new Set(rows.map((row) => row.id));
}
