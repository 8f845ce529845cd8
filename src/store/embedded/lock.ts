import { Database } from 'bun:sqlite';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EmbeddedPostgresError, errnoOf } from './errors.ts';

export interface Lock {
  release(): void;
}

/** A database that nobody refers to is collected and closed, and its lock with it: whoever holds one is held here. */
const held = new Set<Database>();

/**
 * One Midwatch per data folder, decided by the kernel.
 *
 * The lock is an open exclusive transaction on an empty SQLite file, the one lock among Bun's built-ins that
 * is atomic and that the kernel drops when the holder is killed. A file with a process id in it was
 * rejected: after `kill -9` somebody has to guess whether the id is still the same process, and two
 * starters that guess at once both win. `postmaster.pid` cannot stand in for it, since it names the Postgres
 * process, which outlives us and must then be stopped, not respected.
 */
export function acquireLock(folder: string): Lock {
  const holderFile = join(folder, 'holder');
  const database = new Database(join(folder, 'instance.lock'));
  const release = () => {
    held.delete(database);
    database.close();
  };
  try {
    database.run('BEGIN EXCLUSIVE');
    held.add(database);
    // Replaced, not rewritten: it may be left from a start by root, and the folder is ours but the file is not.
    rmSync(holderFile, { force: true });
    writeFileSync(holderFile, `${process.pid}\n`);
    return { release };
  } catch (error) {
    release();
    if (errnoOf(error) !== 'SQLITE_BUSY') throw error;
    const holder = readHolder(holderFile);
    throw new EmbeddedPostgresError(
      'in-use',
      `The data folder of the database, ${folder}, is in use by another Midwatch${holder ? ` (process ${holder})` : ''}.`,
      'Stop that one, or start this one with a data folder of its own.',
      { cause: error },
    );
  }
}

/** Who holds it is only told to a person, so a missing file is no error. */
function readHolder(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}
