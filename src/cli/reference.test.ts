import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createProgram, forEach } from './program.ts';
import { pages } from './reference.gen.ts';

const ROOT = join(import.meta.dir, '..', '..');

for (const [path, text] of pages())
  test(`${path} is fresh`, () => {
    const stands = readFileSync(join(ROOT, path), 'utf8');
    expect(stands === text, `${path} is stale: run bun src/cli/reference.gen.ts`).toBe(true);
  });

test('every verb that does something has --json, a description, and options that say what they mean', () => {
  forEach(createProgram(), (command) => {
    expect(command.description()).not.toBe('');
    for (const option of command.options) expect(option.description).not.toBe('');
    // A word that only gathers others does nothing by itself.
    const gathers = command.commands.length > 0 && command.name() !== 'routes';
    if (!gathers)
      expect([command.name(), command.options.some((o) => o.long === '--json')]).toEqual([
        command.name(),
        true,
      ]);
  });
});
