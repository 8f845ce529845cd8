import { readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';

export const ROOT = join(import.meta.dir, '..');

/** Files that git tracks or would track, paths relative to the root. */
export function files(pattern: RegExp): readonly string[] {
  const { stdout } = Bun.spawnSync(['git', 'ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
  });
  return [...new Set(stdout.toString().split('\n'))]
    .filter((f) => f !== '' && pattern.test(f) && Bun.file(join(ROOT, f)).size > 0)
    .sort();
}

export const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

export const isTest = (file: string): boolean => /\.test\.tsx?$|(^|\/)testing(-host)?\.ts$/.test(file);

const transpilers = { ts: new Bun.Transpiler({ loader: 'ts' }), tsx: new Bun.Transpiler({ loader: 'tsx' }) };
const TYPE_IMPORT = /(?:^|\n)\s*(?:import|export)\s+type\s[^;]*?from\s+'([^']+)'|import\('([^']+)'\)/g;

/** Everything a file imports, types too: a knot of types is a knot. */
export function importsOf(file: string): readonly string[] {
  const text = read(file);
  const scanned = transpilers[file.endsWith('x') ? 'tsx' : 'ts'].scanImports(text).map((i) => i.path);
  const types = [...text.matchAll(TYPE_IMPORT)].map((m) => (m[1] ?? m[2]) as string);
  return [...new Set([...scanned, ...types])];
}

/** The room that a file belongs to: `contracts`, `sdk`, `console`, `drills`, … or the folder below `src`. */
export const roomOf = (file: string): string => {
  const [first, second] = file.split('/');
  return first === 'src' ? (second as string) : (first as string);
};

/** Where an import leads: a file of the tree (without regard to doors), a door, or a package. */
export function resolveImport(
  from: string,
  path: string,
): { readonly kind: 'file' | 'door' | 'package'; readonly name: string } {
  if (path.startsWith('.'))
    return { kind: 'file', name: normalize(relative(ROOT, join(ROOT, dirname(from), path))) };
  // The manifest is data about all rooms and belongs to none.
  if (path === '#manifest') return { kind: 'package', name: path };
  if (path.startsWith('#')) return { kind: 'door', name: path };
  return {
    kind: 'package',
    name: path.startsWith('@') ? path.split('/').slice(0, 2).join('/') : (path.split('/')[0] as string),
  };
}

/** Source without comments and strings' insides, so that a law about code is not broken by prose. */
export const codeOnly = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, ' ').replace(/(^|[^:])\/\/[^\n]*/g, '$1');
