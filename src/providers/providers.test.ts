import { expect, test } from 'bun:test';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { ProviderCall } from '#contracts';
import { findProvider, providers } from './index.ts';

const folders = readdirSync(import.meta.dir, { withFileTypes: true }).flatMap((e) =>
  e.isDirectory() && e.name !== 'prices' ? [e.name] : [],
);

test('the list and the folders are the same', () => {
  expect(providers.map((p) => p.name)).toEqual(folders.sort());
});

interface Case {
  readonly call: ProviderCall;
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
}

for (const folder of folders) {
  const provider = findProvider(folder);
  const path = `${import.meta.dir}/${folder}`;
  const cases = JSON.parse(readFileSync(`${path}/fixture.json`, 'utf8')) as Case[];

  test(`${folder}: builds the calls of its fixture and has a page`, () => {
    expect(existsSync(`${path}/README.md`)).toBe(true);
    expect(cases.length).toBeGreaterThan(0);
    for (const { call, url, headers } of cases)
      expect(provider?.request(call)).toEqual({ url, headers } as ReturnType<
        NonNullable<typeof provider>['request']
      >);
  });

  test(`${folder}: never puts its key into the URL, and sends no credential without one`, () => {
    for (const { call } of cases) {
      expect(provider?.request(call).url).not.toContain('key-of-mine');
      const { apiKey: _, ...bare } = call;
      expect(JSON.stringify(provider?.request(bare))).not.toMatch(/authorization|api-key/);
    }
  });
}
