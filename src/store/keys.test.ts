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

test('a session that exists has its end moved', async () => {
  const { admin } = store;
  const session = { hash: 's3', role: 'viewer', name: 'Bob' } as const;
  await admin.createSession({ ...session, expiresAt: 100 });
  await admin.createSession({ ...session, expiresAt: 200 });
  expect(await admin.session('s3', 150)).toEqual({ role: 'viewer', name: 'Bob' });
});

test('a token is found by its hash, and its sessions end with it', async () => {
  const { tokens, admin } = store;
  const bob = { id: 't1', name: 'Bob', role: 'viewer', hint: 'mwa_ab1…', createdAt: 1 } as const;
  expect(await tokens.create({ ...bob, hash: 'h1' })).toBe(true);
  expect(await tokens.create({ ...bob, id: 't2', hash: 'h2' })).toBe(false);
  expect(await tokens.find('h1')).toEqual(bob);
  expect(await tokens.find('h2')).toBeUndefined();
  await admin.createSession({ hash: 's4', role: 'viewer', name: 'Bob', token: 't1', expiresAt: 100 });
  expect(await admin.session('s4', 50)).toEqual({ role: 'viewer', name: 'Bob', token: 't1' });
  expect(await tokens.revoke('t1', 60)).toEqual({ ...bob, revokedAt: 60 });
  expect((await tokens.revoke('t1', 70))?.revokedAt).toBe(60);
  expect(await tokens.revoke('t9', 70)).toBeUndefined();
  expect(await admin.session('s4', 50)).toBeUndefined();
  // The name is free again, and an expiry ends sessions like a revocation.
  expect(await tokens.create({ ...bob, id: 't3', hash: 'h3', expiresAt: 80 })).toBe(true);
  expect((await tokens.all()).map((token) => token.id)).toEqual(['t1', 't3']);
  await admin.createSession({ hash: 's5', role: 'viewer', name: 'Bob', token: 't3', expiresAt: 100 });
  expect(await admin.session('s5', 79)).toBeDefined();
  expect(await admin.session('s5', 80)).toBeUndefined();
});

test('the audit takes any detail and is read newest first, page by page, by actor, action and subject', async () => {
  const { admin } = store;
  await admin.audit({ at: 1, actor: 'Ann', action: 'key.create', subject: 'k1', detail: { a: ['\0', 1] } });
  await admin.audit({ at: 2, actor: 'Ann\0', action: 'login' });
  // Equal times must not hide one behind the edge of a page.
  for (let i = 0; i < 5; i++) await admin.audit({ at: 3, actor: 'Bob', action: 'login', subject: `${i}` });
  const pages: string[][] = [];
  for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
    const page = await admin.audited({}, { limit: 3, ...(cursor !== undefined && { cursor }) });
    pages.push(page.rows.map((row) => `${row.at}`));
    cursor = page.next;
  }
  expect(pages).toEqual([['3', '3', '3'], ['3', '3', '2'], ['1']]);
  const by = async (filter: Parameters<typeof admin.audited>[0]) =>
    (await admin.audited(filter, { limit: 100 })).rows.length;
  expect(await by({ actor: 'Bob' })).toBe(5);
  expect(await by({ action: 'login' })).toBe(6);
  expect(await by({ subject: 'k1' })).toBe(1);
  expect(await by({ from: 2, to: 3 })).toBe(1);
  expect((await admin.audited({ actor: 'Ann' }, { limit: 1 })).rows[0]?.detail).toEqual({ a: ['\ufffd', 1] });
  await expect(admin.audited({}, { limit: 1, cursor: 'zzz' })).rejects.toThrow(RangeError);
});
