import {
  chmodSync,
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { errnoOf } from './errors.ts';

/**
 * Extensions that every way of carrying the binaries has. `plpgsql` is made by initdb; a further name is
 * added here before store may say `CREATE EXTENSION`, else it works in a checkout and fails in the binary.
 */
const EXTENSIONS = ['plpgsql', 'pg_trgm'];

/** Server libraries that initdb's bootstrap scripts load beside the extensions. */
const SERVER_LIBRARIES = ['dict_snowball'];

/** Libraries of clients and contrib modules that neither postgres nor initdb is linked against. */
const UNUSED_LIBRARIES = /^lib(ecpg|pgtypes|xslt|exslt|ossp-uuid)/;
const LIBRARY = /\.(so\.\d+|\d+\.dylib|so\.[\d.]+|dylib)$/;

/**
 * The files of a Postgres tree that running a cluster needs: path below the new root → file that has the
 * content. About half the package: static libraries, headers, clients and most of contrib stay behind.
 *
 * Libraries appear under the name the loader asks for (`libpq.so.5`). npm cannot carry symbolic links, so in
 * a fresh package only `libpq.so.5.18` exists and a postinstall script links the rest; reading the same list
 * makes us independent of whether install scripts ran.
 */
export function neededFiles(root: string): Map<string, string> {
  const files = new Map<string, string>();
  const take = (path: string) => files.set(path, join(root, path));
  const takeEach = (folder: string, wanted: (name: string) => boolean) => {
    for (const name of namesIn(join(root, folder))) if (wanted(name)) take(`${folder}/${name}`);
  };

  take('bin/postgres');
  take('bin/initdb');

  for (const name of namesIn(join(root, 'lib'))) {
    const path = `lib/${name}`;
    if (!LIBRARY.test(name) || UNUSED_LIBRARIES.test(name) || !lstatSync(join(root, path)).isFile()) continue;
    const asked = loaderNames(root, name);
    for (const as of asked.length > 0 ? asked : [name]) files.set(`lib/${as}`, join(root, path));
  }
  takeEach('lib/postgresql', (name) => [...EXTENSIONS, ...SERVER_LIBRARIES].includes(stem(name)));

  const share = 'share/postgresql';
  takeEach(share, (name) => /\.(bki|sql|txt|sample)$/.test(name));
  takeEach(`${share}/extension`, (name) => EXTENSIONS.includes(stem(name).split('--')[0] ?? ''));
  takeEach(`${share}/tsearch_data`, (name) => name.endsWith('.stop'));
  for (const folder of [`${share}/timezone`, `${share}/timezonesets`]) takeTree(root, folder, take);
  return files;
}

/** Lays the needed files out under `target`: hard links where the file system and the modes allow, else copies. */
export function layOut(root: string, target: string): void {
  for (const [path, source] of neededFiles(root)) {
    const to = join(target, path);
    mkdirSync(dirname(to), { recursive: true, mode: 0o755 });
    if (!linkReadable(source, to)) {
      copyFileSync(source, to);
      chmodSync(to, path.startsWith('bin/') ? 0o755 : 0o644);
    }
  }
}

/** A link shares the mode of its source, so a package installed under umask 077 has to be copied. */
function linkReadable(source: string, to: string): boolean {
  const everyone = source.includes('/bin/') ? 0o005 : 0o004;
  if ((statSync(source).mode & everyone) !== everyone) return false;
  try {
    linkSync(source, to);
    return true;
  } catch (error) {
    // Another file system, or a kernel that protects links to files of others.
    if (['EXDEV', 'EPERM', 'EACCES', 'EMLINK', 'ENOTSUP'].includes(errnoOf(error) ?? '')) return false;
    throw error;
  }
}

/** Names under which the loader looks for `lib/<file>`, from the package's own list of lost symbolic links. */
function loaderNames(root: string, file: string): string[] {
  const links: unknown = JSON.parse(readText(join(root, 'pg-symlinks.json')) ?? '[]');
  if (!Array.isArray(links)) return [];
  return links
    .filter((link) => basename(String(link.source)) === file)
    .map((link) => basename(String(link.target)))
    .filter((name) => name !== file && /\.so\.\d+$|\.\d+\.dylib$/.test(name));
}

function takeTree(root: string, folder: string, take: (path: string) => void): void {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) takeTree(root, path, take);
    else take(path);
  }
}

function namesIn(folder: string): string[] {
  return readdirSync(folder).sort();
}

function stem(name: string): string {
  return name.replace(/\.[^.]+$/, '');
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
