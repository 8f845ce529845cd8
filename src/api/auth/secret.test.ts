import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { systemClock } from '#kernel';
import { base62, secret } from './secret.ts';

test('base62 is of fixed width and tells any two values apart', () => {
  const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      expect(base62(a)).toMatch(/^[0-9A-Za-z]{43}$/);
      expect(base62(a) === base62(b)).toBe(Buffer.compare(a, b) === 0);
    }),
  );
  expect(base62(new Uint8Array(32))).toBe('0'.repeat(43));
  expect(base62(new Uint8Array([0, 61]))).toBe('00z');
});

test('a secret carries its prefix and is never given twice', () => {
  const made = Array.from({ length: 1000 }, () => secret(systemClock(), 'mw_'));
  expect(made.every((s) => /^mw_[0-9A-Za-z]{43}$/.test(s))).toBe(true);
  expect(new Set(made).size).toBe(1000);
});
