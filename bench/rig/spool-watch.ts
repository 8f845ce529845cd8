import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';

const LIST_MS = 10;
const PART = 1 << 20;

/** Reads what is appended to the segments of a spool, a millisecond at the latest after it was written. */
export function watchSpool(folder: string, appended: (bytes: Buffer) => void): () => void {
  const open = new Map<string, { readonly fd: number; offset: number }>();
  const buffer = Buffer.alloc(PART);
  let listedAt = 0;
  const look = () => {
    const now = performance.now();
    if (now - listedAt >= LIST_MS) {
      listedAt = now;
      for (const name of readdirSync(folder))
        if (name.endsWith('.seg') && !open.has(name))
          open.set(name, { fd: openSync(join(folder, name), 'r'), offset: 0 });
    }
    // A segment that the scribe has removed stays readable through what is open.
    for (const segment of open.values())
      for (let n = -1; n !== 0; ) {
        n = readSync(segment.fd, buffer, 0, PART, segment.offset);
        segment.offset += n;
        if (n > 0) appended(buffer.subarray(0, n));
      }
  };
  const timer = setInterval(look, 1);
  return () => {
    clearInterval(timer);
    for (const { fd } of open.values()) closeSync(fd);
  };
}
