import type { Clock, Store } from '#contracts';

/** When each key was last used: a map write on the hot path, one statement every few seconds. */
export function keyUsage(store: Store, clock: Clock) {
  const last = new Map<string, number>();
  let unsaved = new Map<string, number>();
  return {
    note(id: string): void {
      const now = clock.now();
      last.set(id, now);
      unsaved.set(id, now);
    },
    of: (id: string): number | undefined => last.get(id),
    /** Rejects when the database is away; nothing is then forgotten. */
    async save(): Promise<void> {
      if (unsaved.size === 0) return;
      const batch = unsaved;
      unsaved = new Map();
      try {
        await store.keys.touched(batch);
      } catch (error) {
        unsaved = new Map([...batch, ...unsaved]);
        throw error;
      }
    },
  };
}
