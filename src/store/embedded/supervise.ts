import type { Clock, Log } from '#contracts';
import { asEmbeddedError, type EmbeddedPostgresErrorKind } from './errors.ts';
import type { Exit, Postmaster } from './postmaster.ts';

/** A server died without having been told to; the next attempt follows after `retryInMs`. */
export interface UnexpectedExit extends Exit {
  readonly retryInMs: number;
}

export interface SuperviseOptions {
  /** For messages. */
  readonly folder: string;
  readonly first: Postmaster;
  /** Brings the next one up on the same URL, from whatever state the last one left. */
  readonly restart: () => Promise<Postmaster>;
  readonly onExit?: ((exit: UnexpectedExit) => void) | undefined;
  readonly onRestart?: ((pid: number) => void) | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Supervised {
  readonly pid: number;
  stop(): Promise<void>;
}

/** Doubling from here to there. Never given up: a full disk is emptied at some hour, and the spool waits. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
/** A server that lived this long is no crash loop, so its end is answered at once. */
const SETTLED_MS = 30_000;

/** Keeps a server running until `stop`. */
export function supervise(options: SuperviseOptions): Supervised {
  const { clock, log } = options;
  const stopping = new AbortController();
  let current: Postmaster | undefined = options.first;
  let lastPid = options.first.pid;
  const watching = watch();

  async function watch(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    let trouble: EmbeddedPostgresErrorKind | undefined;
    while (true) {
      if (current !== undefined) {
        const life = new AbortController();
        void clock.sleep(SETTLED_MS, life.signal).then(() => {
          if (!life.signal.aborted) pauseMs = FIRST_PAUSE_MS;
        });
        const exit = await current.exited;
        life.abort();
        current = undefined;
        if (stopping.signal.aborted) return;
        log('error', 'store.postgres.died', { ...exit, retryInMs: pauseMs });
        options.onExit?.({ ...exit, retryInMs: pauseMs });
      }
      await clock.sleep(pauseMs, stopping.signal);
      if (stopping.signal.aborted) return;
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      try {
        current = await options.restart();
        lastPid = current.pid;
        trouble = undefined;
        log('info', 'store.postgres.restarted', { pid: lastPid });
        options.onRestart?.(lastPid);
        if (stopping.signal.aborted) await current.stop();
      } catch (error) {
        const now = asEmbeddedError(error, options.folder);
        // Said once per cause: a disk that stays full for an hour is one line, not a thousand.
        if (now.kind !== trouble) {
          log('error', 'store.postgres.restart-failed', { reason: now.message, remedy: now.remedy });
        }
        trouble = now.kind;
      }
    }
  }

  return {
    get pid() {
      return lastPid;
    },
    async stop() {
      stopping.abort();
      await current?.stop();
      await watching;
    },
  };
}
