import type { Log } from '#contracts';

/** Stops what was started, backwards; half a start cleans up after itself. */
export interface Lifecycle {
  /** Registers the way back the moment a resource exists. */
  onStop(name: string, stop: () => unknown): void;
  /** Idempotent: a second call waits for the first. */
  stop(): Promise<void>;
}

export function createLifecycle(log: Log): Lifecycle {
  const stack: { name: string; stop: () => unknown }[] = [];
  let stopping: Promise<void> | undefined;
  const unwind = async () => {
    for (let entry = stack.pop(); entry; entry = stack.pop()) {
      try {
        await entry.stop();
      } catch (error) {
        // The rest must still be stopped: a spool left unflushed would be worse than a pool left open.
        log('error', 'stop failed', { what: entry.name, error: String(error) });
      }
    }
  };
  return {
    onStop: (name, stop) => stack.push({ name, stop }),
    stop() {
      stopping ??= unwind();
      return stopping;
    },
  };
}
