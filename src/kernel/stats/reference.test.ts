import { expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as stats from './index.ts';
import { LABELS, methodPages, PAGES_FOLDER, referenceFiles } from './reference.gen.ts';

test('every method says formula, assumptions, cost, when it lies, reference', () => {
  for (const { room, name, labels } of methodPages()) {
    const missing = LABELS.filter((label) => !labels.get(label));
    expect({ method: `${room}/${name}`, missing }).toEqual({ method: `${room}/${name}`, missing: [] });
  }
});

test('the pages in docs are those the sources give: bun src/kernel/stats/reference.gen.ts', () => {
  const files = referenceFiles();
  expect(readdirSync(PAGES_FOLDER).sort()).toEqual([...files.keys()].sort());
  for (const [name, text] of files) expect(readFileSync(join(PAGES_FOLDER, name), 'utf8')).toBe(text);
});

test('the door exports every function of every method', () => {
  const door = new Set(Object.keys(stats));
  const missing = methodPages()
    .flatMap(({ text }) =>
      [...text.matchAll(/^export (?:function|const|class) (\w+)/gm)].map((match) => match[1]!),
    )
    .filter((name) => !door.has(name));
  expect(missing).toEqual([]);
});
