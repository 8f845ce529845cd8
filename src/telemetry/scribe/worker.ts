import type { Clock, Log } from '#contracts';
import { messageOf } from '../message.ts';
import type { FromScribe, ToScribe } from './messages.ts';
import type { Scribe } from './scribe.ts';

/** The thread's own end of the wire to its host. */
export interface WorkerPort {
  post(message: FromScribe): void;
  receive(listener: (message: ToScribe) => void): void;
}

export interface ScribeWorkerOptions {
  readonly port: WorkerPort;
  readonly clock: Clock;
  /** Makes the scribe with everything it needs in this thread; called once. `given` is what the host was given, `log` goes to the host. */
  readonly make: (given: unknown, log: Log) => Scribe | Promise<Scribe>;
  /** Makes this thread give way to the gateway's when both want the same core. What it throws is logged. */
  readonly lowerPriority?: () => void;
  /** Keeps this thread's memory small; called a few times a second. */
  readonly sweep?: () => void;
  /** After the scribe has stopped: connections of this thread. */
  readonly release?: () => Promise<void>;
  readonly statsMs?: number;
}

/**
 * The whole of a scribe's thread. A rejection while making the scribe ends the thread, as any uncaught error does; the host
 * starts another one after a while.
 */
export async function runScribeWorker(options: ScribeWorkerOptions): Promise<void> {
  const { port, clock, make, lowerPriority, sweep, release, statsMs = 250 } = options;
  const log: Log = (level, event, data) =>
    port.post({ say: 'log', level, event, ...(data ? { data } : undefined) });
  // Messages may come before the scribe is there: a database that is slow to answer must not lose a flush.
  const early: ToScribe[] = [];
  const begun = Promise.withResolvers<ToScribe & { say: 'begin' }>();
  const giveWay = () => {
    try {
      lowerPriority?.();
    } catch (error) {
      log('info', 'scribe.priority', { reason: messageOf(error) });
    }
  };
  let hear = (message: ToScribe): void => {
    if (message.say === 'begin') {
      begun.resolve(message);
    } else early.push(message);
  };
  port.receive((message) => hear(message));

  const { given, yields } = await begun.promise;
  const scribe = await make(given, log);
  const tell = () => port.post({ say: 'stats', stats: scribe.stats() });
  const silence = clock.every(statsMs, () => {
    tell();
    sweep?.();
  });
  hear = (message) => {
    if (message.say === 'flush') {
      const { id } = message;
      scribe.flush().then(
        () => port.post({ say: 'flushed', id }),
        (error: unknown) => port.post({ say: 'flushed', id, failed: messageOf(error) }),
      );
      return;
    }
    if (message.say === 'yield') {
      giveWay();
      return;
    }
    if (message.say === 'begin') return;
    silence();
    scribe
      .stop()
      .then(() => release?.())
      .then(tell, (error: unknown) => log('warn', 'scribe.release', { reason: messageOf(error) }))
      .then(() => port.post({ say: 'stopped' }));
  };
  for (const message of early) hear(message);
  scribe.start();
  // Only now: loading and connecting take a fifth of a second of the core, which a thread that gives way may not get for a minute.
  if (yields) giveWay();
}
