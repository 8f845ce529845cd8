import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { KeyRecord, Store } from '#contracts';
import { freshDatabase } from './embedded/testing.ts';
import { openStore } from './index.ts';
import { testClock } from './testing.ts';

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

const key = (id: string, more: Partial<KeyRecord> = {}): KeyRecord => ({
  id,
  name: `name of ${id}`,
  hash: id.padEnd(64, '0'),
  createdAt: 1_000.5,
  hint: 'mw_ab12…',
  ...more,
});

test('keys come back as they were made, and the version grows with each change but not with use', async () => {
  const { keys } = store;
  const start = await keys.version();
  const full = key('k2', {
    owner: 'Ann "the" {owner}',
    routes: ['chat', 'a,b', '{"x"}', 'NULL'],
    tenant: 't',
    expiresAt: 2_000,
  });
  await keys.create(key('k1'));
  await keys.create(full);
  expect(await keys.all()).toEqual([key('k1'), full]);
  expect(await keys.version()).toBe(start + 2);
  await keys.touched(
    new Map([
      ['k1', 5_000],
      ['gone', 1],
    ]),
  );
  await keys.touched(new Map([['k1', 4_000]]));
  expect((await keys.all())[0]?.lastUsedAt).toBe(5_000);
  expect(await keys.version()).toBe(start + 2);
  expect(await keys.revoke('k1', 6_000)).toBe(true);
  expect(await keys.revoke('k1', 7_000)).toBe(true);
  expect(await keys.revoke('nobody', 7_000)).toBe(false);
  expect((await keys.all())[0]?.revokedAt).toBe(6_000);
  expect(await keys.version()).toBeGreaterThan(start + 2);
});

test('the same hash cannot belong to two keys', async () => {
  await expect(store.keys.create({ ...key('k3'), hash: key('k1').hash })).rejects.toThrow(/unique/);
});

test('the first admin token wins, and replacing it ends every session', async () => {
  const { admin } = store;
  expect(await admin.tokenHash()).toBeUndefined();
  expect(await Promise.all([admin.setTokenHash('a'), admin.setTokenHash('b')])).toContain(true);
  const first = await admin.tokenHash();
  expect(await admin.setTokenHash('c')).toBe(false);
  expect(await admin.tokenHash()).toBe(first!);
  await admin.createSession({ hash: 's', role: 'admin', name: 'Ann', expiresAt: 100 });
  expect(await admin.session('s', 99)).toEqual({ role: 'admin', name: 'Ann' });
  expect(await admin.session('s', 100)).toBeUndefined();
  await admin.replaceTokenHash('d');
  expect(await admin.tokenHash()).toBe('d');
  expect(await admin.session('s', 99)).toBeUndefined();
  await admin.createSession({ hash: 's2', role: 'viewer', name: 'Bob', expiresAt: 100 });
  await admin.endSession('s2');
  expect(await admin.session('s2', 1)).toBeUndefined();
});

test('audit takes any detail', async () => {
  await store.admin.audit({ at: 1, who: 'Ann', what: 'key.create', subject: 'k1', detail: { a: ['\0', 1] } });
  await store.admin.audit({ at: 2, who: 'Ann\0', what: 'login' });
});
