import { afterEach, expect, test } from 'bun:test';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { SQL } from 'bun';
import { type Clock, type Store, StoreUnavailable } from '#contracts';
import { virtualClock } from '#kernel';
import { freshDatabase, sharedTestCluster } from './embedded/testing.ts';
import { openStore } from './index.ts';
import { idMaker, START, sample, testClock } from './testing.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

/** A cable to the database that can be cut, unplugged (open, but nothing comes through) and mended. */
async function cable(url: string) {
  const { hostname: host, port } = new URL(url);
  let state: 'up' | 'silent' | 'cut' = 'up';
  const ends = new Set<Socket>();
  const server = createServer((near) => {
    const far = createConnection({ host, port: Number(port) });
    for (const [end, other] of [
      [near, far],
      [far, near],
    ] as const) {
      ends.add(end);
      end.on('data', (data) => void (state === 'up' && other.write(data)));
      end.on('close', () => {
        ends.delete(end);
        other.destroy();
      });
      // A reset is what this test is about; the close that follows says all.
      end.on('error', () => end.destroy());
    }
    if (state === 'cut') near.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    for (const end of ends) end.destroy();
  };
  cleanups.push(() => {
    cut();
    server.close();
  });
  const target = new URL(url);
  target.hostname = '127.0.0.1';
  target.port = String((server.address() as AddressInfo).port);
  return {
    url: target.href,
    set(next: typeof state) {
      state = next;
      if (next === 'cut') cut();
    },
  };
}

async function setUp(clock: Clock = testClock) {
  const database = await freshDatabase();
  cleanups.push(() => database.drop());
  const wire = await cable(database.url);
  const store = openStore({ url: wire.url, clock, log: () => undefined });
  cleanups.push(() => store.close());
  await store.upkeep.migrate();
  return { store, wire };
}

const everyCall = (store: Store): Promise<unknown>[] => [
  store.upkeep.ping(),
  store.write([sample({ id: idMaker(9)(START), at: START })]),
  store.exchanges.list({}, { limit: 5 }),
  store.keys.all(),
  store.rollups.window({ from: START, to: START + 60_000, step: 60_000 }),
];

async function allUnavailable(store: Store) {
  for (const result of await Promise.allSettled(everyCall(store)))
    expect(result.status === 'rejected' && result.reason).toBeInstanceOf(StoreUnavailable);
}

test('nobody listens: every call is refused at once', async () => {
  const store = openStore({
    url: 'postgres://nobody@127.0.0.1:5849/none',
    clock: testClock,
    log: () => undefined,
  });
  await allUnavailable(store);
  await store.close();
});

test('the line is cut under a batch: it is refused whole, and goes in once when the line is back', async () => {
  const { store, wire } = await setUp();
  const make = idMaker();
  const batch = Array.from({ length: 500 }, (_, i) =>
    sample({ id: make(START + i), at: START + i, messages: ['{"role":"user"}', `{"n":${i}}`], answer: '{}' }),
  );
  const writing = store.write(batch);
  wire.set('cut');
  await expect(writing).rejects.toBeInstanceOf(StoreUnavailable);
  await allUnavailable(store);
  wire.set('up');
  expect((await store.write(batch)).inserted).toBe(500);
  expect((await store.write(batch)).inserted).toBe(0);
  for (const { exchange } of batch.slice(0, 20)) {
    expect((await store.exchanges.askBodies(exchange.at, exchange.askRecord!))?.messages.length).toBe(2);
    expect(await store.exchanges.answerBodies(exchange.at, exchange.answerRecord!)).toHaveLength(1);
  }
  const window = await store.rollups.window({ from: START, to: START + 60_000, step: 60_000 });
  expect(window.totals.exchanges).toBe(500);
}, 120_000);

test('a database that falls silent is given up within seconds, then at once, and asked anew when it is back', async () => {
  const clock = virtualClock({ settle: 1, start: START });
  const { store, wire } = await setUp(clock);
  wire.set('silent');
  const first = allUnavailable(store);
  await clock.advance(7_000);
  await first;
  const later = allUnavailable(store);
  await clock.advance(1_000);
  await later;
  // What was asked into the silence is lost, and given up.
  await clock.advance(5_000);
  wire.set('up');
  await store.upkeep.ping();
  expect((await store.write([sample({ id: idMaker(3)(START), at: START })])).inserted).toBe(1);
}, 120_000);

/** Somebody else at the same database. */
function stranger(url: string) {
  const sql = new SQL(url, { max: 1 });
  cleanups.push(() => sql.close());
  return sql;
}

test('a table that somebody holds is said to be held, in time, and everything else answers', async () => {
  const database = await freshDatabase();
  cleanups.push(() => database.drop());
  const logged: string[] = [];
  const store = openStore({ url: database.url, clock: testClock, log: (_, event) => logged.push(event) });
  cleanups.push(() => store.close());
  await store.upkeep.migrate();
  await stranger(database.url).begin(async (tx) => {
    await tx`lock table exchanges in access exclusive mode`;
    const listed = store.exchanges.list({}, { limit: 5 });
    // Its own handler: the test must not end before the lock does.
    const refused = listed.then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(await store.keys.all()).toEqual([]);
    const why = await refused;
    expect(why).toBeInstanceOf(StoreUnavailable);
    expect(String(why)).toContain('lock timeout');
    expect(await store.keys.all()).toEqual([]);
  });
  expect((await store.exchanges.list({}, { limit: 5 })).rows).toEqual([]);
  expect(logged).not.toContain('store.silent');
});

test('rights that were taken away are trouble of the database, not of what is written', async () => {
  const database = await freshDatabase();
  const role = `r_${database.name}`;
  const admin = new SQL(database.url, { max: 1 });
  cleanups.push(async () => {
    await database.drop();
    await stranger((await sharedTestCluster()).url).unsafe(`drop role ${role}`);
  });
  await admin.unsafe(`create role ${role} login password 'p'; grant all on schema public to ${role}`);
  const url = Object.assign(new URL(database.url), { username: role, password: 'p' }).href;
  const store = openStore({ url, clock: testClock, log: () => undefined });
  await store.upkeep.migrate();
  const take = async (from: string, to: string) => admin.unsafe(`reassign owned by ${from} to ${to}`);
  await take(role, 'midwatch');
  for (const result of await Promise.allSettled(everyCall(store).slice(1)))
    expect(result).toMatchObject({ reason: { name: 'StoreUnavailable', refused: true } });
  await admin.unsafe(`grant all on all tables in schema public to ${role}`);
  expect(await store.keys.all()).toEqual([]);
  await store.close();
  await admin.close();
});
