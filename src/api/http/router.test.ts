import { expect, test } from 'bun:test';
import { endpoints } from '../resources/index.ts';
import { allowed, router } from './router.ts';

const match = router(endpoints);

test('every endpoint of the table is found by its own path', () => {
  for (const endpoint of endpoints) {
    const found = match(endpoint.path.replace(':id', 'an%2Fid').replace(':name', 'a%20name'));
    expect(found?.methods.get(endpoint.method)).toBe(endpoint);
    if (endpoint.path.includes(':id')) expect(found?.params.id).toBe('an/id');
  }
});

test.each([
  '/',
  '',
  '/keys/',
  '/keys//revoke',
  '/exchanges/a/b/c',
  '/exchanges/%E0%A4%A',
  '/Keys',
  '/routes/',
  '/keys/%00/revoke',
])('nothing is at %p', (path) => {
  expect(match(path)).toBeUndefined();
});

test('allowed methods', () => {
  const found = match('/keys');
  expect(found && allowed(found)).toBe('GET, HEAD, POST, OPTIONS');
});
