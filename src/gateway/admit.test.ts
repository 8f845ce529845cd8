import { expect, test } from 'bun:test';
import type { KeyRecord, KeyRing } from '#contracts';
import { sha256, virtualClock } from '#kernel';
import { createAdmission } from './admit.ts';

const NEAR = { address: '127.0.0.1', loopback: true };
const KEY: KeyRecord = { id: 'k', name: 'app', hash: sha256('mw_good'), createdAt: 0, hint: 'mw_g' };

const ring = (known: boolean, records: readonly KeyRecord[]): KeyRing => ({
  known,
  empty: known && records.length === 0,
  find: (hash) => records.find((record) => record.hash === hash),
});
const admit = (keys: KeyRing, credential?: string) =>
  createAdmission(keys, virtualClock()).admit(credential ? { credential } : {}, NEAR);

test('before the keys are known nobody is told that his key is wrong', () => {
  for (const credential of [undefined, 'mw_good']) {
    const said = admit(ring(false, []), credential);
    expect(said.ok ? undefined : said.error).toMatchObject({ kind: 'starting', retryable: true });
  }
});

test('once they are known, a loopback caller needs none where none exists, and a wrong one is refused', () => {
  expect(admit(ring(true, []))).toEqual({ ok: true, value: undefined });
  expect(admit(ring(true, [KEY]), 'mw_good')).toEqual({ ok: true, value: KEY });
  const wrong = admit(ring(true, [KEY]), 'mw_bad');
  expect(wrong.ok ? undefined : wrong.error.kind).toBe('unauthorized');
});
