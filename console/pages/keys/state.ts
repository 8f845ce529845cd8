import type { KeyView } from '@midwatch/contracts';

export interface KeyState {
  readonly name: 'active' | 'expires' | 'expired' | 'revoked';
  /** The moment the word is about. */
  readonly at?: number;
  /** No caller gets in with it any more. */
  readonly over: boolean;
}

export const keyState = (key: Pick<KeyView, 'expiresAt' | 'revokedAt'>, now: number): KeyState => {
  if (key.revokedAt !== undefined) return { name: 'revoked', at: key.revokedAt, over: true };
  if (key.expiresAt === undefined) return { name: 'active', over: false };
  if (key.expiresAt <= now) return { name: 'expired', at: key.expiresAt, over: true };
  return { name: 'expires', at: key.expiresAt, over: false };
};
