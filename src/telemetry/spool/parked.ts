import type { SpooledExchange } from '#contracts';
import { endFrame } from './frame.ts';
import { createGather } from './gather.ts';
import type { SpoolFiles } from './port.ts';
import { segmentFile } from './segment.ts';

/**
 * `parked/` holds what could not be moved: exchanges that the database refuses, each a segment of its own with the reason
 * beside it, and stretches of segments that cannot be read. Nothing in it is tried again by itself. Moving a `.seg` file
 * one folder up hands it to the scribe once more.
 */
export function parkExchange(files: SpoolFiles, spooled: SpooledExchange, reason: string): void {
  const { facts, declared, digest, ask, answer } = spooled;
  const gather = createGather();
  // It came out of the spool, so it was masked on its way in.
  gather.add({ meta: { facts, declared, digest }, ask, answer }, (texts) => texts);
  const file = segmentFile({ writer: `p${facts.id.replaceAll(/[^a-z0-9]/g, '')}`, sequence: 0 });
  files.remove(`parked/${file}`);
  put(files, file, Buffer.concat([gather.view(), endFrame()]));
  note(files, file, `exchange ${facts.id}: ${reason}`);
}

export function parkBytes(
  files: SpoolFiles,
  segment: string,
  offset: number,
  bytes: Uint8Array,
  reason: string,
): void {
  const file = `${segment}.${offset}.bytes`;
  files.remove(`parked/${file}`);
  put(files, file, bytes);
  note(files, file, reason);
}

function note(files: SpoolFiles, file: string, reason: string): void {
  files.remove(`parked/${file}.txt`);
  put(files, `${file}.txt`, Buffer.from(`${reason}\n`));
}

function put(files: SpoolFiles, file: string, bytes: Uint8Array): void {
  files.append(`parked/${file}`, bytes);
  files.close(`parked/${file}`);
}
