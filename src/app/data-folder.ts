import {
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { StartError } from './start-error.ts';

/** The folder that is this instance: spool, embedded database, snapshots. One process at a time. */
export interface DataFolder {
  readonly path: string;
  readonly spool: string;
  /** Keys as last seen in the database. */
  readonly keys: string;
  /** Hash of the admin token as last seen in the database. */
  readonly admin: string;
  /** What was spent and reserved. */
  readonly ledger: string;
  /** How every target stood. */
  readonly standing: string;
  /** How much the targets can bear at once. */
  readonly seats: string;
  /** What is normal at each hour of the week. */
  readonly climate: string;
  /** How long targets kept their callers waiting. */
  readonly weather: string;
  /** Frozen routes as last seen in the database. */
  readonly freezes: string;
  /** Name of this instance among those that share a database: the same after a restart, and nobody else's. */
  readonly instance: string;
  /** Which fallbacks have been seen to work. */
  readonly proofs: string;
  free(): { readonly freeBytes: number; readonly totalBytes: number };
  release(): void;
}

/** `name` is what the instance is called from now on unless it has a name already. */
export function openDataFolder(path: string, cwd: string, name: string): DataFolder {
  const root = resolve(cwd, path);
  try {
    mkdirSync(join(root, 'spool'), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new StartError(
      `The data folder ${root} cannot be created or written (${(error as NodeJS.ErrnoException).code}).`,
      'Give this user write permission there, or choose another folder with `data:` in midwatch.yaml or --data.',
    );
  }
  const release = lock(join(root, 'lock'), root);
  return {
    path: root,
    spool: join(root, 'spool'),
    keys: join(root, 'keys.json'),
    admin: join(root, 'admin.json'),
    ledger: join(root, 'ledger.json'),
    freezes: join(root, 'freezes.json'),
    standing: join(root, 'standing.json'),
    seats: join(root, 'seats.json'),
    climate: join(root, 'climate.json'),
    weather: join(root, 'weather.json'),
    instance: instanceOf(join(root, 'instance'), name),
    proofs: join(root, 'proofs.json'),
    free() {
      const { bavail, blocks, bsize } = statfsSync(root);
      return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
    },
    release,
  };
}

/**
 * A lock file that names its holder by pid and start time, so that a pid used again by a stranger is not mistaken for
 * it. Taken by linking a finished file, which is atomic: nobody reads a lock half written.
 */
function lock(file: string, root: string): () => void {
  const mine = JSON.stringify({ pid: process.pid, started: startTime(process.pid) });
  const draft = `${file}.${process.pid}`;
  for (let tries = 0; tries < 3; tries++) {
    try {
      const fd = openSync(draft, 'w', 0o600);
      writeSync(fd, mine);
      closeSync(fd);
      linkSync(draft, file);
      unlinkSync(draft);
      return () => {
        if (existsSync(file) && readFileSync(file, 'utf8') === mine) unlinkSync(file);
      };
    } catch (error) {
      rmSync(draft, { force: true });
      const code = (error as NodeJS.ErrnoException).code;
      if (code !== 'EEXIST')
        throw new StartError(
          `The data folder ${root} cannot be written (${code}).`,
          'Give this user write permission there, or choose another folder with `data:` in midwatch.yaml or --data.',
        );
      const holder = readHolder(file);
      if (holder && !endsSoon(holder))
        throw new StartError(
          `The data folder ${root} is in use by another Midwatch (process ${holder.pid}).`,
          'Stop that one first, or give this one its own folder with --data.',
        );
      rmSync(file, { force: true });
    }
  }
  throw new StartError(
    `The lock ${file} keeps coming back.`,
    'Another Midwatch starts at the same moment; start only one.',
  );
}

/** A killed process may take a moment to give back its memory, and whoever starts it again at once is no second one. */
const LEAVING_MS = 1_000;
const LOOK_MS = 50;

function endsSoon({ pid, started }: Holder): boolean {
  const nap = new Int32Array(new SharedArrayBuffer(4));
  for (let waited = 0; startTime(pid) === started; waited += LOOK_MS) {
    if (waited >= LEAVING_MS) return false;
    Atomics.wait(nap, 0, 0, LOOK_MS);
  }
  return true;
}

interface Holder {
  readonly pid: number;
  readonly started: string;
}

function readHolder(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder;
  } catch {
    // Gone meanwhile, or not ours: nobody holds it.
    return undefined;
  }
}

/**
 * When a process started, in the kernel's words; undefined when there is none, or only what its parent has not yet
 * fetched of one that ended. Elsewhere than on Linux any live pid counts.
 */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Fields after the command, which is in parentheses and may itself hold spaces: first the state, 20th the start time.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    if (existsSync('/proc/self/stat')) return undefined;
    try {
      process.kill(pid, 0);
      return 'alive';
    } catch {
      return undefined;
    }
  }
}

function instanceOf(file: string, name: string): string {
  const known = readIfThere(file);
  if (known) return known;
  writeWhole(file, name);
  return name;
}

/** Writes a small file whole or not at all, readable by its owner alone. */
export function writeWhole(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** The same behind the event loop: on a busy disk a small file takes as long as a hundred answers. */
export async function writeWholeLater(file: string, text: string): Promise<void> {
  await writeFile(`${file}.later`, text, { mode: 0o600 });
  await rename(`${file}.later`, file);
}

export const readIfThere = (file: string): string | undefined =>
  existsSync(file) ? readFileSync(file, 'utf8') : undefined;

/** One file of the folder, for who reads and writes it whole. */
export const snapshotFile = (file: string) => ({
  read: async () => readIfThere(file),
  write: async (text: string) => writeWhole(file, text),
});
