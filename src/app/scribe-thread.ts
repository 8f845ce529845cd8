import type { Clock, Log } from '#contracts';
import { hostScribe, type ScribeHost, spawnWorker } from '#telemetry';
import { carried } from './carried.ts';

/** What the thread is told when it begins. */
export interface ScribeGiven {
  readonly databaseUrl: string;
  readonly spool: string;
}

/** A busy gateway has its core for itself until what waits is so old or takes so much of the spool. */
const HURRY_LAG_MS = 60_000;
const HURRY_SHARE = 0.25;

/**
 * A write under way at the end may finish, since nobody else wants the core any more. One whose database hangs would not, and who
 * supervises us kills after ten seconds; what it had in hand is still in the spool.
 */
const LAST_WRITE_MS = 4_000;

export type ScribeThread = Pick<ScribeHost, 'progress' | 'stats' | 'flush'> & { stop(): Promise<void> };

export function startScribeThread(
  options: ScribeGiven & {
    /** Bound of the spool. */
    readonly maxBytes: number;
    readonly clock: Clock;
    readonly log: Log;
  },
): ScribeThread {
  const { clock, log, databaseUrl, spool, maxBytes } = options;
  const host = hostScribe({
    // Inside a binary the entry points lie below what their folders share, src.
    spawn: spawnWorker(new URL(carried ? './app/scribe-worker.js' : './scribe-worker.ts', import.meta.url)),
    given: { databaseUrl, spool } satisfies ScribeGiven,
    hurry: { lagMs: HURRY_LAG_MS, bytes: maxBytes * HURRY_SHARE },
    clock,
    log,
  });
  host.start();
  return {
    progress: () => host.progress(),
    stats: () => host.stats(),
    flush: () => host.flush(),
    stop: () => host.stop(LAST_WRITE_MS),
  };
}
