import type { SpooledExchange } from '#contracts';
import { messageOf } from '../message.ts';
import { decodeFrame, type Frame, frameLength, HEADER } from './frame.ts';
import { parseMeta, readMeta } from './meta.ts';
import type { SpoolFiles } from './port.ts';

/** One spooled exchange with the place it was read from. */
export interface Entry {
  readonly segment: string;
  readonly end: number;
  readonly spooled: SpooledExchange;
}

export interface Limit {
  readonly count: number;
  readonly bytes: number;
}

/** Bytes in which no exchange can be read: damage, or what a writer that died left half written. */
export type Unreadable = (segment: string, offset: number, bytes: Uint8Array, why: string) => void;

/** Reads one segment while it may still grow. */
export interface Tail {
  readonly file: string;
  readonly size: number;
  /** Everything whole up to the size last seen has been given out. */
  readonly dry: boolean;
  /** Everything given out has come back. */
  readonly settled: boolean;
  /** The writer's end mark has been read. */
  readonly finished: boolean;
  /** Exchanges counted and not done. */
  readonly waiting: number;
  grow(size: number): void;
  /** Appends entries to `into` until the limit; returns the bytes they take in the file. */
  take(into: Entry[], limit: Limit): number;
  /** Counts frames ahead of what was taken, by their headers, spending about `budget` bytes of reading; returns what it spent. */
  count(budget: number): number;
  done(entry: Entry): void;
  /** Whatever can be read below `offset` has been given out and is done. */
  reached(offset: number): boolean;
  /** Hands over what stands behind the last readable frame. */
  rest(): { readonly offset: number; readonly bytes: Uint8Array; readonly why: string } | undefined;
}

const CHUNK = 1024 * 1024;

export function openTail(files: SpoolFiles, file: string, unreadable: Unreadable): Tail {
  let size = 0;
  let read = 0;
  let counted = 0;
  let out = 0;
  let doneAt = 0;
  let waiting = 0;
  let dryAt = -1;
  let finished = false;
  let damaged = false;

  function accept(frame: Frame, start: number, bytes: Uint8Array, into: Entry[]): void {
    const end = start + bytes.length;
    read = end;
    if (frame.kind === 'end') finished = true;
    else {
      try {
        const { facts, declared, digest } =
          frame.form === 'packed' ? readMeta(frame.meta) : parseMeta(frame.meta);
        const { ask, answer } = frame;
        into.push({ segment: file, end, spooled: { facts, declared, digest, ask, answer } });
        out++;
        if (end > counted) waiting++;
      } catch (error) {
        unreadable(file, start, bytes, messageOf(error));
        if (end <= counted) waiting--;
      }
    }
    counted = Math.max(counted, end);
  }

  return {
    file,
    get size() {
      return size;
    },
    get dry() {
      return dryAt >= size;
    },
    get settled() {
      return out === 0;
    },
    get finished() {
      return finished;
    },
    get waiting() {
      return waiting;
    },
    grow(to) {
      size = to;
    },

    take(into, limit) {
      const first = read;
      let want = CHUNK;
      const enough = () => into.length >= limit.count || read - first >= limit.bytes;
      while (!enough() && dryAt < size) {
        const base = read;
        const chunk = files.read(file, base, Math.min(want, Math.max(0, size - base)));
        let decoded = decodeFrame(chunk, 0);
        while (decoded.kind === 'exchange' || decoded.kind === 'end') {
          accept(decoded, read, chunk.subarray(read - base, decoded.end), into);
          if (enough()) return read - first;
          decoded = decodeFrame(chunk, read - base);
        }
        if (decoded.kind === 'partial' && read + decoded.need <= size && base + chunk.length < size)
          want = Math.max(CHUNK, decoded.need);
        else {
          damaged = decoded.kind === 'broken';
          dryAt = size;
        }
      }
      return read - first;
    },

    count(budget) {
      let spent = 0;
      while (counted < size && spent < budget) {
        const chunk = files.read(file, counted, Math.min(CHUNK, size - counted));
        const base = counted;
        for (;;) {
          const length = frameLength(chunk, counted - base);
          if (length === undefined || counted + length > size) break;
          counted += length;
          // The end mark is the only frame that is a header and nothing else.
          if (length > HEADER) waiting++;
        }
        spent += chunk.length;
        if (counted === base) break;
      }
      return spent;
    },

    done(entry) {
      if (entry.segment !== file) return;
      out--;
      waiting--;
      doneAt = entry.end;
    },

    reached: (offset) => doneAt >= offset || (dryAt >= offset && out === 0),

    rest() {
      if (read >= size) return undefined;
      const why = damaged ? 'a frame is damaged' : 'the last frame is not whole';
      return { offset: read, bytes: files.read(file, read, size - read), why };
    },
  };
}
