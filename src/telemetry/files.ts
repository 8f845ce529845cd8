import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { SpoolFile, SpoolFiles } from './spool/port.ts';

const EXT4 = 0xef53;
const XFS = 0x58465342;
const TMPFS = 0x01021994;
const OVERLAY = 0x794c7630;
/**
 * File systems of Linux that rewrite a block where it stands, by their magic numbers. On one that writes each change to a new
 * place, or over a network, a store to mapped memory can fail when no room is left, and the kernel answers that with SIGBUS.
 */
const IN_PLACE = new Set([EXT4, XFS, TMPFS, OVERLAY]);

/** `SpoolFiles` over a real folder. Made by `app` and handed in; each thread makes its own, handles are not shared. */
export function nodeSpoolFiles(folder: string): SpoolFiles {
  const open = new Map<string, number>();
  const path = (name: string) => join(folder, name);

  return {
    list(sub) {
      const found: SpoolFile[] = [];
      for (const name of readdir(sub ? path(sub) : folder)) {
        const stat = statSync(path(sub ? join(sub, name) : name), { throwIfNoEntry: false });
        // Gone between the two calls: the scribe has just removed it.
        if (stat?.isFile()) found.push({ name, size: stat.size });
      }
      return found;
    },

    append(name, bytes) {
      let fd = open.get(name);
      if (fd === undefined) {
        mkdirSync(dirname(path(name)), { recursive: true, mode: 0o700 });
        fd = openSync(path(name), 'a', 0o600);
        open.set(name, fd);
      }
      const before = fstatSync(fd);
      // Appending to a file that has been unlinked would succeed and lose everything.
      if (before.nlink === 0) throw new Error(`${name} has been removed from under its writer`);
      try {
        for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done);
      } catch (error) {
        try {
          ftruncateSync(fd, before.size);
        } catch {
          // Half a frame stays. The recorder begins another segment after any failure and readers stop at a torn tail.
        }
        throw error;
      }
    },

    read(name, offset, length) {
      const fd = openSync(path(name), 'r');
      try {
        const bytes = new Uint8Array(Math.max(0, Math.min(length, fstatSync(fd).size - offset)));
        let done = 0;
        while (done < bytes.length) {
          const n = readSync(fd, bytes, done, bytes.length - done, offset + done);
          if (n === 0) break;
          done += n;
        }
        return bytes.subarray(0, done);
      } finally {
        closeSync(fd);
      }
    },

    map(name, size) {
      const file = path(name);
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      const { type } = statfsSync(dirname(file));
      if (!IN_PLACE.has(type))
        throw new Error(`a file system of type 0x${type.toString(16)} may fail where memory cannot`);
      // Written, not only extended: every page has its place on the disk before it is memory.
      writeFileSync(file, new Uint8Array(size), { mode: 0o600, flag: 'wx' });
      return Bun.mmap(file, { shared: true });
    },

    close(name) {
      const fd = open.get(name);
      if (fd === undefined) return;
      open.delete(name);
      closeSync(fd);
    },

    remove(name) {
      rmSync(path(name), { force: true });
    },

    freeSpace() {
      try {
        const { bavail, bsize } = statfsSync(folder);
        return bavail * bsize;
      } catch {
        // The folder is not there yet, or the file system does not say; the write itself will tell.
        return undefined;
      }
    },
  };
}

function readdir(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
