import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

// Writes docs/reference/resilience.md from the docstrings of this module: bun src/kernel/resilience/reference.gen.ts. The
// test beside it fails when the page is stale or a mechanism lacks one of the five labels.

const HERE = import.meta.dirname;
export const PAGE = join(HERE, '../../../docs/reference/resilience.md');
export const LABELS = ['Formula', 'Assumes', 'Cost', 'Lies when', 'Reference'] as const;

/** Files that serve mechanisms and are none themselves. */
const HELPERS = new Set(['index.ts', 'reference.gen.ts', 'spelling.ts', 'signal.ts', 'hour-label.ts']);

export interface Mechanism {
  readonly file: string;
  readonly title: string;
  readonly labels: ReadonlyMap<string, string>;
}

function mechanism(folder: string, name: string): Mechanism {
  const source = readFileSync(join(HERE, folder, name), 'utf8');
  const head = /^\/\*\*([\s\S]*?)\*\//.exec(source)?.[1] ?? '';
  const lines = head
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').trim())
    .filter(Boolean);
  const labels = new Map<string, string>();
  for (const line of lines.slice(1)) {
    const label = LABELS.find((candidate) => line.startsWith(`${candidate}: `));
    if (label) labels.set(label, line.slice(label.length + 2));
  }
  return { file: join(folder, name), title: (lines[0] ?? name).replace(/[.:]$/, ''), labels };
}

export function mechanisms(): readonly Mechanism[] {
  return ['', 'health'].flatMap((folder) =>
    readdirSync(join(HERE, folder))
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !HELPERS.has(name))
      .sort()
      .map((name) => mechanism(folder, name)),
  );
}

export function page(): string {
  return [
    '# Resilience: the mechanisms of the gateway',
    '',
    '<!-- Generated from src/kernel/resilience by src/kernel/resilience/reference.gen.ts. -->',
    '',
    'From `#kernel/resilience`. Steps over plain JSON state; time and chance are arguments.',
    '',
    ...mechanisms().flatMap(({ file, title, labels }) => [
      `## ${title}`,
      '',
      `\`src/kernel/resilience/${file}\``,
      '',
      ...LABELS.flatMap((label) => [`**${label}:** ${labels.get(label) ?? ''}`, '']),
    ]),
  ].join('\n');
}

if (import.meta.main) writeFileSync(PAGE, page());
