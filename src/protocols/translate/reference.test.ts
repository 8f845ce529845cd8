import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { losses } from './losses.ts';
import { translationPage } from './page.ts';
import { PAGE } from './reference.gen.ts';

test('docs/reference/translation.md is fresh', () => {
  const stands = readFileSync(PAGE, 'utf8');
  expect(
    stands === translationPage(),
    'docs/reference/translation.md is stale: run bun src/protocols/translate/reference.gen.ts',
  ).toBe(true);
});

test('every loss is told once, in kebab-case', () => {
  const ids = losses.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^[a-z]+(-[a-z]+)*$/);
});
