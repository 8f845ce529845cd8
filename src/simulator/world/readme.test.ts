import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { loadWorld } from './load.ts';

test('the world in the README is a world', () => {
  const readme = readFileSync(`${import.meta.dir}/../README.md`, 'utf8');
  const world = /```yaml\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  expect(loadWorld(world).timeline).toHaveLength(3);
});
