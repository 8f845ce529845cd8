import { expect, test } from 'bun:test';
import * as f from './format.ts';

test('ticks carry no zeros for show', () => {
  expect([0.5, 1, 100, 1000, 1500, 30_000, 300_000].map(f.durationTick)).toEqual([
    '0.5 ms',
    '1 ms',
    '100 ms',
    '1 s',
    '1.5 s',
    '30 s',
    '5 m',
  ]);
});

test('time is local, with the day when it is not today', () => {
  const at = new Date(2026, 10, 21, 3, 4, 5, 67).getTime();
  expect(f.localTime(at, at + 1000)).toBe('03:04:05');
  expect(f.localTime(at, at + 86_400_000)).toBe('11-21 03:04:05');
  expect(f.localFull(at)).toBe('2026-11-21 03:04:05.067');
  expect(f.utc(Date.UTC(2026, 10, 21, 12, 5, 11, 42))).toBe('2026-11-21 12:05:11.042 UTC');
});
