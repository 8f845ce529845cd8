import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { duration, retryAfter } from './retry-after.ts';

const wait = (headers: Record<string, string>) => retryAfter(headers);
const DATE = 'Wed, 21 Oct 2026 07:28:00 GMT';

test('seconds, milliseconds and dates', () => {
  expect(wait({ 'retry-after': '2' })).toBe(2000);
  expect(wait({ 'retry-after': '0.5' })).toBe(500);
  expect(wait({ 'retry-after': '2', 'retry-after-ms': '1234' })).toBe(1234);
  expect(wait({ 'retry-after': 'Wed, 21 Oct 2026 07:28:30 GMT', date: DATE })).toBe(30_000);
  expect(wait({ 'retry-after': 'Wed, 21 Oct 2026 07:27:30 GMT', date: DATE })).toBe(0);
  expect(wait({ 'retry-after': 'Wed, 21 Oct 2026 07:28:30 GMT' })).toBeUndefined();
  expect(wait({ 'retry-after': 'soon', date: DATE })).toBeUndefined();
  expect(wait({})).toBeUndefined();
});

test('the limit that is used up decides', () => {
  expect(
    wait({
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '6m0s',
      'x-ratelimit-remaining-tokens': '500',
      'x-ratelimit-reset-tokens': '20ms',
    }),
  ).toBe(360_000);
  expect(wait({ 'x-ratelimit-reset-requests': '1s', 'x-ratelimit-reset-tokens': '250ms' })).toBe(250);
  expect(
    wait({
      date: DATE,
      'anthropic-ratelimit-tokens-remaining': '0',
      'anthropic-ratelimit-tokens-reset': '2026-10-21T07:28:12Z',
      'anthropic-ratelimit-requests-remaining': '10',
      'anthropic-ratelimit-requests-reset': '2026-10-21T07:29:00Z',
    }),
  ).toBe(12_000);
  expect(wait({ 'anthropic-ratelimit-tokens-reset': '2026-10-21T07:28:12Z' })).toBeUndefined();
});

test('durations of every unit add up', () => {
  const units = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'm'],
    [1000, 's'],
    [1, 'ms'],
  ] as const;
  fc.assert(
    fc.property(fc.tuple(...units.map(() => fc.option(fc.nat(90)))), (counts) => {
      const text = counts.map((n, i) => (n === null ? '' : `${n}${units[i]?.[1]}`)).join('');
      const total = counts.reduce<number>((sum, n, i) => sum + (n ?? 0) * (units[i]?.[0] ?? 0), 0);
      expect(duration(text)).toBe(text === '' ? undefined : total);
    }),
    { seed: 1 },
  );
  expect(duration('1.5s')).toBe(1500);
  expect(duration('3')).toBe(3000);
  expect(duration('1790000000')).toBeUndefined();
  expect(duration('tomorrow')).toBeUndefined();
});
