import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configPage } from './reference/config-page.ts';
import { verbsPage } from './reference/verbs-page.ts';

const ROOT = join(import.meta.dir, '..', '..');

/** The generated pages by path from the root of the repository. */
export const pages = (): ReadonlyMap<string, string> =>
  new Map([
    ['docs/reference/cli.md', verbsPage()],
    ['docs/reference/config.md', configPage()],
  ]);

if (import.meta.main) {
  mkdirSync(join(ROOT, 'docs', 'reference'), { recursive: true });
  for (const [path, text] of pages()) writeFileSync(join(ROOT, path), text);
}
