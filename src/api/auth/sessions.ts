import { type Clock, type Log, type Store, StoreUnavailable } from '#contracts';
import { sha256 } from '#kernel';
import type { Person } from './identify.ts';
import { secret } from './secret.ts';

/** A session ends after so long without use. */
export const SESSION_MS = 7 * 86_400_000;
/** An end in another process is noticed within this time; also how long a burst of requests costs one query. */
const TRUST_MS = 1_000;
/** The stored expiry moves at most so often. */
const SLIDE_MS = 3_600_000;
const REMEMBERED = 1_000;

export interface Found {
  readonly me: Person;
  /** The expiry has moved and the cookie should be sent again. */
  readonly renewed: boolean;
}

export interface Sessions {
  /** Returns the secret that goes into the cookie; only its hash is kept. */
  open(me: Person): Promise<string>;
  /** Rejects with `StoreUnavailable` when nobody can say now whether it is one. */
  find(secret: string): Promise<Found | undefined>;
  end(secret: string): Promise<void>;
  /** Asks the database anew about every session that was opened with this token: it has just been revoked. */
  recheck(token: string): void;
}

interface Known {
  readonly me: Person;
  readonly expiresAt: number;
  readonly checkedAt: number;
  readonly slidAt: number;
  /** False while only this process knows it, because the database was away. */
  readonly stored: boolean;
}

/**
 * Console sessions, in the database and in memory. With the database gone, sessions seen by this process go on and new
 * ones live in memory alone: the moment the database fails is the moment somebody wants to log in.
 */
export function createSessions(services: {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  adminHash(): string | undefined;
}): Sessions {
  const { store, clock, log } = services;
  const known = new Map<string, Known>();
  /** Ended while the database was away: refused here, and ended there as soon as it answers. */
  const ended = new Set<string>();
  const checks = new Map<string, Promise<Found | undefined>>();

  // The admin hash is part of the name: replacing the admin token ends every session that was opened with it.
  const nameOf = (value: string) => sha256(`${value}.${services.adminHash() ?? ''}`);

  const remember = (hash: string, entry: Known) => {
    known.delete(hash);
    known.set(hash, entry);
    if (known.size > REMEMBERED) known.delete(known.keys().next().value as string);
  };

  /** Whether the database took it. */
  const drop = async (hash: string): Promise<boolean> => {
    try {
      await store.admin.endSession(hash);
      return true;
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      return false;
    }
  };

  /** Whether the database took it. */
  const keep = async (hash: string, me: Person, expiresAt: number): Promise<boolean> => {
    try {
      await store.admin.createSession({ hash, ...me, expiresAt });
      return true;
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      log('warn', 'session.memory_only', { name: me.name });
      return false;
    }
  };

  const begin = async (hash: string, me: Person): Promise<void> => {
    const now = clock.now();
    const stored = await keep(hash, me, now + SESSION_MS);
    remember(hash, { me, expiresAt: now + SESSION_MS, checkedAt: now, slidAt: now, stored });
  };

  const lookUp = async (hash: string, now: number): Promise<Person | undefined> => {
    try {
      const row = await store.admin.session(hash, now);
      for (const late of ended) if (await drop(late)) ended.delete(late);
      return row;
    } catch (error) {
      const entry = known.get(hash);
      // One that this process never saw may well be good: to call it ended would send a person to the login for a restart.
      if (!entry || !(error instanceof StoreUnavailable)) throw error;
      return entry.me;
    }
  };

  const check = async (hash: string, now: number): Promise<Found | undefined> => {
    const entry = known.get(hash);
    // One that only this process knows is offered to the database again.
    const me = entry && !entry.stored ? entry.me : await lookUp(hash, now);
    if (!me) {
      known.delete(hash);
      return undefined;
    }
    // After a restart the last slide is not known; one more costs two statements.
    if (!entry?.stored || now - entry.slidAt >= SLIDE_MS) {
      await begin(hash, me);
      return { me, renewed: true };
    }
    remember(hash, { ...entry, checkedAt: now });
    return { me, renewed: false };
  };

  return {
    async open(me) {
      const value = secret(clock, 'mws_');
      await begin(nameOf(value), me);
      return value;
    },
    async find(value) {
      const hash = nameOf(value);
      const now = clock.now();
      const entry = known.get(hash);
      if (ended.has(hash) || (entry && entry.expiresAt <= now)) {
        known.delete(hash);
        return undefined;
      }
      if (entry && now - entry.checkedAt < TRUST_MS) return { me: entry.me, renewed: false };
      // Ten requests of one page are one check; a second one would look while the first moves the expiry.
      const underWay = checks.get(hash);
      if (underWay) return underWay;
      const work = check(hash, now).finally(() => checks.delete(hash));
      checks.set(hash, work);
      return work;
    },
    async end(value) {
      const hash = nameOf(value);
      known.delete(hash);
      if (!(await drop(hash))) ended.add(hash);
    },
    recheck(token) {
      for (const [hash, entry] of known)
        if (entry.me.token === token) known.set(hash, { ...entry, checkedAt: Number.NEGATIVE_INFINITY });
    },
  };
}
