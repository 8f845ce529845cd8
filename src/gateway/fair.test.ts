import { expect, test } from 'bun:test';
import { seen } from './failures.ts';
import { fair, firstTokenOf, ours, signalOf, tookOf } from './fair.ts';
import type { Try } from './walk.ts';

const tryOf = (more: Partial<Try>): Try =>
  ({ late: 0, endLate: 0, stood: false, firstToken: 400, ...more }) as Try;

test('a time counts as it is, less a little that may be ours, or not at all', () => {
  expect(fair(400, 0)).toBe(400);
  expect(fair(400, 100)).toBe(300);
  expect(fair(400, 101)).toBeUndefined();
  expect(firstTokenOf(tryOf({}))).toBe(400);
  expect(firstTokenOf(tryOf({ late: 80 }))).toBe(320);
  expect(firstTokenOf(tryOf({ stood: true }))).toBeUndefined();
  expect(tookOf(2_000, tryOf({ late: 80, endLate: 100 }))).toBe(1_820);
  expect(tookOf(2_000, tryOf({ late: 80, endLate: 600 }))).toBeUndefined();
});

test('a silence or a hang-up while we stood still is nobody’s fault; what a provider says is still its word', () => {
  const stood = tryOf({ stood: true });
  for (const kind of ['timeout_total', 'timeout_first_token', 'reset', 'cut'] as const) {
    expect(signalOf(stood, { outcome: 'cut', failure: seen(kind) })).toBe('none');
    expect(signalOf(tryOf({}), { outcome: 'cut', failure: seen(kind) })).toBe('bad');
  }
  for (const kind of ['overloaded', 'provider_error', 'in_band_error', 'connect', 'malformed'] as const) {
    expect(ours(stood, { outcome: 'error', failure: seen(kind) })).toBe(false);
    expect(signalOf(stood, { outcome: 'error', failure: seen(kind) })).toBe('bad');
  }
  expect(signalOf(stood, { outcome: 'complete' })).toBe('good');
});
