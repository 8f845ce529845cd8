import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { ExchangeId, Store } from '#contracts';
import { freshDatabase } from './embedded/testing.ts';
import { openStore } from './index.ts';
import { idMaker, START, sample, testClock } from './testing.ts';

let database: Awaited<ReturnType<typeof freshDatabase>>;
let store: Store;

beforeAll(async () => {
  database = await freshDatabase();
  store = openStore({ url: database.url, clock: testClock, log: () => undefined });
  await store.upkeep.migrate();
}, 60_000);
afterAll(async () => {
  await store.close();
  await database.drop();
});

test('what is written can be read: exchange, axes, bodies, list, window, change', async () => {
  const id = idMaker()(START);
  const one = sample({
    id,
    at: START,
    messages: ['{"role":"user","content":"hello"}'],
    answer: '{"role":"assistant"}',
  });
  expect(await store.write([one])).toEqual({ inserted: 1 });
  expect(await store.write([one])).toEqual({ inserted: 0 });
  const read = await store.exchanges.get(id);
  expect(read?.exchange).toEqual(one.exchange);
  expect(read?.axes).toEqual({ model: 'm' });
  const ask = await store.exchanges.askBodies(START, one.exchange.askRecord!);
  expect(ask?.messages.map((body) => Buffer.from(body).toString())).toEqual([
    '{"role":"user","content":"hello"}',
  ]);
  const page = await store.exchanges.list({}, { limit: 10 });
  expect(page.rows.map((row) => row.id)).toEqual([id]);
  const window = await store.rollups.window({ from: START - 60_000, to: START + 60_000, step: 60_000 });
  expect(window.totals.exchanges).toBe(1);
  expect(window.points.length).toBe(2);
  const changes = await store.changes.list({}, { limit: 10 });
  expect(changes.rows.map((row) => row.subject).sort()).toEqual(['declared.model', 'observed.model']);
});

test('an importer may bring ids of its own: they are found whatever they look like', async () => {
  for (const id of [
    '6f1c1d9e-0b7a-4c8e-9d2f-3a4b5c6d7e8f',
    '01a00000-0000-7000-8000-000000000001',
  ] as ExchangeId[]) {
    const one = sample({ id, at: START + 5_000 });
    expect(await store.write([one])).toEqual({ inserted: 1 });
    expect((await store.exchanges.get(id))?.exchange).toEqual(one.exchange);
  }
  expect(await store.exchanges.get('nothing' as ExchangeId)).toBeUndefined();
  expect(await store.exchanges.get('6f1c1d9e-0b7a-4c8e-9d2f-3a4b5c6d7e80' as ExchangeId)).toBeUndefined();
});
