import { expect, test } from 'bun:test';
import { sameOrigin } from './origin.ts';

const passes = (headers: Record<string, string>, need: 'always' | 'if-browser' = 'always'): boolean => {
  try {
    sameOrigin(new Request('http://mw.test:4004/api/v1/keys', { method: 'POST', headers }), need);
    return true;
  } catch {
    return false;
  }
};

test.each([
  [{ 'sec-fetch-site': 'same-origin' }, true],
  [{ 'sec-fetch-site': 'same-site', origin: 'http://mw.test:4004', host: 'mw.test:4004' }, false],
  [{ 'sec-fetch-site': 'cross-site' }, false],
  [{ 'sec-fetch-site': 'none' }, false],
  [{ origin: 'http://mw.test:4004', host: 'mw.test:4004' }, true],
  [{ origin: 'https://mw.test', host: 'mw.test' }, true],
  [{ origin: 'http://mw.test:4005', host: 'mw.test:4004' }, false],
  [{ origin: 'http://evil.test', host: 'mw.test:4004' }, false],
  [{ origin: 'null', host: 'mw.test:4004' }, false],
  [{ host: 'mw.test:4004' }, false],
])('%p', (headers, expected) => {
  expect(passes(headers as Record<string, string>)).toBe(expected);
});

test('a login without any sign of a browser is a program', () => {
  expect(passes({ host: 'mw.test:4004' }, 'if-browser')).toBe(true);
  expect(passes({ origin: 'http://evil.test', host: 'mw.test:4004' }, 'if-browser')).toBe(false);
});
