import { type ChangeEvent, type Clock, type Log, type Store, StoreUnavailable } from '#contracts';

const POLL_MS = 1_000;
/** Change events carry the time of their exchange and are written when the scribe gets to it, so a look back is needed. */
const LOOK_BACK_MS = 15 * 60_000;

export interface ChangeTail {
  subscribe(listener: (change: ChangeEvent) => void): () => void;
}

/**
 * New change events for live pages. They are found by another thread or another replica, so they are read from the
 * database, by one poll for all clients, and only while somebody looks.
 */
export function changeTail(store: Store, clock: Clock, log: Log): ChangeTail {
  const listeners = new Set<(change: ChangeEvent) => void>();
  let seen: Set<string> | undefined;
  let busy = false;
  let cancel: (() => void) | undefined;

  const poll = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    try {
      const page = await store.changes.list({ from: clock.now() - LOOK_BACK_MS }, { limit: 200 });
      const before = seen;
      seen = new Set(page.rows.map(nameOf));
      // The first look only learns what is old; the list page has shown it.
      if (before)
        for (const change of page.rows.toReversed())
          if (!before.has(nameOf(change))) for (const listener of listeners) listener(change);
    } catch (error) {
      // Away: what appears meanwhile is shown when the database is back. Anything else is our fault and said once per poll.
      if (!(error instanceof StoreUnavailable))
        log('error', 'live.changes_unreadable', { reason: String(error) });
    } finally {
      busy = false;
    }
  };

  return {
    subscribe(listener) {
      listeners.add(listener);
      if (!cancel) {
        cancel = clock.every(POLL_MS, () => void poll());
        void poll();
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        cancel?.();
        cancel = undefined;
        seen = undefined;
      };
    },
  };
}

const nameOf = (change: ChangeEvent): string => `${change.exchange} ${change.subject} ${change.value}`;
