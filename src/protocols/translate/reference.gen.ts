import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { translationPage } from './page.ts';

export const PAGE = join(import.meta.dir, '..', '..', '..', 'docs', 'reference', 'translation.md');

if (import.meta.main) writeFileSync(PAGE, translationPage());
