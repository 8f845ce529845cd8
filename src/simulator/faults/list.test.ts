import { expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { folders } from './generate.ts';
import { FAULTS } from './list.ts';

test('the list has every folder, in order, under the name of its fault', () => {
  expect(FAULTS.map((fault) => fault.name)).toEqual(folders());
});

test.each(folders())('%s has a test and a note of its own', (name) => {
  expect(existsSync(`${import.meta.dir}/${name}/index.test.ts`)).toBe(true);
  expect(existsSync(`${import.meta.dir}/${name}/README.md`)).toBe(true);
});

test.each(FAULTS.map((fault) => [fault.name, fault] as const))('%s works without parameters', (_, fault) => {
  expect(Object.keys(fault.inject({})).length).toBeGreaterThan(0);
  // Reference pages and forms are made from this.
  expect(z.toJSONSchema(fault.params, { io: 'input', unrepresentable: 'any' }).type).toBe('object');
  expect(fault.summary).toMatch(/^[A-Z].*\.$/);
});
