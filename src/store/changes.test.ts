import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { Axes, Observed, Store } from '#contracts';
import { MOST_VALUES } from './changes.ts';
import { freshDatabase } from './embedded/testing.ts';
import { openStore } from './index.ts';
import { idMaker, START, sample, testClock } from './testing.ts';

let made: Awaited<ReturnType<typeof freshDatabase>>;
let store: Store;
const open = () => openStore({ url: made.url, clock: testClock, log: () => undefined });

beforeAll(async () => {
  made = await freshDatabase();
  store = open();
  await store.upkeep.migrate();
}, 60_000);
afterAll(async () => {
  await store.close();
  await made.drop();
});

const make = idMaker(8);
const seen = (route: string, second: number, axes: Axes, observed: Observed = {}) => {
  const at = START + second * 1_000;
  return sample({ id: make(at), at, axes, exchange: { route, observed } });
};
const list = async (route: string) =>
  (await store.changes.list({ route }, { limit: 100 })).rows
    .toReversed()
    .map((row) => [(row.at - START) / 1_000, row.subject, row.before, row.value]);

test('the first sight of a value is an event, with what was seen just before it', async () => {
  await store.write([
    seen('r', 0, { model: 'a' }, { fingerprint: 'f1' }),
    seen('r', 1, { model: 'a', prompt: 'p1' }, { fingerprint: 'f1' }),
    seen('r', 2, { model: 'b', prompt: 'p1' }, { fingerprint: 'f2' }),
    seen('r', 3, { model: 'a', prompt: 'p1' }, { fingerprint: 'f2' }),
  ]);
  await store.write([seen('r', 4, { model: 'c', prompt: 'p2' })]);
  expect(await list('r')).toEqual([
    [0, 'declared.model', undefined, 'a'],
    [0, 'observed.fingerprint', undefined, 'f1'],
    [1, 'declared.prompt', undefined, 'p1'],
    [2, 'declared.model', 'a', 'b'],
    [2, 'observed.fingerprint', 'f1', 'f2'],
    [4, 'declared.model', 'a', 'c'],
    [4, 'declared.prompt', 'p1', 'p2'],
  ]);
});

test('an old value that returns is no event, but it is what came before the next', async () => {
  await store.write([seen('s', 0, { model: 'a' }), seen('s', 1, { model: 'b' })]);
  await store.write([seen('s', 2, { model: 'a' })]);
  const other = open();
  await other.write([seen('s', 3, { model: 'c' })]);
  expect(await list('s')).toEqual([
    [0, 'declared.model', undefined, 'a'],
    [1, 'declared.model', 'a', 'b'],
    [3, 'declared.model', 'a', 'c'],
  ]);
  await other.close();
});

test('writers that see the same new value at once leave one event', async () => {
  const stores = [store, open(), open()];
  await Promise.all(stores.map((one, i) => one.write([seen('t', i, { model: 'x', prompt: 'y' })])));
  expect((await list('t')).map((row) => row[1]).sort()).toEqual(['declared.model', 'declared.prompt']);
  await Promise.all(stores.slice(1).map((one) => one.close()));
});

test('an axis with a new value for every ask stops being told, and others go on', async () => {
  for (let i = 0; i < MOST_VALUES + 600; i += 400)
    await store.write(
      Array.from({ length: 400 }, (_, k) => seen('flood', i + k, { model: 'm', prompt: `p${i + k}` })),
    );
  await store.write([
    seen('flood', 9_000, { model: 'm2', prompt: 'late' }),
    seen('flood', 9_001, { prompt: 'p1' }),
  ]);
  const { rows } = await store.changes.list({ route: 'flood' }, { limit: 500 });
  expect(rows[0]).toMatchObject({ subject: 'declared.model', value: 'm2', before: 'm' });
  let told = 0;
  for (let cursor: string | undefined, more = true; more; ) {
    const page = await store.changes.list({ route: 'flood' }, { limit: 500, ...(cursor && { cursor }) });
    told += page.rows.length;
    cursor = page.next;
    more = cursor !== undefined;
  }
  // A batch is let through or not as a whole.
  expect(told).toBeLessThanOrEqual(MOST_VALUES + 400 + 2);
  expect(told).toBeGreaterThan(MOST_VALUES);
}, 120_000);

test('pages and times', async () => {
  const first = await store.changes.list({ route: 'r' }, { limit: 3 });
  const rest = await store.changes.list({ route: 'r' }, { limit: 10, cursor: first.next! });
  expect([...first.rows, ...rest.rows]).toEqual(
    (await store.changes.list({ route: 'r' }, { limit: 50 })).rows as never,
  );
  expect(rest.next).toBeUndefined();
  const window = await store.changes.list(
    { route: 'r', from: START + 1_000, to: START + 2_000 },
    { limit: 10 },
  );
  expect(window.rows.map((row) => row.value)).toEqual(['p1']);
});
