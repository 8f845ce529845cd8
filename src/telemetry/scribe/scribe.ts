import type { Clock, DigestedExchange, ExchangeWriter, Log, Protocol } from '#contracts';
import { messageOf } from '../message.ts';
import { endOf } from '../spool/meta.ts';
import { parkBytes, parkExchange } from '../spool/parked.ts';
import type { SpoolFiles } from '../spool/port.ts';
import { createSpoolReader } from '../spool/reader.ts';
import type { Entry } from '../spool/tail.ts';
import { createBackoff } from './backoff.ts';
import { createDelivery } from './deliver.ts';
import { digestSpooled } from './digest.ts';

export interface ScribeOptions {
  readonly files: SpoolFiles;
  readonly protocols: (name: string) => Protocol | undefined;
  readonly writer: ExchangeWriter;
  readonly clock: Clock;
  readonly log: Log;
  /** Most exchanges, and about the most bytes of frames, in one transaction. */
  readonly batch?: { readonly count: number; readonly bytes: number };
  /** Between two looks at the folder while there is nothing to do. Also how long a batch gathers. */
  readonly pollMs?: number;
  readonly backoff?: { readonly min: number; readonly max: number };
  /** See `ReaderOptions`. */
  readonly quietMs?: number;
  readonly writeTimeoutMs?: number;
}

export interface Scribe {
  start(): void;
  /** Resolves when everything readable that stood in the spool at the call is in the database or parked; rejects when stopped before. */
  flush(): Promise<void>;
  /** Lets a write under way finish, begins no other. */
  stop(): Promise<void>;
  stats(): ScribeStats;
}

export interface ScribeStats {
  /** Exchanges taken out of the spool since start, and how many of them the database had not yet. */
  readonly moved: number;
  readonly inserted: number;
  readonly batches: number;
  /** In the spool, not in the database. */
  readonly waiting: number;
  readonly bytes: number;
  readonly segments: number;
  /** How long ago the oldest exchange in hand ended, by wall clock; 0 when none is. */
  readonly lagMs: number;
  /** Put aside because the database refuses them. */
  readonly parked: number;
  /** Kept without bodies, or with these as text, because they could not be taken apart. */
  readonly undigested: number;
  /** Bytes in which no exchange could be read; put aside too. */
  readonly unreadableBytes: number;
  readonly trouble?: string;
}

/** A batch at least this full means that more is waiting. */
const BACKLOG_SHARE = 0.25;

/** Exchanges read and hashed between two looks at what the database says: about a millisecond. */
const SLICE = 32;

interface Parcel {
  readonly digested: DigestedExchange;
  readonly entry: Entry;
}

/** Moves what the spool holds into the database, in order, and removes segments only after commit. Runs on whatever thread it is made on. */
export function createScribe(options: ScribeOptions): Scribe {
  const { files, protocols, writer, clock, log } = options;
  const { batch = { count: 1_000, bytes: 4 * 1024 * 1024 }, pollMs = 100, quietMs = 150_000 } = options;
  const { backoff: range = { min: 100, max: 15_000 }, writeTimeoutMs = 120_000 } = options;
  const stopping = new AbortController();
  const count = { moved: 0, batches: 0, parked: 0, undigested: 0, unreadableBytes: 0 };
  let hand: readonly Parcel[] = [];
  let nudge = new AbortController();
  let folderTrouble: string | undefined;
  let running: Promise<void> | undefined;
  let waiters: {
    readonly mark: ReadonlyMap<string, number>;
    readonly resolve: () => void;
    readonly reject: (e: Error) => void;
  }[] = [];

  const reader = createSpoolReader({
    files,
    now: clock.monotonic,
    quietMs,
    onUnreadable(segment, offset, bytes, why) {
      parkBytes(files, segment, offset, bytes, why);
      count.unreadableBytes += bytes.length;
      log('warn', 'scribe.unreadable', { segment, offset, bytes: bytes.length, why });
    },
  });

  const delivery = createDelivery<Parcel>({
    writer,
    clock,
    log,
    signal: stopping.signal,
    backoff: range,
    writeTimeoutMs,
    park({ entry, digested }, reason) {
      parkExchange(files, entry.spooled, reason);
      count.parked++;
      log('error', 'scribe.parked', { exchange: digested.exchange.id, reason });
    },
  });

  function take(): readonly Entry[] {
    reader.look();
    return reader.next(batch);
  }

  function digest(entry: Entry): Parcel {
    const { digested, failed } = digestSpooled(entry.spooled, protocols);
    if (failed !== undefined) {
      count.undigested++;
      log('warn', 'scribe.undigested', { exchange: digested.exchange.id, reason: failed });
    }
    return { digested, entry };
  }

  /**
   * The batch after the one that is being written. In slices: a transaction is a dozen statements, and whoever reads and hashes
   * in one go leaves the database without work from the answer to the first of them until he is done.
   */
  async function gatherMeanwhile(): Promise<Parcel[]> {
    const parcels: Parcel[] = [];
    for (const entry of take()) {
      parcels.push(digest(entry));
      if (parcels.length % SLICE === 0) await clock.sleep(0);
    }
    return parcels;
  }

  /** By count or by bytes: a batch of long conversations is full with a few dozen. */
  function isBacklog(parcels: readonly Parcel[]): boolean {
    if (parcels.length >= batch.count * BACKLOG_SHARE) return true;
    let bytes = 0;
    for (const { entry } of parcels)
      bytes += (entry.spooled.ask?.length ?? 0) + (entry.spooled.answer?.length ?? 0);
    return bytes >= batch.bytes * BACKLOG_SHARE;
  }

  function settle(parcels: readonly Parcel[]): void {
    reader.done(parcels.map(({ entry }) => entry));
    count.moved += parcels.length;
    count.batches++;
    wake();
  }

  function wake(): void {
    waiters = waiters.filter(({ mark, resolve }) => {
      if (!reader.reached(mark)) return true;
      resolve();
      return false;
    });
  }

  async function run(): Promise<void> {
    const { signal } = stopping;
    const trouble = createBackoff(clock, range);
    let next: readonly Parcel[] = [];
    while (!signal.aborted) {
      try {
        if (hand.length === 0) {
          hand = next.length > 0 ? next : take().map(digest);
          next = [];
        }
        if (hand.length === 0) {
          wake();
          await idle();
        } else {
          const parcels = hand;
          const delivered = attempt(() => delivery.deliver(parcels));
          // With a backlog it reads and hashes the following batch while the database works on this one. Without, it lets
          // exchanges gather: a transaction for five of them costs ten times as much each, on the gateway's core.
          const backlog = isBacklog(hand);
          const ahead = next.length > 0 ? next : backlog ? await attempt(gatherMeanwhile) : [];
          const done = await delivered;
          next = ahead instanceof Error ? [] : ahead;
          if (done instanceof Error) throw done;
          if (!done) break;
          settle(hand);
          hand = [];
          if (ahead instanceof Error) throw ahead;
          if (next.length === 0 && !backlog) await idle();
        }
        folderTrouble = undefined;
        trouble.reset();
      } catch (error) {
        // Whatever is in hand stays there and is delivered again: the database takes it once only.
        if (folderTrouble === undefined) log('error', 'scribe.trouble', { reason: messageOf(error) });
        folderTrouble = messageOf(error);
        await trouble.wait(signal);
      }
    }
  }

  function idle(): Promise<void> {
    nudge = new AbortController();
    return stopping.signal.aborted ? Promise.resolve() : clock.sleep(pollMs, nudge.signal);
  }

  return {
    start() {
      running ??= run();
    },
    flush() {
      if (stopping.signal.aborted) return Promise.reject(new Error('the scribe is stopped'));
      return new Promise((resolve, reject) => {
        reader.look();
        waiters.push({ mark: reader.mark(), resolve, reject });
        wake();
        nudge.abort();
      });
    },
    async stop() {
      stopping.abort();
      nudge.abort();
      await running;
      for (const { reject } of waiters)
        reject(new Error('the scribe was stopped before the spool was empty'));
      waiters = [];
    },
    stats() {
      const { waiting, bytes, segments, trouble } = reader.stats();
      const oldest = hand[0]?.entry.spooled.facts;
      const why = delivery.trouble ?? folderTrouble ?? trouble;
      return {
        ...count,
        inserted: delivery.inserted,
        waiting,
        bytes,
        segments,
        lagMs: oldest ? Math.max(0, clock.now() - endOf(oldest)) : 0,
        ...(why === undefined ? undefined : { trouble: why }),
      };
    },
  };
}

/** What `work` throws comes back as a value, so that a write under way is always waited for. */
async function attempt<T>(work: () => Promise<T>): Promise<T | Error> {
  try {
    return await work();
  } catch (error) {
    return error instanceof Error ? error : new Error(messageOf(error));
  }
}
