import type { Clock, Config, Log, Store } from '#contracts';

/** The store also summarises indexes of today in this round; later than a minute and pages begin to walk. */
const EVERY = 60_000;
const FIRST = 5_000;

/** Makes coming partitions and drops what retention and the disk budget no longer cover, from time to time. */
export function startUpkeep(
  store: Store,
  retention: () => Config['retention'],
  clock: Clock,
  log: Log,
): () => void {
  let running = false;
  const round = async () => {
    if (running) return;
    running = true;
    try {
      const { exchanges, bodies, rollups, disk } = retention();
      const dropped = await store.upkeep.enforce({
        now: clock.now(),
        exchangesMs: exchanges,
        bodiesMs: bodies,
        rollupsMs: rollups,
        diskBytes: disk,
      });
      for (const what of dropped) log('info', 'retention', { dropped: what });
    } catch (error) {
      log('warn', 'retention could not run', { error: String(error) });
    } finally {
      running = false;
    }
  };
  const stops = [clock.after(FIRST, () => void round()), clock.every(EVERY, () => void round())];
  return () => {
    for (const stop of stops) stop();
  };
}
