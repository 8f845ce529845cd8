import type { Clock, Log } from '#contracts';

const RETRY_EVERY = 5_000;

/** Tries to bring the database up until it succeeds; returns the way to stop trying. */
export function retryDatabase(clock: Clock, log: Log, bringUp: () => Promise<void>): () => void {
  let busy = false;
  const stop = clock.every(RETRY_EVERY, () => {
    if (busy) return;
    busy = true;
    bringUp()
      .then(
        () => {
          stop();
          log('info', 'database is back');
        },
        (error: unknown) => log('warn', 'database still away', { why: String(error) }),
      )
      .finally(() => {
        busy = false;
      });
  });
  return stop;
}
