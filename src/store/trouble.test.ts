import { afterAll, beforeAll, expect, test } from 'bun:test';
import { type ExchangeFilter, OUTCOMES, type Store } from '#contracts';
import { connect, type Database } from './connection.ts';
import { DAY_MS } from './day.ts';
import { freshDatabase } from './embedded/testing.ts';
import { openStore } from './index.ts';
import { sql } from './migrations/0014-trouble.ts';
import { idMaker, START, sample, testClock } from './testing.ts';
import { indexDays, listTrouble, troubleIndexed, troubleOf } from './trouble.ts';

let made: Awaited<ReturnType<typeof freshDatabase>>;
let store: Store;
let database: Database;

const options = { clock: testClock, log: () => undefined };
const make = idMaker();
const day = (n: number) =>
  Array.from({ length: 2_000 }, (_, i) => {
    const at = START + n * DAY_MS + i * 10_000;
    return sample({
      id: make(at),
      at,
      attempts: i % 50 === 7 ? [{ outcome: 'error' }, { model: 'm-2' }] : [{}],
      exchange: {
        route: i % 7 ? 'chat' : 'rare',
        outcome: i % 25 === 4 ? (OUTCOMES[(i >> 3) % OUTCOMES.length] ?? 'complete') : 'complete',
        who: { key: `k${i % 3}` },
        observed: { model: i % 4 ? 'x-1' : 'x-2' },
      },
    });
  });

const FILTERS: readonly ExchangeFilter[] = [
  { outcome: 'bad' },
  { outcome: 'content_filter' },
  { outcome: 'bad', route: 'rare', key: 'k1' },
  { outcome: 'bad', model: 'x-2' },
  { attempts: 2 },
  { attempts: 2, outcome: 'good', model: 'm-2' },
];
const found = async () =>
  Promise.all(
    FILTERS.map(async (filter) =>
      (await store.exchanges.list(filter, { limit: 500 })).rows.map((row) => row.id),
    ),
  );

beforeAll(async () => {
  made = await freshDatabase();
  store = openStore({ url: made.url, ...options });
  database = connect({ url: made.url, connections: 2, ...options });
  await store.upkeep.migrate();
}, 60_000);
afterAll(async () => {
  await database.close();
  await store.close();
  await made.drop();
});

test('days from before the index get their part later; pages are the same before, half-way and after', async () => {
  await database.script('drop index exchanges_trouble');
  await store.write(day(0));
  await store.write(day(1));
  await database.script(sql);
  const before = await found();
  expect(before.map((ids) => ids.length > 0)).toEqual(FILTERS.map(() => true));
  expect(await troubleIndexed(database)).toBe(false);
  // A day that begins meanwhile has its part from its first row on.
  await store.write(day(2));
  const meanwhile = await found();
  expect(await indexDays(database)).toBe(2);
  expect(await troubleIndexed(database)).toBe(true);
  expect(await indexDays(database)).toBe(0);
  expect(await found()).toEqual(meanwhile);
  expect(meanwhile.map((ids, i) => ids.slice(-(before[i]?.length ?? 0)))).toEqual(before);
});

test('the index is what answers, with every name of the filter looked up in it', async () => {
  const filter: ExchangeFilter = { outcome: 'bad', route: 'rare' };
  await database.script('analyze exchanges');
  const plan: string[] = [];
  const spy: Database = {
    ...database,
    transaction: (work, deadline) =>
      database.transaction(
        (tx) =>
          work({
            ...tx,
            query: async <R extends object>(text: string, params?: readonly unknown[]) => {
              const rows = await tx.query<{ 'QUERY PLAN': string }>(`explain ${text}`, params);
              plan.push(...rows.map((row) => row['QUERY PLAN']));
              return rows as unknown as R[];
            },
          }),
        deadline,
      ),
  };
  const end = { at: 1e15, id: '00000000-0000-0000-0000-000000000000' };
  await listTrouble(spy, 'at, id', troubleOf(filter) ?? [], filter, 0, end, 10);
  const scans = plan.filter((line) => line.includes(' Scan ') && line.includes('exchanges'));
  expect(scans).toHaveLength(3);
  // Postgres names the part of a day that came later by its columns.
  expect(scans.every((line) => /_trouble|_outcome_at_id_hashtext/.test(line))).toBe(true);
  expect(plan.filter((line) => /Index Cond:.*hashtext\(route\)/.test(line))).toHaveLength(3);
});

test('what may be found among the good at once goes another way', () => {
  expect(troubleOf({})).toBeUndefined();
  expect(troubleOf({ outcome: 'good' })).toBeUndefined();
  expect(troubleOf({ outcome: 'tool', attempts: 1 })).toBeUndefined();
  expect(troubleOf({ outcome: 'cut' })).toEqual([9]);
  expect(troubleOf({ outcome: 'good', attempts: 2 })).toEqual([0, 1]);
});
