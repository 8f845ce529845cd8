import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { openapi } from './openapi/document.ts';
import { markdown } from './openapi/markdown.ts';
import { endpoints } from './resources/index.ts';

const ROOT = new URL('../../', import.meta.url);

/** The generated papers by path from the root of the repository. The version is the product's. */
export async function papers(): Promise<ReadonlyMap<string, string>> {
  const { version } = JSON.parse(await readFile(new URL('package.json', ROOT), 'utf8')) as {
    version: string;
  };
  return new Map([
    ['docs/reference/api.md', markdown(endpoints)],
    ['docs/reference/openapi.json', `${JSON.stringify(openapi(endpoints, version), null, 2)}\n`],
  ]);
}

if (import.meta.main) {
  await mkdir(new URL('docs/reference/', ROOT), { recursive: true });
  for (const [path, text] of await papers()) await writeFile(new URL(path, ROOT), text);
}
