import type { Clock, Log } from '#contracts';

const RETRY_EVERY = 2_000;

/** Tries to bring the database up until it succeeds; returns the way to stop trying. */
export function retryDatabase(clock: Clock, log: Log, bringUp: () => Promise<void>): () => void {
  let busy = false;
  let said = '';
  const stop = clock.every(RETRY_EVERY, () => {
    if (busy) return;
    busy = true;
    bringUp()
      .then(
        () => {
          stop();
          log('info', 'database is back');
        },
        (error: unknown) => {
          const why = String(error);
          // Once for each reason: an outage of a night would be thousands of lines.
          if (why !== said) log('warn', 'database still away', { why });
          said = why;
        },
      )
      .finally(() => {
        busy = false;
      });
  });
  return stop;
}
