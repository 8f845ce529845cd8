import { expect, test } from 'bun:test';
import { matches } from './match.ts';

test('words are found by their beginnings, in any order', () => {
  expect(matches('', 'Go to Watch')).toBe(true);
  expect(matches('ro su', 'Route support-eu')).toBe(true);
  expect(matches('eu ro', 'Route support-eu')).toBe(true);
  expect(matches('port', 'Route support-eu')).toBe(true);
  expect(matches('or', 'Route support-eu')).toBe(false);
  expect(matches('route x', 'Route support-eu')).toBe(false);
});
