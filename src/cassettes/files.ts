import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { CassetteFiles } from './types.ts';

/** `CassetteFiles` over a real folder, made when the first cassette is written. Made by `app` and handed in. */
export function nodeCassetteFiles(folder: string): CassetteFiles {
  const missing = (error: unknown) => (error as NodeJS.ErrnoException).code === 'ENOENT';
  return {
    list() {
      try {
        return readdirSync(folder);
      } catch (error) {
        if (missing(error)) return [];
        throw error;
      }
    },
    read(name) {
      try {
        return readFileSync(join(folder, name), 'utf8');
      } catch (error) {
        if (missing(error)) return undefined;
        throw error;
      }
    },
    write(name, text) {
      mkdirSync(folder, { recursive: true });
      // A name of its own per process: two recorders never write into the same unfinished file.
      const unfinished = join(folder, `.${name}.${process.pid}`);
      const fd = openSync(unfinished, 'w');
      try {
        const bytes = Buffer.from(text);
        for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
        // Recordings cost money and are made once: here, unlike in the spool, a sync is cheap beside what it guards.
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
      renameSync(unfinished, join(folder, name));
    },
    remove: (name) => rmSync(join(folder, name), { force: true }),
  };
}
