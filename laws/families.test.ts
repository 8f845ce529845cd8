import { expect, test } from 'bun:test';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './tree.ts';

/** One folder a member: code, page, and what proves it (a test of its own, or a fixture that the family's suite runs). */
const FAMILIES = [
  'src/protocols',
  'src/providers',
  'src/guards',
  'src/detectors',
  'src/simulator/faults',
  'src/evals/scorers',
  'src/monitors/notifiers',
];
/** Folders inside a family that hold what its members share. */
const SHARED = new Set(['shared', 'prices', 'translate']);

for (const family of FAMILIES) {
  const path = join(ROOT, family);
  if (!existsSync(path)) continue;
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (!entry.isDirectory() || SHARED.has(entry.name)) continue;
    test(`${family}/${entry.name} has code, a page and a proof`, () => {
      const inside = readdirSync(join(path, entry.name));
      expect(inside).toContain('index.ts');
      expect(inside).toContain('README.md');
      expect(inside.some((f) => f.endsWith('.test.ts') || f.startsWith('fixture'))).toBe(true);
    });
  }
}

test('there are families to look at', () => {
  expect(FAMILIES.filter((f) => existsSync(join(ROOT, f))).length).toBeGreaterThan(2);
});
