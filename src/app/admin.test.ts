import { afterAll, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from '#contracts';
import { systemClock } from '#kernel';
import { createAdminHash } from './admin.ts';

const folder = mkdtempSync(join(tmpdir(), 'midwatch-admin-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The one row that the database holds of it. */
function oneRow() {
  let row: string | undefined;
  const admin = {
    tokenHash: async () => row,
    setTokenHash: async (hash: string) => {
      if (row !== undefined) return false;
      row = hash;
      return true;
    },
    replaceTokenHash: async (hash: string) => {
      row = hash;
    },
    audit: async () => {},
  };
  return { admin } as unknown as Store;
}

test('a token that no start has shown is replaced by the next, one that was shown never', async () => {
  const store = oneRow();
  const started = () => createAdminHash(join(folder, 'admin.json'), systemClock(), () => {});
  const killed = await started().settle(store);
  const again = started();
  const shown = await again.settle(store);
  expect(shown).toStartWith('mwa_');
  expect(shown).not.toBe(killed);
  again.told();
  expect(await started().settle(store)).toBeUndefined();
  const hash = started().current();

  // Another house on the same database has nothing to show, and what it finds there is not touched.
  const other = createAdminHash(join(folder, 'other.json'), systemClock(), () => {});
  expect(await other.settle(store)).toBeUndefined();
  expect(other.current()).toBe(hash);

  const lost = started();
  await lost.replace(store);
  expect(await started().settle(store)).toStartWith('mwa_');
});
