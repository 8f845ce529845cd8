import type { Clock, Log } from '#contracts';
import type { SpoolProgress } from '../spool/recorder.ts';
import { createBackoff } from './backoff.ts';
import type { FromScribe, ToScribe } from './messages.ts';
import type { ScribeStats } from './scribe.ts';

/** A running thread, as its host sees it. */
export interface ScribeThread {
  post(message: ToScribe): void;
  terminate(): void;
}

/** Starts a thread. `gone` is called once when it has ended, for whatever reason. */
export type SpawnScribe = (heard: {
  readonly message: (message: FromScribe) => void;
  readonly gone: (reason: string) => void;
}) => ScribeThread;

export interface ScribeHostOptions {
  readonly spawn: SpawnScribe;
  /** Handed to `make` in the thread: a folder, a database URL. A structured clone; a message is seen by nobody, an argument or a variable might be. */
  readonly given: unknown;
  readonly clock: Clock;
  readonly log: Log;
  /** Backlog beyond which the thread no longer gives way to the gateway; without it the thread always does. */
  readonly hurry?: Backlog;
  /** Waits before a thread that ended is started again, milliseconds. */
  readonly backoff?: { readonly min: number; readonly max: number };
}

export interface Backlog {
  readonly lagMs: number;
  /** Size of the spool. */
  readonly bytes: number;
}

export interface ScribeHost {
  start(): void;
  /** As `Scribe.flush`; survives a crash of the thread in between. */
  flush(): Promise<void>;
  /** Lets the write under way finish; after `patienceMs` the thread is ended as it is, which loses nothing. */
  stop(patienceMs?: number): Promise<void>;
  /** As of the last report, a fraction of a second ago; undefined before the first. `restarts` counts threads that ended by themselves. */
  stats(): (ScribeStats & { readonly restarts: number }) | undefined;
  /** For the recorder's stats. */
  progress(): SpoolProgress | undefined;
}

/** The thread gives way again when no more than this share of the backlog is left. */
const RELAXED = 0.1;
/** For a thread that is asked to end: it may have a write under way, and nearly no core to finish it on. */
const PATIENCE_MS = 10_000;

/**
 * Keeps one scribe thread alive, behind the gateway as long as the backlog is small. A thread whose priority was lowered
 * cannot be raised again by an ordinary user, so it is replaced by one that never was. What a crashed thread had in hand is still in the spool and is read again. */
export function hostScribe(options: ScribeHostOptions): ScribeHost {
  const { spawn, given, clock, log, hurry, backoff: range } = options;
  const backoff = createBackoff(clock, range ?? { min: 200, max: 10_000 });
  const stopping = new AbortController();
  const flushes = new Map<
    number,
    { readonly resolve: () => void; readonly reject: (error: Error) => void }
  >();
  let thread: ScribeThread | undefined;
  let stats: ScribeStats | undefined;
  let restarts = 0;
  let lastId = 0;
  let stopped = (): void => undefined;
  let yields = true;
  let replacing = false;
  let heardAt = 0;
  let silence = (): void => undefined;

  function consider(): void {
    // While the database is away no priority helps. A thread that is being replaced says at its end that it has nothing in hand:
    // taken for the end of the backlog, it would let the next one give way, and be replaced behind its first batch, for ever.
    if (!hurry || !thread || replacing || stopping.signal.aborted || stats?.trouble !== undefined) return;
    // A thread that gets no time at all says nothing either.
    const lagMs = Math.max(stats?.lagMs ?? 0, clock.monotonic() - heardAt);
    const bytes = stats?.bytes ?? 0;
    if (yields && (lagMs > hurry.lagMs || bytes > hurry.bytes)) {
      yields = false;
      log('warn', 'scribe.hurries', { lagMs, bytes });
      replace(thread);
    } else if (!yields && lagMs < hurry.lagMs * RELAXED && bytes < hurry.bytes * RELAXED) {
      yields = true;
      log('info', 'scribe.yields', { lagMs, bytes });
      thread.post({ say: 'yield' });
    }
  }

  function replace(old: ScribeThread): void {
    replacing = true;
    const cancel = clock.after(PATIENCE_MS, () => old.terminate());
    stopped = () => {
      cancel();
      old.terminate();
    };
    old.post({ say: 'stop' });
  }

  function message(said: FromScribe): void {
    switch (said.say) {
      case 'stats':
        stats = said.stats;
        heardAt = clock.monotonic();
        consider();
        // It has read the folder and found its database: what ended the last one is over.
        if (stats.batches > 0) backoff.reset();
        return;
      case 'flushed': {
        // Its successor is asked again.
        if (replacing && said.failed !== undefined) return;
        const waiting = flushes.get(said.id);
        flushes.delete(said.id);
        if (said.failed === undefined) waiting?.resolve();
        else waiting?.reject(new Error(said.failed));
        return;
      }
      case 'log':
        log(said.level, said.event, said.data);
        return;
      case 'stopped':
        stopped();
    }
  }

  function run(): void {
    if (stopping.signal.aborted) return;
    thread = spawn({
      message,
      gone(reason) {
        thread = undefined;
        if (stopping.signal.aborted) {
          stopped();
          return;
        }
        if (replacing) {
          replacing = false;
          run();
          return;
        }
        restarts++;
        log('error', 'scribe.thread_ended', { reason, restarts });
        void backoff.wait(stopping.signal).then(run);
      },
    });
    heardAt = clock.monotonic();
    thread.post({ say: 'begin', given, yields });
    for (const id of flushes.keys()) thread.post({ say: 'flush', id });
  }

  return {
    start() {
      if (thread) return;
      run();
      if (hurry) silence = clock.every(Math.max(1, hurry.lagMs / 4), consider);
    },
    flush() {
      if (stopping.signal.aborted) return Promise.reject(new Error('the scribe is stopped'));
      const id = ++lastId;
      return new Promise((resolve, reject) => {
        flushes.set(id, { resolve, reject });
        thread?.post({ say: 'flush', id });
      });
    },
    async stop(patienceMs = PATIENCE_MS) {
      stopping.abort();
      silence();
      const running = thread;
      if (running) {
        const patience = new AbortController();
        const done = new Promise<void>((resolve) => {
          stopped = resolve;
        });
        running.post({ say: 'stop' });
        await Promise.race([done, clock.sleep(patienceMs, patience.signal)]);
        patience.abort();
        running.terminate();
      }
      for (const { reject } of flushes.values())
        reject(new Error('the scribe was stopped before the spool was empty'));
      flushes.clear();
    },
    stats: () => stats && { ...stats, restarts },
    progress: () => stats && { waiting: stats.waiting, lagMs: stats.lagMs },
  };
}
