import { expect, test } from 'bun:test';
import { files, importsOf, resolveImport, roomOf } from './tree.ts';

/** A room is entered by its door (`#kernel`), never through a window (`../kernel/clock/system.ts`). */
test('no relative import leaves its room', () => {
  const broken: string[] = [];
  for (const file of files(/^(contracts|src|sdk|console|drills)\/.*\.tsx?$/)) {
    for (const path of importsOf(file)) {
      const target = resolveImport(file, path);
      if (target.kind === 'file' && roomOf(target.name) !== roomOf(file))
        broken.push(`${file} imports ${path}`);
    }
  }
  expect(broken).toEqual([]);
});
