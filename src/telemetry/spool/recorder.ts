import type { Clock, Finished, Log, Protocol, Recorder, SpoolStats } from '#contracts';
import { messageOf } from '../message.ts';
import type { BodyRedactor } from '../redact/types.ts';
import { endFrame } from './frame.ts';
import { createGather } from './gather.ts';
import { createPending } from './pending.ts';
import type { SpoolFiles } from './port.ts';
import { factsOnly, prepare } from './prepare.ts';
import { newWriterId, segmentFile } from './segment.ts';

export interface RecorderOptions {
  readonly files: SpoolFiles;
  readonly clock: Clock;
  readonly log: Log;
  readonly redactor: BodyRedactor;
  /** By name; only routes that record no bodies need it here. */
  readonly protocols: (name: string) => Protocol | undefined;
  /** Declared bound of the whole folder, bytes. */
  readonly maxBytes: number;
  /** What the scribe last said of the spool; without it everything ever recorded counts as waiting. */
  readonly progress?: () => SpoolProgress | undefined;
  /** What is recorded within so long is written together. */
  readonly flushMs?: number;
  readonly segmentBytes?: number;
  /** A segment is not written to when it is older; with `quietMs` of the scribe this tells which segments nobody writes any more. */
  readonly segmentMs?: number;
  /** Kept in memory while the folder cannot be written, bytes. */
  readonly memoryBytes?: number;
  /** Disk space left to others: Postgres on a full disk stops, the spool only waits. */
  readonly reserveBytes?: number;
}

/** The scribe's sight of the spool. */
export interface SpoolProgress {
  readonly waiting: number;
  readonly lagMs: number;
}

export interface SpoolRecorder extends Recorder {
  /** Rejects with the reason when the folder cannot be written now; what is in memory is still retried. */
  flush(): Promise<void>;
  /** Flushes and marks the segment as finished; nothing may be recorded afterwards. */
  close(): Promise<void>;
}

const SURVEY_MS = 1_000;
const LOUD_MS = 60_000;
const RETRY = { first: 100, last: 2_000 };
/** Of a frame's meta, for the decision whether it still fits; the real one is known only after the work is done. */
const META_GUESS = 1_024;

/** Takes finished exchanges into segmented files. Everything happens on the caller's thread; `record` costs a few microseconds. */
export function createRecorder(options: RecorderOptions): SpoolRecorder {
  const { files, clock, log, redactor, protocols, maxBytes, progress } = options;
  const { flushMs = 5, segmentBytes = 8 * 1024 * 1024, segmentMs = 60_000 } = options;
  const { memoryBytes = 32 * 1024 * 1024, reserveBytes = 64 * 1024 * 1024 } = options;
  const writer = newWriterId(clock);
  const gather = createGather();
  const pending = createPending(files, writer, (error) =>
    log('info', 'spool.unmapped', { reason: messageOf(error), instead: 'each record is written at once' }),
  );
  const maskMeta = (meta: Uint8Array) => redactor.secretsIn(meta);

  let segment = { name: segmentFile({ writer, sequence: 0 }), sequence: 0, bytes: 0, openedAt: 0 };
  let survey = {
    bytes: 0,
    segments: 0,
    free: undefined as number | undefined,
    at: Number.NEGATIVE_INFINITY,
    ms: 0,
  };
  let timer: (() => void) | undefined;
  let firstAt = 0;
  let retryMs = RETRY.first;
  let trouble: string | undefined;
  let taken = 0;
  let written = 0;
  let dropped = 0;
  let saidAt = Number.NEGATIVE_INFINITY;
  let saidDropped = 0;

  /** Sizes as they are on disk. At most once a second, and at most 1 % of the time when a long outage has left thousands of segments. */
  function look(maxAgeMs: number): void {
    const start = clock.monotonic();
    if (start - survey.at < Math.max(maxAgeMs, survey.ms * 100)) return;
    let bytes = 0;
    let segments = 0;
    for (const file of files.list()) {
      bytes += file.size;
      segments++;
    }
    for (const file of files.list('parked')) bytes += file.size;
    survey = { bytes, segments, free: files.freeSpace(), at: start, ms: clock.monotonic() - start };
  }

  function loud(event: string, reason: string): void {
    const now = clock.monotonic();
    if (now - saidAt < LOUD_MS) return;
    saidAt = now;
    log('error', event, { reason, dropped, droppedSince: dropped - saidDropped, inMemory: gather.frames });
    saidDropped = dropped;
  }

  function drop(reason: string): void {
    dropped++;
    loud('spool.dropped', reason);
  }

  /** Why there is no room for `bytes` more, if there is none. */
  function noRoom(bytes: number): string | undefined {
    const wanted = gather.length + bytes;
    if (trouble !== undefined && wanted > memoryBytes) return `the spool cannot be written (${trouble})`;
    if (survey.bytes + wanted <= maxBytes) return undefined;
    look(SURVEY_MS / 5);
    return survey.bytes + wanted <= maxBytes ? undefined : `the spool is at its bound of ${maxBytes} bytes`;
  }

  function parts(finished: Finished) {
    try {
      return prepare(finished, redactor, protocols);
    } catch (error) {
      loud('spool.bodies_dropped', messageOf(error));
      return factsOnly(finished);
    }
  }

  function begin(): void {
    files.close(segment.name);
    const sequence = segment.sequence + 1;
    segment = { name: segmentFile({ writer, sequence }), sequence, bytes: 0, openedAt: 0 };
  }

  function write(): void {
    look(SURVEY_MS);
    if (survey.free !== undefined && survey.free < reserveBytes + gather.length)
      throw new Error(`only ${survey.free} bytes are left on the disk`);
    const now = clock.monotonic();
    if (segment.bytes > 0 && (segment.bytes >= segmentBytes || now - segment.openedAt >= segmentMs)) begin();
    if (segment.bytes === 0) segment.openedAt = now;
    files.append(segment.name, gather.view());
    segment.bytes += gather.length;
    survey.bytes += gather.length;
    written += gather.frames;
    gather.clear();
    pending.clear();
  }

  /** True when memory is empty afterwards. */
  function flushNow(): boolean {
    timer?.();
    timer = undefined;
    if (gather.frames === 0) return true;
    try {
      write();
    } catch (error) {
      if (trouble === undefined) saidAt = Number.NEGATIVE_INFINITY;
      trouble = messageOf(error);
      loud('spool.trouble', trouble);
      // What the failed write left in this segment is not known for sure; the next one goes where nothing stands yet.
      if (segment.bytes > 0) begin();
      timer = clock.after(retryMs, flushNow);
      retryMs = Math.min(retryMs * 2, RETRY.last);
      return false;
    }
    if (trouble !== undefined) {
      log('info', 'spool.recovered', { after: trouble, dropped });
      trouble = undefined;
      retryMs = RETRY.first;
    }
    return true;
  }

  return {
    record(finished: Finished) {
      taken++;
      try {
        const full = noRoom((finished.ask?.length ?? 0) + (finished.answer?.length ?? 0) + META_GUESS);
        if (full !== undefined) return drop(full);
        const start = gather.length;
        gather.add(parts(finished), maskMeta);
        if (start === 0) firstAt = clock.monotonic();
        const kept = pending.keep(gather.view(start));
        // Once a write has failed the next attempt has its own hour.
        if (trouble !== undefined) return;
        if (!kept) flushNow();
        else timer ??= clock.after(flushMs, flushNow);
      } catch (error) {
        drop(messageOf(error));
      }
    },

    async flush() {
      if (!flushNow()) throw new Error(`the spool cannot be written: ${trouble}`);
    },

    stats(): SpoolStats {
      try {
        look(SURVEY_MS);
      } catch (error) {
        trouble ??= messageOf(error);
      }
      const seen = progress?.();
      const inMemory = gather.frames;
      return {
        taken,
        waiting: (seen?.waiting ?? written) + inMemory,
        bytes: survey.bytes + gather.length,
        segments: survey.segments,
        maxBytes,
        dropped,
        ...(trouble === undefined ? undefined : { trouble }),
        lagMs: Math.max(seen?.lagMs ?? 0, inMemory > 0 ? clock.monotonic() - firstAt : 0),
      };
    },

    async close() {
      await this.flush();
      // One that is too old to be written to needs no mark, and may be in the database and gone.
      if (segment.bytes > 0 && clock.monotonic() - segment.openedAt < segmentMs)
        files.append(segment.name, endFrame());
      files.close(segment.name);
      pending.close();
    },
  };
}
