import {
  type Clock,
  type KeyCreate,
  type KeyCreated,
  type KeyRecord,
  type KeyRing,
  type KeyView,
  type Log,
  type Store,
  StoreUnavailable,
} from '#contracts';
import { sha256 } from '#kernel';
import { base62, secret } from '../auth/secret.ts';
import { readSnapshot, type SnapshotFile, writeSnapshot } from './snapshot.ts';
import { keyUsage } from './usage.ts';

/** Two polls fit into the second within which a revocation by another process must act. */
const POLL_MS = 500;
const SAVE_USE_MS = 5_000;

/** The key ring of the gateway and the keys page of the control plane, over one list. */
export interface KeyService extends KeyRing {
  /**
   * Loads keys from the database, or from the snapshot when the database is away, then keeps watching for changes.
   * Never rejects: with neither at hand the ring knows no key and is not `empty`, so that nobody gets in unasked.
   */
  start(): Promise<void>;
  /** Looks now instead of at the next poll: the database has just come up. */
  refresh(): Promise<void>;
  /** Whether database or snapshot has said which keys exist; before that nobody can be told from anybody. */
  readonly known: boolean;
  /** Stops watching and saves the last uses. */
  stop(): Promise<void>;
  list(): Promise<readonly KeyView[]>;
  /** Rejects with `StoreUnavailable`; a key that only one process knows would be lost. */
  create(wanted: KeyCreate): Promise<KeyCreated>;
  /** Undefined when there is no such key. Revoking twice keeps the first time. */
  revoke(id: string): Promise<KeyView | undefined>;
  nameOf(id: string): string | undefined;
  /** As far as they are known. */
  records(): readonly KeyRecord[];
  /** Ids of keys called or numbered so, revoked and expired ones too. */
  idsOf(names: readonly string[]): readonly string[];
  /** Revoked and expired ones, too. */
  byId(id: string): KeyRecord | undefined;
}

export function createKeyService(services: {
  readonly store: Store;
  readonly clock: Clock;
  readonly snapshot: SnapshotFile;
  readonly log: Log;
  /** Told of every change, also of one made by another process. */
  readonly changed?: () => void;
}): KeyService {
  const { store, clock, snapshot, log } = services;
  const usage = keyUsage(store, clock);
  /** Undefined until the database or the snapshot has said which keys exist. */
  let keys: ReadonlyMap<string, KeyRecord> | undefined;
  let byHash: ReadonlyMap<string, KeyRecord> = new Map();
  let version: number | undefined;
  let polling: Promise<void> | undefined;
  /** Undefined until it was reached once: a database that is still booting has not gone away. */
  let reachable: boolean | undefined;
  const timers: (() => void)[] = [];

  const take = (records: readonly KeyRecord[]): void => {
    keys = new Map(records.map((record) => [record.id, record]));
    byHash = new Map(records.map((record) => [record.hash, record]));
    services.changed?.();
  };

  const saveSnapshot = async (records: readonly KeyRecord[]): Promise<void> => {
    try {
      await snapshot.write(writeSnapshot(records));
    } catch (error) {
      // The ring in memory is right; what is lost is only a start without database.
      log('error', 'keys.snapshot_not_written', { reason: String(error) });
    }
  };

  const reload = async (): Promise<void> => {
    // The version first: a change between the two reads is then loaded once more, never missed.
    const seen = await store.keys.version();
    if (seen === version) return;
    const records = (await store.keys.all()).map(({ lastUsedAt: _, ...record }) => record);
    take(records);
    version = seen;
    await saveSnapshot(records);
  };

  /** Said once when the database goes and once when it is back, not twice a second. */
  const heard = (error?: unknown): void => {
    if (error === undefined) {
      if (reachable === false) log('info', 'keys.database_back');
      reachable = true;
    } else if (reachable) {
      log('warn', 'keys.database_away', { reason: String(error) });
      reachable = false;
    }
  };

  /** One at a time: a database that hangs must not gather a queue of polls. */
  const poll = (): Promise<void> => {
    polling ??= reload()
      .then(() => heard(), heard)
      .finally(() => {
        polling = undefined;
      });
    return polling;
  };

  /** What the database says from now on; a poll under way may have read before the change. */
  const refresh = async (): Promise<void> => {
    await polling;
    await poll();
  };

  const loadSnapshot = async (): Promise<void> => {
    try {
      const text = await snapshot.read();
      if (text !== undefined) take(readSnapshot(text));
    } catch (error) {
      log('error', 'keys.snapshot_unreadable', { reason: String(error) });
    }
  };

  const view = (record: KeyRecord, stored?: number): KeyView => {
    const { hash: _, ...rest } = record;
    const lastUsedAt = Math.max(stored ?? 0, usage.of(record.id) ?? 0);
    return { ...rest, ...(lastUsedAt > 0 && { lastUsedAt }) };
  };

  return {
    get empty() {
      return keys?.size === 0;
    },
    find(hash) {
      const record = byHash.get(hash);
      if (record && record.revokedAt === undefined && !(record.expiresAt && record.expiresAt <= clock.now()))
        usage.note(record.id);
      return record;
    },
    get known() {
      return keys !== undefined;
    },
    refresh,
    nameOf: (id) => keys?.get(id)?.name,
    records: () => [...(keys?.values() ?? [])],
    idsOf: (names) =>
      [...(keys?.values() ?? [])].flatMap(({ id, name }) =>
        names.includes(id) || names.includes(name) ? [id] : [],
      ),
    byId: (id) => keys?.get(id),
    async start() {
      await poll();
      if (!keys) await loadSnapshot();
      timers.push(clock.every(POLL_MS, () => void poll()));
      timers.push(clock.every(SAVE_USE_MS, () => void usage.save().catch(heard)));
    },
    async stop() {
      for (const cancel of timers.splice(0)) cancel();
      await polling;
      await usage.save().catch((error) => log('warn', 'keys.last_use_not_saved', { reason: String(error) }));
    },
    async list() {
      try {
        return (await store.keys.all()).map(({ lastUsedAt, ...record }) => view(record, lastUsedAt));
      } catch (error) {
        if (!(error instanceof StoreUnavailable) || !keys) throw error;
        return [...keys.values()].map((record) => view(record));
      }
    },
    async create(wanted) {
      const key = secret(clock, 'mw_');
      const record: KeyRecord = {
        ...wanted,
        id: `key_${base62(clock.randomBytes(9))}`,
        hash: sha256(key),
        hint: `${key.slice(0, 7)}…`,
        createdAt: clock.now(),
      };
      await store.keys.create(record);
      await refresh();
      return { ...view(record), key };
    },
    async revoke(id) {
      const at = clock.now();
      await store.keys.revoke(id, at);
      // Here and now, in case the database goes before it can be read again.
      take(
        [...(keys?.values() ?? [])].map((r) => (r.id === id ? { ...r, revokedAt: r.revokedAt ?? at } : r)),
      );
      await refresh();
      const record = keys?.get(id);
      return record && view(record);
    },
  };
}
