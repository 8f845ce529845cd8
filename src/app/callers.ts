import type { Clock, Incoming, KeyRing } from '#contracts';
import { credentialOf } from '#gateway';
import { sha256 } from '#kernel';

/** Of a caller that needs no key: from this machine, while none exists. */
export const NO_KEY = '';

/** The id of the key with which a caller comes in; undefined for one who may not. The refusal itself is the gateway's. */
export const callers =
  (keys: KeyRing, clock: Clock) =>
  ({ headers, peer }: Pick<Incoming, 'headers' | 'peer'>): string | undefined => {
    if (keys.empty) return peer.loopback ? NO_KEY : undefined;
    const credential = credentialOf(headers['x-api-key'], headers.authorization);
    const record = credential === undefined ? undefined : keys.find(sha256(credential));
    if (!record || record.revokedAt !== undefined) return undefined;
    return (record.expiresAt ?? Number.POSITIVE_INFINITY) > clock.now() ? record.id : undefined;
  };
