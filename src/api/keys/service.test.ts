import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { Store } from '#contracts';
import { sha256, systemClock, virtualClock } from '#kernel';
import { openStore } from '#store';
import { startApi, type TestApi } from '../testing.ts';
import { createKeyService, type KeyService } from './service.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());

const quiet = () => undefined;
const noSnapshot = { read: async () => undefined, write: async () => undefined };

/** Waits for `happened` as long as the test lets it; how long it took is the caller's to judge. */
async function until(happened: () => boolean): Promise<void> {
  while (!happened()) await Bun.sleep(10);
}

async function another<T>(use: (keys: KeyService, store: Store) => Promise<T>): Promise<T> {
  const clock = systemClock();
  const store = openStore({ url: api.wire.url, clock, log: quiet, connections: 1 });
  const keys = createKeyService({ store, clock, snapshot: noSnapshot, log: quiet });
  await keys.start();
  try {
    return await use(keys, store);
  } finally {
    await keys.stop();
    await store.close();
  }
}

test('a key made by one process is known to another, and its revocation acts there by itself', async () => {
  await another(async (keys) => {
    expect(keys.empty).toBe(true);
    const { id, key } = await api.keys.create({ name: 'shared' });
    await until(() => keys.find(sha256(key))?.id === id);
    expect(keys.empty).toBe(false);
    await api.keys.revoke(id);
    expect(api.keys.find(sha256(key))?.revokedAt).toBeNumber();
    await until(() => keys.find(sha256(key))?.revokedAt !== undefined);
    expect(keys.find(sha256('mw_unknown'))).toBeUndefined();
  });
});

test('revocation by another process is asked for twice a second', async () => {
  const clock = virtualClock();
  let asked = 0;
  const counting: Store = {
    ...api.store,
    keys: {
      ...api.store.keys,
      version: () => {
        asked++;
        return api.store.keys.version();
      },
    },
  };
  const keys = createKeyService({ store: counting, clock, snapshot: noSnapshot, log: quiet });
  await keys.start();
  for (let i = 0; i < 4; i++) {
    const before = asked;
    await clock.advance(500);
    expect(asked).toBe(before + 1);
    // The poll is real work on a real socket; the next one is skipped while it runs.
    await keys.refresh();
    asked = before + 1;
  }
  await keys.stop();
});

test('the snapshot starts a process without database, with hashes only', async () => {
  const { key, id } = await api.keys.create({ name: 'kept', expiresAt: 4e12, routes: ['support'] });
  expect(api.snapshot.text).toContain(sha256(key));
  expect(api.snapshot.text).not.toContain(key);
  api.wire.cut();
  try {
    const clock = systemClock();
    const store = openStore({ url: api.wire.url, clock, log: quiet });
    const keys = createKeyService({ store, clock, snapshot: api.snapshotFile, log: quiet });
    await keys.start();
    expect(keys.find(sha256(key))).toMatchObject({ id, name: 'kept', routes: ['support'], expiresAt: 4e12 });
    expect([keys.empty, keys.known]).toEqual([false, true]);
    api.wire.mend();
    const { id: later } = await api.keys.create({ name: 'later' });
    await until(() => keys.nameOf(later) === 'later');
    await keys.stop();
    await store.close();
  } finally {
    api.wire.mend();
  }
});

test.each([
  ['no snapshot', undefined],
  ['half a snapshot', '{"format":1,"keys":[{"id":"k"'],
  ['a snapshot of another format', '{"format":2,"keys":[]}'],
])('without database and with %s, nobody is let in', async (_, text) => {
  api.wire.cut();
  try {
    const clock = systemClock();
    const store = openStore({ url: api.wire.url, clock, log: quiet });
    const keys = createKeyService({
      store,
      clock,
      snapshot: { read: async () => text, write: async () => undefined },
      log: quiet,
    });
    await keys.start();
    expect([keys.empty, keys.known]).toEqual([false, false]);
    await expect(keys.list()).rejects.toMatchObject({ name: 'StoreUnavailable' });
    await keys.stop();
    await store.close();
  } finally {
    api.wire.mend();
  }
});

test('last use is shown at once and saved later, but not of a key that is refused', async () => {
  const used = await api.keys.create({ name: 'used' });
  const refused = await api.keys.create({ name: 'refused' });
  await api.keys.revoke(refused.id);
  const before = Date.now();
  api.keys.find(sha256(used.key));
  api.keys.find(sha256(refused.key));
  const listed = async (keys: KeyService, id: string) =>
    (await keys.list()).find((view) => view.id === id)?.lastUsedAt;
  expect(await listed(api.keys, used.id)).toBeGreaterThanOrEqual(before);
  expect(await listed(api.keys, refused.id)).toBeUndefined();
  await api.keys.stop();
  expect(await another((keys) => listed(keys, used.id))).toBeGreaterThanOrEqual(before);
  await api.keys.start();
});
