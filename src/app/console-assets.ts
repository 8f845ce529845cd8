import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '#contracts';
import { carried } from './carried.ts';

export interface Asset {
  readonly type: string;
  readonly body: Blob;
}

/** Path to asset; `/` is the page itself. */
export type Assets = ReadonlyMap<string, Asset>;

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
  ico: 'image/x-icon',
  woff2: 'font/woff2',
};

const typeOf = (path: string): string =>
  TYPES[path.slice(path.lastIndexOf('.') + 1)] ?? 'application/octet-stream';

/** A built file under the path at which the page asks for it. */
const asAsset = (path: string, body: Blob): readonly [string, Asset] => [
  path === 'index.html' ? '/' : `/${path}`,
  { type: typeOf(path), body },
];

/** The console of this build: carried inside the binary, or bundled from the sources of the checkout into `out`. */
export const prepareConsole = (root: string, out: string): Promise<Assets> =>
  carried
    ? Promise.resolve(
        new Map(Object.entries(carried.console).map(([path, file]) => asAsset(path, Bun.file(file)))),
      )
    : buildConsole(root, out);

/**
 * Bundles the console from its sources into `out`, in a process of its own: the bundler's memory would stay with the
 * gateway for good. Bun could serve the HTML import by itself, but then no header could be set on it, and a console
 * without a content security policy is not served here.
 */
export async function buildConsole(root: string, out: string): Promise<Assets> {
  const entry = join(root, 'console', 'index.html');
  if (!existsSync(entry)) throw new Error(`the console's sources are not at ${entry}`);
  rmSync(out, { recursive: true, force: true });
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'console-build.ts'), entry, out], {
    stdout: 'ignore',
    stderr: 'pipe',
    env: { ...process.env, NODE_ENV: 'production' },
  });
  if ((await child.exited) !== 0) throw new Error((await new Response(child.stderr).text()).trim());
  return readAssets(out);
}

/**
 * Prepares the console when somebody first asks for it, who waits: bundled at the start it would take a second of a processor from
 * the database that is being made, and many a gateway shows its console to nobody. What failed is tried again with the next ask.
 */
export function whenAsked(prepare: () => Promise<Assets>, log: Log): () => Promise<Assets | undefined> {
  let prepared: Promise<Assets | undefined> | undefined;
  return () => {
    prepared ??= prepare().catch((error: unknown) => {
      prepared = undefined;
      log('error', 'console could not be prepared', { error: String(error) });
      return undefined;
    });
    return prepared;
  };
}

const readAssets = (folder: string): Assets =>
  new Map(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const path = join(entry.parentPath, entry.name);
        return asAsset(path.slice(folder.length + 1), Bun.file(path));
      }),
  );
