import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { LABELS, mechanisms, PAGE, page } from './reference.gen.ts';

test('every mechanism says formula, assumptions, cost, when it lies, reference', () => {
  for (const { file, labels } of mechanisms()) {
    const missing = LABELS.filter((label) => !labels.get(label));
    expect({ file, missing }).toEqual({ file, missing: [] });
  }
});

test('the page in docs is the one the sources give: bun src/kernel/resilience/reference.gen.ts', () => {
  expect(readFileSync(PAGE, 'utf8')).toBe(page());
});
