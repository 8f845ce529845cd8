import { expect, setDefaultTimeout, test } from 'bun:test';
import { once } from './database.ts';
import { freshDatabase, sharedTestCluster } from './testing.ts';

setDefaultTimeout(120_000);

test('every fresh database is empty, alone and gone after drop, also when several are made at once', async () => {
  const databases = await Promise.all([freshDatabase(), freshDatabase(), freshDatabase()]);
  expect(new Set(databases.map((database) => database.name)).size).toBe(3);
  for (const { url, name } of databases) {
    const [row] = await once(url, async (sql) => {
      await sql.unsafe('create table mine (n int)');
      return [...(await sql`select current_database() as name, to_regclass('mine') is not null as made`)];
    });
    expect(row).toEqual({ name, made: true });
  }
  const open = new Bun.SQL({ url: databases[0]!.url, max: 1 });
  await open`select 1`;
  await Promise.all(databases.map((database) => database.drop()));
  await open.close();

  const { url } = await sharedTestCluster();
  const left = await once(url, async (sql) => [
    ...(await sql`select datname from pg_database where datname in ${sql(databases.map((database) => database.name))}`),
  ]);
  expect(left).toEqual([]);
});

test('all who ask get the same cluster', async () => {
  const [one, two] = await Promise.all([sharedTestCluster(), sharedTestCluster()]);
  expect(one.url).toBe(two.url);
});
