import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { DigestedExchange, Store } from '#contracts';
import { freshDatabase } from './embedded/testing.ts';
import { openStore } from './index.ts';
import { MOST_SLICES } from './slices.ts';
import { idMaker, START, sample, testClock } from './testing.ts';

let made: Awaited<ReturnType<typeof freshDatabase>>;
let store: Store;
beforeAll(async () => {
  made = await freshDatabase();
  store = openStore({ url: made.url, clock: testClock, log: () => undefined });
  await store.upkeep.migrate();
}, 60_000);
afterAll(async () => {
  await store.close();
  await made.drop();
});

const HOUR = 3_600_000;
const make = idMaker(9);
const one = (at: number, who: { tenant?: string; feature?: string }, route = 'chat'): DigestedExchange =>
  sample({ id: make(at), at, exchange: { who, route } });

const TENANTS = ['acme', 'globex', undefined];
const FEATURES = ['search', undefined];
/** Every combination, over three days, on two routes. */
const all = Array.from({ length: 300 }, (_, i) => {
  const [tenant, feature] = [TENANTS[i % 3], FEATURES[(i >> 1) % 2]];
  return one(
    START + i * 13 * 60_000,
    { ...(tenant && { tenant }), ...(feature && { feature }) },
    i % 5 === 0 ? 'support' : 'chat',
  );
});
const range = { from: START, to: START + 70 * HOUR, step: HOUR };

test('what Watch says of a tenant, a feature, both, and a route of them is what the list says', async () => {
  // In two parts and one of them twice: a batch that comes again adds nothing.
  await store.write(all.slice(0, 150));
  await store.write(all.slice(100));
  for (const tenant of [undefined, 'acme', 'globex', 'nobody'])
    for (const feature of [undefined, 'search'])
      for (const route of [undefined, 'support']) {
        const filter = { ...(tenant && { tenant }), ...(feature && { feature }), ...(route && { route }) };
        const { rows } = await store.exchanges.list({ ...filter, ...range }, { limit: 500 });
        const window = await store.rollups.window({ ...range, ...filter });
        expect(window.totals.exchanges).toBe(rows.length);
        expect(window.totals.microUsd).toBe(rows.reduce((sum, row) => sum + row.microUsd, 0));
        expect(window.points.reduce((sum, point) => sum + point.exchanges, 0)).toBe(rows.length);
        expect(window.byRoute.reduce((sum, each) => sum + each.exchanges, 0)).toBe(rows.length);
      }
});

test('a caller who makes up a tenant a call fills its hour and no more, and a missing one is not called empty', async () => {
  const at = START + 100 * HOUR;
  const flood = Array.from({ length: MOST_SLICES + 50 }, (_, i) => one(at + i, { tenant: `t${i}` }));
  await store.write(flood);
  const window = (tenant: string) =>
    store.rollups.window({ from: at, to: at + HOUR, step: HOUR, tenant }).then((w) => w.totals.exchanges);
  expect(await window('t0')).toBe(1);
  await expect(window(`t${MOST_SLICES + 1}`)).rejects.toThrow(RangeError);
  // Whoever is counted goes on being counted, and the next hour has room again.
  await store.write([one(at + 2_000, { tenant: 't0' }), one(at + HOUR, { tenant: 'late' })]);
  expect(await window('t0')).toBe(2);
  expect(
    (await store.rollups.window({ from: at + HOUR, to: at + 2 * HOUR, step: HOUR, tenant: 'late' })).totals
      .exchanges,
  ).toBe(1);
});
