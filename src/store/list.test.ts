import { afterAll, beforeAll, expect, test } from 'bun:test';
import fc from 'fast-check';
import { type ExchangeFilter, isGood, OUTCOMES, type Store } from '#contracts';
import { connect, type Database } from './connection.ts';
import { freshDatabase } from './embedded/testing.ts';
import { openStore } from './index.ts';
import { listExchanges } from './list.ts';
import { idMaker, releaseOf, START, sample, testClock } from './testing.ts';

let made: Awaited<ReturnType<typeof freshDatabase>>;
let store: Store;
let database: Database;

const options = { clock: testClock, log: () => undefined };
const pick = <T>(from: readonly T[], n: number): T => from[n % from.length] as T;

/** Three days with quiet hours and a burst, and values of every rarity. */
const make = idMaker();
const all = Array.from({ length: 1_500 }, (_, i) => {
  const at = START + (i < 500 ? i * 100_000 : i < 1_000 ? 6e7 + i * 3 : 6e7 + (i - 900) * 150_000);
  return sample({
    id: make(at),
    at,
    axes: { model: pick(['a', 'b'], i >> 4) },
    attempts: i % 50 === 7 ? [{ outcome: 'error' }, { provider: 'other', model: 'm-2' }] : [{}],
    exchange: {
      route: i === 13 ? 'rare' : pick(['chat', 'support', 'code'], i),
      source: i % 400 === 3 ? 'eval' : 'gateway',
      outcome: i % 31 === 4 ? pick(OUTCOMES, i >> 5) : 'complete',
      who: {
        key: pick(['k1', 'k2'], i),
        ...(i % 3 && { user: `u${i % 90}` }),
        ...(i % 5 && { feature: 'f' }),
      },
      place: { ...(i % 2 && { task: `t${i >> 4}` }), thread: `th${i % 300}` },
      timing: { queued: 0, total: (i * 7919) % 10_000, overhead: 0.5 },
      cost: { microUsd: (i * 31) % 977, state: 'exact' },
      observed: { model: pick(['x-1', 'x-2'], i >> 6) },
    },
  });
});

beforeAll(async () => {
  made = await freshDatabase();
  store = openStore({ url: made.url, ...options });
  database = connect({ url: made.url, connections: 2, ...options });
  await store.upkeep.migrate();
  for (let i = 0; i < all.length; i += 300) await store.write(all.slice(i, i + 300));
}, 60_000);
afterAll(async () => {
  await database.close();
  await store.close();
  await made.drop();
});

/** What a filter means, said without SQL. */
function matches(filter: ExchangeFilter, { exchange: e }: (typeof all)[number]): boolean {
  const last = e.attempts.at(-1);
  const same = (wanted: unknown, value: unknown) => wanted === undefined || wanted === value;
  return (
    e.at >= (filter.from ?? 0) &&
    e.at < (filter.to ?? Number.POSITIVE_INFINITY) &&
    same(filter.route, e.route) &&
    same(filter.provider, last?.provider) &&
    (filter.model === undefined || [e.ask.model, last?.model, e.observed.model].includes(filter.model)) &&
    (filter.outcome === undefined ||
      (filter.outcome === 'good'
        ? isGood(e.outcome)
        : filter.outcome === 'bad'
          ? !isGood(e.outcome)
          : filter.outcome === e.outcome)) &&
    same(filter.key, e.who.key) &&
    same(filter.user, e.who.user) &&
    same(filter.feature, e.who.feature) &&
    same(filter.task, e.place.task) &&
    same(filter.thread, e.place.thread) &&
    same(filter.release, e.release) &&
    same(filter.source, e.source) &&
    e.attempts.length >= (filter.attempts ?? 0) &&
    e.timing.total >= (filter.slower ?? 0) &&
    e.cost.microUsd >= (filter.dearer ?? 0)
  );
}

const filters: fc.Arbitrary<ExchangeFilter> = fc.record(
  {
    from: fc.integer({ min: START - 1e6, max: START + 2e8 }),
    to: fc.integer({ min: START - 1e6, max: START + 2e8 }),
    route: fc.constantFrom('chat', 'support', 'rare', 'none'),
    provider: fc.constantFrom('sim', 'other', 'none'),
    model: fc.constantFrom('m', 'm-2', 'x-1', 'none'),
    outcome: fc.constantFrom('good', 'bad', ...OUTCOMES),
    key: fc.constantFrom('k1', 'none'),
    user: fc.constantFrom('u1', 'u50', 'none'),
    feature: fc.constantFrom('f', 'none'),
    task: fc.constantFrom('t1', 't40', 'none'),
    thread: fc.constantFrom('th7', 'none'),
    release: fc.constantFrom<string>(releaseOf({ model: 'a' }), 'not a hash'),
    source: fc.constantFrom('eval', 'gateway', 'none'),
    attempts: fc.integer({ min: 0, max: 3 }),
    slower: fc.integer({ min: 0, max: 11_000 }),
    dearer: fc.integer({ min: 0, max: 1_000 }),
  },
  { requiredKeys: [] },
);
/** Few conditions at once, so that most filters let something through. */
const fewFilters = fc
  .tuple(filters, fc.integer({ min: 0, max: 3 }), fc.nat())
  .map(([filter, n, turn]): ExchangeFilter => {
    const entries = Object.entries(filter);
    return Object.fromEntries([...entries.slice(turn % 16), ...entries.slice(0, turn % 16)].slice(0, n));
  });

test('pages of any filter, walked to the end, are exactly what the filter means, newest first', async () => {
  const newestFirst = all.toSorted(
    (a, b) => b.exchange.at - a.exchange.at || (a.exchange.id < b.exchange.id ? 1 : -1),
  );
  await fc.assert(
    fc.asyncProperty(
      fewFilters,
      fc.integer({ min: 20, max: 500 }),
      fc.record({
        walk: fc.integer({ min: 1, max: 300 }),
        stretch: fc.integer({ min: 1, max: 300 }),
        patience: fc.constantFrom(0, 150),
      }),
      async (filter, limit, tuning) => {
        const found: string[] = [];
        let cursor: string | undefined;
        for (let pages = 0; pages < 2_000; pages++) {
          const page = await listExchanges(
            { database, clock: testClock },
            filter,
            { limit, ...(cursor && { cursor }) },
            tuning,
          );
          expect(page.rows.length).toBeLessThanOrEqual(limit);
          found.push(...page.rows.map((row) => row.id));
          cursor = page.next;
          if (cursor === undefined) break;
          if (page.rows.length < limit) expect(page.searched).toBeGreaterThan(filter.from ?? 0);
        }
        const expected = newestFirst
          .filter((one) => matches(filter, one))
          .map((one) => String(one.exchange.id));
        expect(found).toEqual(expected);
      },
    ),
    { numRuns: 60, seed: 7 },
  );
}, 60_000);

test('a search that takes its time says how far back it has come, and goes on from there', async () => {
  const slow = { monotonic: () => (slow.now += 100), now: 0 };
  const wanted = { route: 'rare' };
  const tuning = { walk: 10, stretch: 60, patience: 150 };
  const first = await listExchanges({ database, clock: slow }, wanted, { limit: 5 }, tuning);
  expect(first.rows).toEqual([]);
  expect(first.searched).toBeGreaterThan(all[13]!.exchange.at);
  let page = first;
  let pages = 1;
  for (; page.rows.length === 0 && page.next !== undefined; pages++)
    page = await listExchanges(
      { database, clock: slow },
      wanted,
      { limit: 5, cursor: page.next as string },
      tuning,
    );
  expect(page.rows.map((row) => row.route)).toEqual(['rare']);
  expect(pages).toBeGreaterThan(3);
});

test('neighbours are of the same task, else of the same thread, else what the key asked before', async () => {
  const odd = all[101]!.exchange;
  const rows = (await store.exchanges.neighbours(odd.id, { limit: 500 })).rows;
  expect(rows.map((row) => row.id)).toContain(odd.id);
  expect(rows.every((row) => row.task === odd.place.task)).toBe(true);
  const even = all[102]!.exchange;
  const byThread = (await store.exchanges.neighbours(even.id, { limit: 500 })).rows;
  expect(byThread.length).toBe(5);
  expect(byThread.every((row) => row.thread === even.place.thread)).toBe(true);
});

test('slower than the column can hold is nothing, and slower than it can tell from zero is everything', async () => {
  const found = async (slower: number) => (await store.exchanges.list({ slower }, { limit: 5 })).rows.length;
  expect(await found(1e39)).toBe(0);
  expect(await found(1e-60)).toBe(5);
});

test('a cursor of another making is refused with a reason', async () => {
  await expect(store.exchanges.list({}, { limit: 5, cursor: 'bm9uZQ' })).rejects.toThrow(/cursor/);
});
