import { existsSync } from 'node:fs';
import { join } from 'node:path';

export interface Asset {
  readonly type: string;
  readonly body: Uint8Array<ArrayBuffer> | Blob;
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
  map: 'application/json',
};

export const typeOf = (path: string): string =>
  TYPES[path.slice(path.lastIndexOf('.') + 1)] ?? 'application/octet-stream';

/**
 * Bundles the console from its sources, once, in memory. Bun could serve the HTML import by itself, but then no header
 * could be set on it, and a console without a content security policy is not served here.
 */
export async function buildConsole(root: string): Promise<Assets> {
  const entry = join(root, 'console', 'index.html');
  if (!existsSync(entry)) throw new Error(`the console's sources are not at ${entry}`);
  const built = await Bun.build({
    entrypoints: [entry],
    minify: true,
    publicPath: '/',
    naming: {
      chunk: 'assets/[name]-[hash].[ext]',
      asset: 'assets/[name]-[hash].[ext]',
      entry: '[name].[ext]',
    },
    define: { 'process.env.NODE_ENV': '"production"' },
  });
  const assets = new Map<string, Asset>();
  for (const output of built.outputs) {
    const path = `/${output.path.replace(/^\.?\//, '')}`;
    const body = new Uint8Array(await output.arrayBuffer());
    assets.set(path === '/index.html' ? '/' : path, { type: typeOf(path), body });
  }
  return assets;
}
