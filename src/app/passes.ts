import type { Clock, KeyRecord, KeyRing } from '#contracts';
import { sha256 } from '#kernel';

/** A credential that lives as long as one execution of a run, and opens what the run's key opens. */
export interface Pass {
  /** Undefined for a run that was asked for while callers needed no key. */
  readonly credential: string | undefined;
  end(): void;
}

export interface Passes {
  /** The keys as the gateway sees them, passes among them. */
  readonly ring: KeyRing;
  issue(key: string | undefined): Pass;
}

const BYTES = 24;

/**
 * A run is carried out long after its caller has gone, by a process that may never have seen the caller's key; to keep the
 * key would be to keep a credential. Revoked or expired meanwhile, the key refuses its runs like any other call: what a
 * pass leads to is looked up each time.
 */
export function createPasses(
  keys: KeyRing & { byId(id: string): KeyRecord | undefined },
  clock: Clock,
): Passes {
  const issued = new Map<string, string>();
  return {
    ring: {
      get empty() {
        return keys.empty;
      },
      get known() {
        return keys.known ?? true;
      },
      find(hash) {
        const key = issued.get(hash);
        return key === undefined ? keys.find(hash) : keys.byId(key);
      },
    },
    issue(key) {
      if (key === undefined) return { credential: undefined, end: () => undefined };
      const credential = `pass_${Buffer.from(clock.randomBytes(BYTES)).toString('base64url')}`;
      const hash = sha256(credential);
      issued.set(hash, key);
      return { credential, end: () => void issued.delete(hash) };
    },
  };
}
