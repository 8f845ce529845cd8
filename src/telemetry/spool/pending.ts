import { decodeFrame, endFrame } from './frame.ts';
import type { SpoolFiles } from './port.ts';
import { parseSegment, segmentFile } from './segment.ts';

/** Frames of about five milliseconds at the highest rate measured, twice over; more than fits is written at once. */
const ROOM = 256 * 1024;
/** A length of zero is not a frame. */
const STOP = 4;
const FOLDER = 'pending';
const SHAPE = /^([a-z0-9]+)\.frames$/;

/**
 * Copies of the frames that wait in memory for the next write, in memory that outlives the process: `pending/<writer>.frames`,
 * mapped. A `kill -9` then takes nothing that was recorded, and records can still be written together. A write for each would
 * be as safe and costs the gateway's thread a seventh of an exchange.
 *
 * Frames are made elsewhere and copied when they are whole: while they are made, secrets in them are not masked yet.
 */
export interface Pending {
  /** False where it cannot be kept: it does not fit, or the folder cannot be mapped. It must be written now. */
  keep(frame: Uint8Array): boolean;
  /** What was kept stands in a segment. */
  clear(): void;
  /** Nothing is kept any more; the file is removed. */
  close(): void;
}

/** `unmapped` is told once why there is no such memory. */
export function createPending(
  files: SpoolFiles,
  writer: string,
  unmapped: (error: unknown) => void,
): Pending {
  const name = `${FOLDER}/${writer}.frames`;
  let bytes: Uint8Array | undefined;
  let tried = false;
  let at = 0;

  /** When the first record comes: a thread that serves nobody needs none. */
  function map(): void {
    tried = true;
    try {
      bytes = files.map(name, ROOM);
    } catch (error) {
      unmapped(error);
    }
  }

  return {
    keep(frame) {
      if (!tried) map();
      const end = at + frame.length;
      if (bytes === undefined || end + STOP > ROOM) return false;
      bytes.fill(0, end, end + STOP);
      bytes.set(frame, at);
      at = end;
      return true;
    },
    clear() {
      at = 0;
      bytes?.fill(0, 0, STOP);
    },
    close() {
      if (bytes === undefined) return;
      bytes = undefined;
      files.remove(name);
    },
  };
}

/**
 * Makes segments of what writers that were killed had pending. Only while none of them lives: before the first recorder of the
 * process that owns the folder. A frame that had reached its segment just before the kill is then there twice, and stored once.
 * @throws when the folder cannot be read or written; what is left is salvaged by the next start
 */
export function salvage(files: SpoolFiles): void {
  for (const { name, size } of files.list(FOLDER)) {
    const writer = SHAPE.exec(name)?.[1];
    if (writer === undefined) continue;
    const bytes = files.read(`${FOLDER}/${name}`, 0, size);
    const end = endOfFrames(bytes);
    if (end > 0) {
      const segment = segmentFile({ writer, sequence: nextSequence(files, writer) });
      files.append(segment, Buffer.concat([bytes.subarray(0, end), endFrame()]));
      files.close(segment);
    }
    files.remove(`${FOLDER}/${name}`);
  }
}

function endOfFrames(bytes: Uint8Array): number {
  let end = 0;
  for (let frame = decodeFrame(bytes, end); frame.kind === 'exchange'; frame = decodeFrame(bytes, end))
    end = frame.end;
  return end;
}

function nextSequence(files: SpoolFiles, writer: string): number {
  const used = files.list().map(({ name }) => parseSegment(name));
  return Math.max(-1, ...used.map((one) => (one?.writer === writer ? one.sequence : -1))) + 1;
}
