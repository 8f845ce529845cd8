import { expect, test } from 'bun:test';
import { readFile } from 'node:fs/promises';
import { papers } from '../openapi.gen.ts';
import { endpoints } from '../resources/index.ts';
import { openapi } from './document.ts';

test('the generated papers are those in the repository', async () => {
  for (const [path, text] of await papers()) {
    const stands = await readFile(new URL(`../../../${path}`, import.meta.url), 'utf8');
    expect(stands === text, `${path} is stale: run bun src/api/openapi.gen.ts`).toBe(true);
  }
});

test('every reference in the document leads somewhere and operation ids are unique', () => {
  const document = openapi(endpoints, '1.2.3') as {
    paths: Record<string, Record<string, { operationId: string }>>;
    components: { schemas: Record<string, unknown> };
  };
  const text = JSON.stringify(document);
  const refs = [...text.matchAll(/"\$ref":"([^"]*)"/g)].map(([, ref]) => ref as string);
  expect(refs.length).toBeGreaterThan(20);
  for (const ref of refs)
    expect(Object.keys(document.components.schemas)).toContain(ref.replace('#/components/schemas/', ''));
  const ids = Object.values(document.paths).flatMap((path) => Object.values(path).map((o) => o.operationId));
  expect(ids.length).toBe(endpoints.length);
  expect(new Set(ids).size).toBe(ids.length);
});

test('every parameter and every request field says what it is', () => {
  const { paths } = openapi(endpoints, '1.2.3') as {
    paths: Record<
      string,
      Record<
        string,
        { parameters?: { in: string; name: string; description?: string }[]; requestBody?: unknown }
      >
    >;
  };
  for (const operation of Object.values(paths).flatMap((path) => Object.values(path)))
    for (const parameter of operation.parameters ?? [])
      if (parameter.in === 'query') expect(parameter.description, parameter.name).toBeString();
  const bodies = JSON.stringify(
    Object.values(paths).flatMap((p) => Object.values(p).map((o) => o.requestBody)),
  );
  expect(bodies).toContain('Who answers for it.');
});

test('only status, login and logout are open', () => {
  const open = endpoints.filter((e) => e.access === 'open').map((e) => e.path);
  expect(open).toEqual(['/status', '/login', '/logout']);
  const viewable = endpoints.filter((e) => e.method === 'POST' && e.access === 'viewer');
  expect(viewable).toEqual([]);
});
