import { expect, test } from 'bun:test';
import { keyState } from './state.ts';

test('a key is over when it was revoked or its time has come, and revocation is said first', () => {
  expect(keyState({}, 100)).toEqual({ name: 'active', over: false });
  expect(keyState({ expiresAt: 101 }, 100)).toEqual({ name: 'expires', at: 101, over: false });
  expect(keyState({ expiresAt: 100 }, 100)).toEqual({ name: 'expired', at: 100, over: true });
  expect(keyState({ expiresAt: 50, revokedAt: 70 }, 100)).toEqual({ name: 'revoked', at: 70, over: true });
});
