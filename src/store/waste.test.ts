import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { Store } from '#contracts';
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

const make = idMaker();
const one = (i: number, text: string, who: object, microUsd = 100, more: object = {}) =>
  sample({
    id: make(START + i),
    at: START + i,
    messages: [text],
    exchange: { who, cost: { state: 'exact', microUsd }, ...more },
  });

test('what development paid again is told apart from what it had to ask, and production is left out', async () => {
  const ci = { tenant: 'ci' };
  await store.write([
    one(1, 'a', ci),
    one(2, 'a', ci),
    one(3, 'b', ci),
    one(4, 'a', ci, 250),
    // Replayed: nothing was paid, so nothing was wasted.
    one(5, 'a', ci, 0),
    // Another model is another question.
    one(6, 'a', ci, 100, { ask: { ...one(0, 'a', ci).exchange.ask, model: 'other' } }),
    one(7, 'a', { tenant: 'acme' }),
    one(8, 'a', { tenant: 'acme' }),
    // Asked by nobody.
    one(9, 'a', ci, 100, { source: 'shadow' }),
    one(10, 'b', { key: 'k1' }, 40),
    one(11, 'c', { feature: 'nightly' }, 30),
  ]);
  const window = { from: START, to: START + 1_000 };
  const nobody = { keys: [], tenants: [], features: [], routes: [] };
  expect(await store.waste.read({ ...window, whose: { ...nobody, tenants: ['ci'] } })).toMatchObject([
    { exchanges: 4, microUsd: 550, repeats: 2, repeatsMicroUsd: 350, alike: 2, alikeMicroUsd: 350 },
    { model: 'other', exchanges: 1, microUsd: 100, repeats: 0, repeatsMicroUsd: 0 },
  ]);
  const all = { ...nobody, tenants: ['ci'], keys: ['k1'], features: ['nightly'] };
  const [most] = await store.waste.read({ ...window, whose: all });
  expect(most).toMatchObject({ exchanges: 6, microUsd: 620, repeats: 3, repeatsMicroUsd: 390 });
  expect(await store.waste.read({ ...window, whose: nobody })).toEqual([]);
  expect(await store.waste.read({ from: 0, to: START, whose: all })).toEqual([]);
});
