import { messageOf } from '../message.ts';
import type { SpoolFiles } from './port.ts';
import { parseSegment, type SegmentName } from './segment.ts';
import { type Entry, type Limit, openTail, type Tail, type Unreadable } from './tail.ts';

export interface ReaderOptions {
  readonly files: SpoolFiles;
  /** Monotonic, milliseconds. */
  readonly now: () => number;
  /** A segment that has not grown for so long has no writer any more. Must be well above the recorder's `segmentMs`. */
  readonly quietMs: number;
  /** Called before a segment with an unreadable rest is removed; when it throws the segment stays. */
  readonly onUnreadable: Unreadable;
}

/** Reads all segments of a folder, oldest writer first, each in order, and removes those that are done with. */
export interface SpoolReader {
  /** Looks at the folder: new segments and sizes; counts what waits; removes what is finished. Throws when the folder cannot be read. */
  look(): void;
  /** The entries after those given out before; none when everything known has been given out. */
  next(limit: Limit): readonly Entry[];
  /** The entries are safe elsewhere. */
  done(entries: readonly Entry[]): void;
  /** Sizes as of the last look, for `reached`. */
  mark(): ReadonlyMap<string, number>;
  /** Whatever can be read of what stood there at `mark` has been given out and is done. */
  reached(mark: ReadonlyMap<string, number>): boolean;
  stats(): ReaderStats;
}

export interface ReaderStats {
  readonly waiting: number;
  readonly bytes: number;
  readonly segments: number;
  /** Why a finished segment could not be removed. */
  readonly trouble?: string;
}

interface Segment {
  readonly name: SegmentName;
  readonly tail: Tail;
  /** When it last grew, and how many looks have found it unchanged since. */
  grewAt: number;
  looks: number;
}

/** Of counting ahead in one look; a backlog of gigabytes is counted over several instead of holding up the work. */
const COUNT_BUDGET = 64 * 1024 * 1024;
/** Time alone does not make a segment quiet: a process that was stopped for minutes has not looked meanwhile, and its writer may go on. */
const QUIET_LOOKS = 5;

export function createSpoolReader({ files, now, quietMs, onUnreadable }: ReaderOptions): SpoolReader {
  /** Sorted by file name: by start of the writer, then by sequence. */
  let segments: Segment[] = [];
  let trouble: string | undefined;

  const closed = ({ name, tail, looks, grewAt }: Segment): boolean =>
    tail.finished ||
    (looks >= QUIET_LOOKS && now() - grewAt >= quietMs) ||
    segments.some((other) => other.name.writer === name.writer && other.name.sequence > name.sequence);

  function found(): Segment[] {
    const known = new Map(segments.map((segment) => [segment.tail.file, segment]));
    const present: Segment[] = [];
    for (const { name: file, size } of files.list()) {
      const name = parseSegment(file);
      if (!name) continue;
      const segment = known.get(file) ?? {
        name,
        tail: openTail(files, file, onUnreadable),
        grewAt: now(),
        looks: 0,
      };
      if (segment.tail.size === size) segment.looks++;
      else {
        segment.tail.grow(size);
        segment.grewAt = now();
        segment.looks = 0;
      }
      present.push(segment);
    }
    return present.sort((a, b) => (a.tail.file < b.tail.file ? -1 : 1));
  }

  /** True when nothing of it is needed any more and it is gone. */
  function removed(segment: Segment): boolean {
    const { tail } = segment;
    if (!tail.dry || !tail.settled || !closed(segment)) return false;
    try {
      const rest = tail.rest();
      if (rest) onUnreadable(tail.file, rest.offset, rest.bytes, rest.why);
      files.remove(tail.file);
      return true;
    } catch (error) {
      // It was moved already; reading it again after a restart adds nothing twice.
      trouble = messageOf(error);
      return false;
    }
  }

  return {
    look() {
      trouble = undefined;
      segments = found();
      segments = segments.filter((segment) => !removed(segment));
      let budget = COUNT_BUDGET;
      for (const { tail } of segments) if (budget > 0) budget -= tail.count(budget);
    },

    next(limit) {
      const entries: Entry[] = [];
      let bytes = 0;
      for (const { tail } of segments) {
        if (tail.dry) continue;
        try {
          bytes += tail.take(entries, { count: limit.count, bytes: limit.bytes - bytes });
        } catch (error) {
          // What was read before is handed on; the next call meets the error again.
          if (entries.length === 0) throw error;
          trouble = messageOf(error);
          break;
        }
        if (entries.length >= limit.count || bytes >= limit.bytes) break;
      }
      return entries;
    },

    done(entries) {
      const tails = new Map(segments.map(({ tail }) => [tail.file, tail]));
      for (const entry of entries) tails.get(entry.segment)?.done(entry);
    },

    mark: () => new Map(segments.map(({ tail }) => [tail.file, tail.size])),

    reached: (mark) => segments.every(({ tail }) => tail.reached(mark.get(tail.file) ?? 0)),

    stats() {
      let waiting = 0;
      let bytes = 0;
      for (const { tail } of segments) {
        waiting += tail.waiting;
        bytes += tail.size;
      }
      return {
        waiting,
        bytes,
        segments: segments.length,
        ...(trouble === undefined ? undefined : { trouble }),
      };
    },
  };
}
