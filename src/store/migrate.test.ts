import { expect, test } from 'bun:test';
import { SQL } from 'bun';
import { freshDatabase } from './embedded/testing.ts';
import { openStore, SCHEMA_VERSION, SchemaTooNew } from './index.ts';
import { testClock } from './testing.ts';

const open = (url: string) => openStore({ url, clock: testClock, log: () => undefined });

test('processes that boot at once migrate one after the other, and only the first does the work', async () => {
  const database = await freshDatabase();
  const stores = [1, 2, 3, 4].map(() => open(database.url));
  const results = await Promise.all(stores.map((store) => store.upkeep.migrate()));
  expect(results.map((result) => result.from).sort()).toEqual([0, ...Array(3).fill(SCHEMA_VERSION)]);
  expect(results.every((result) => result.to === SCHEMA_VERSION)).toBe(true);
  await Promise.all(stores.map((store) => store.close()));
  await database.drop();
}, 60_000);

test('a database of a newer Midwatch is refused and left as it is', async () => {
  const database = await freshDatabase();
  const store = open(database.url);
  await store.upkeep.migrate();
  const sql = new SQL(database.url, { max: 1 });
  await sql`update midwatch_schema set version = ${SCHEMA_VERSION + 1}`;
  await expect(store.upkeep.migrate()).rejects.toBeInstanceOf(SchemaTooNew);
  expect((await sql`select version from midwatch_schema`)[0].version).toBe(SCHEMA_VERSION + 1);
  await sql.close();
  await store.close();
  await database.drop();
}, 60_000);
