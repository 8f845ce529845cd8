import type { Clock, Failure, KeyRecord, KeyRing, Peer, Result } from '#contracts';
import { err, ok } from '#contracts';
import { sha256 } from '#kernel';
import { seen } from './failures.ts';

/** What a caller shows; its hash is kept beside it, since a connection shows the same again and again. */
export interface Credential {
  readonly credential?: string;
  hash?: string;
}

export interface Admission {
  /** The key of a caller, undefined for a loopback caller while no key exists. */
  admit(said: Credential, peer: Peer): Result<KeyRecord | undefined>;
  readonly failures: number;
}

/** Wrong keys an address may show within a minute, to all threads together; guessing 190 bits is hopeless, hammering the hash is not. */
const FAILURES_PER_MINUTE = 20;
const MINUTE = 60_000;

/**
 * Looks a presented key up by its SHA-256. The map is keyed by hash, so timing tells an attacker something about hashes,
 * which he cannot choose, and nothing about keys: constant time where it matters.
 */
export function createAdmission(keys: KeyRing, clock: Clock, threads = 1): Admission {
  const most = Math.ceil(FAILURES_PER_MINUTE / threads);
  const recent = new Map<string, { from: number; count: number }>();
  let failures = 0;

  const refused = (peer: Peer, hint: string): Result<never> => {
    failures++;
    const now = clock.monotonic();
    const seen = recent.get(peer.address);
    if (!seen || now - seen.from > MINUTE) {
      if (recent.size > 10_000) recent.clear();
      recent.set(peer.address, { from: now, count: 1 });
    } else seen.count++;
    return err(failure('unauthorized', hint));
  };
  const throttled = (peer: Peer): Failure | undefined => {
    const seen = recent.get(peer.address);
    const now = clock.monotonic();
    if (!seen || seen.count < most || now - seen.from > MINUTE) return undefined;
    const after = Math.ceil(MINUTE - (now - seen.from));
    return {
      kind: 'rate_limited',
      origin: 'midwatch',
      retryable: false,
      after,
      hint: `Too many requests with a wrong key from this address; wait ${Math.ceil(after / 1000)} s and send a valid mw_ key.`,
    };
  };

  return {
    get failures() {
      return failures;
    },
    admit(said, peer) {
      const { credential } = said;
      // A 401 would tell every caller with a good key, and every one that needs none, to give up for good.
      if (keys.known === false) return err(seen('starting'));
      if (keys.empty) {
        if (peer.loopback) return ok(undefined);
        return err(
          failure('unauthorized', 'No Midwatch key exists yet; create one with `midwatch keys create`.'),
        );
      }
      said.hash ??= credential && sha256(credential);
      const record = said.hash ? keys.find(said.hash) : undefined;
      // A valid key is let in before throttling is looked at: a neighbour's mistakes must not lock out a good caller.
      if (
        record &&
        record.revokedAt === undefined &&
        (record.expiresAt ?? Number.POSITIVE_INFINITY) > clock.now()
      )
        return ok(record);
      const limit = throttled(peer);
      if (limit) {
        failures++;
        return err(limit);
      }
      if (!credential)
        return refused(peer, 'Send a Midwatch key as `Authorization: Bearer mw_…` or `x-api-key: mw_…`.');
      if (!record)
        return refused(
          peer,
          'This is not a Midwatch key; create one with `midwatch keys create` and send it in place of the provider key.',
        );
      if (record.revokedAt !== undefined)
        return refused(peer, `The key "${record.name}" was revoked; ask its owner for a new one.`);
      return refused(
        peer,
        `The key "${record.name}" has expired; create a new one with \`midwatch keys create\`.`,
      );
    },
  };
}

const failure = (kind: 'unauthorized', hint: string): Failure => ({
  kind,
  origin: 'client',
  retryable: false,
  hint,
});
