import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { Store } from '#contracts';
import { sha256 } from '#kernel';
import { freshDatabase } from './embedded/testing.ts';
import { openStore } from './index.ts';
import { idMaker, START, sample, testClock } from './testing.ts';

let made: Awaited<ReturnType<typeof freshDatabase>>;
let store: Store;
const DAY = 86_400_000;
const make = idMaker(4);

beforeAll(async () => {
  made = await freshDatabase();
  store = openStore({ url: made.url, clock: testClock, log: () => undefined });
  await store.upkeep.migrate();
}, 60_000);
afterAll(async () => {
  await store.close();
  await made.drop();
});

/** One exchange on each of ten days. */
const all = Array.from({ length: 10 }, (_, day) => {
  const at = START + day * DAY;
  return sample({
    id: make(at),
    at,
    messages: [`{"day":${day},"pad":"${sha256(String(day)).repeat(100)}"}`],
    answer: '{}',
  });
});
const limits = {
  now: START + 9 * DAY,
  exchangesMs: 400 * DAY,
  bodiesMs: 400 * DAY,
  rollupsMs: 400 * DAY,
  diskBytes: 1e12,
};
const days = async (table: string) =>
  ((await store.upkeep.describe()).partitions ?? []).filter((p) => p.table === table).map((p) => p.day);
const bodiesOf = (i: number) => store.exchanges.askBodies(all[i]!.exchange.at, all[i]!.exchange.askRecord!);

test('the coming day is prepared, and within the limits nothing is dropped', async () => {
  await store.write(all);
  expect(await store.upkeep.enforce(limits)).toEqual([]);
  expect(await days('exchanges')).toContain('2026-01-15');
  const described = await store.upkeep.describe();
  expect(described.exchanges).toBe(10);
  expect(described.oldestDay).toBe('2026-01-05');
  expect(described.bytes).toBeGreaterThan(1e6);
  expect(described.version).toMatch(/^\d+\.\d+/);
});

test('retention drops whole days, bodies sooner than facts, and says which', async () => {
  const said = await store.upkeep.enforce({ ...limits, bodiesMs: 5 * DAY, exchangesMs: 7 * DAY });
  expect(said.some((line) => line.startsWith('bodies of 2026-01-05'))).toBe(true);
  expect((await days('exchanges'))[0]).toBe('2026-01-07');
  expect((await days('bodies'))[0]).toBe('2026-01-09');
  expect(await store.exchanges.get(all[0]!.exchange.id)).toBeUndefined();
  expect(await store.exchanges.get(all[2]!.exchange.id)).toBeDefined();
  expect(await bodiesOf(3)).toBeUndefined();
  expect(await bodiesOf(4)).toBeDefined();
  // The long view outlives what it was counted from.
  const window = await store.rollups.window({ from: START - DAY, to: START + 10 * DAY, step: DAY });
  expect(window.totals.exchanges).toBe(10);
});

test('over the disk budget the oldest go first, all bodies before any fact, and today’s facts never', async () => {
  const before = (await store.upkeep.describe()).bytes ?? 0;
  const some = await store.upkeep.enforce({ ...limits, diskBytes: before - 1 });
  expect(some.length).toBeGreaterThan(0);
  expect(some.every((line) => /^(bodies|links) of 2026-01-09/.test(line))).toBe(true);
  await store.upkeep.enforce({ ...limits, diskBytes: 1 });
  // What retention took in its time is not counted, what the budget took is, to the last exchange.
  const { dropped } = await store.upkeep.describe();
  expect(dropped?.exchanges).toBe(7);
  expect(dropped?.days.filter((d) => d.table === 'exchanges').map((d) => [d.day, d.exchanges])).toEqual(
    ['13', '12', '11', '10', '09', '08', '07'].map((day) => [`2026-01-${day}`, 1]),
  );
  expect(await bodiesOf(9)).toBeUndefined();
  expect(await store.exchanges.get(all[8]!.exchange.id)).toBeUndefined();
  expect(await store.exchanges.get(all[9]!.exchange.id)).toBeDefined();
  const today = START + 9 * DAY + 1_000;
  const next = sample({ id: make(today), at: today, messages: ['{"after":"the drop"}'], answer: '{}' });
  expect((await store.write([next, ...all.slice(9)])).inserted).toBe(1);
  expect(await store.exchanges.askBodies(today, next.exchange.askRecord!)).toBeDefined();
});
