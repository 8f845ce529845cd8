import { expect, test } from 'bun:test';
import * as f from './format.ts';

test('durations take the unit that fits', () => {
  const said = [
    0, 0.082, 0.999, 4.2, 9.96, 420, 999.6, 4210, 42_100, 59_990, 192_000, 3_600_000, 7_500_000,
    1_047_600_000,
  ];
  expect(said.map(f.duration)).toEqual([
    '0 ms',
    '0.08 ms',
    '1.0 ms',
    '4.2 ms',
    '10 ms',
    '420 ms',
    '1.00 s',
    '4.21 s',
    '42.1 s',
    '1 m',
    '3 m 12 s',
    '1 h',
    '2 h 5 m',
    '12 d 3 h',
  ]);
  expect(f.duration(undefined)).toBe('–');
});

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

test('small money is never rounded to nothing', () => {
  expect([0, 1, 12, 300, 1200, 9_900, 12_345, 999_000, 1_234_560, 98_765_432_100].map(f.money)).toEqual([
    '$0',
    '$0.000001',
    '$0.000012',
    '$0.0003',
    '$0.0012',
    '$0.0099',
    '$0.012',
    '$0.999',
    '$1.23',
    '$98,765',
  ]);
});

test('an unpriced cost is not a zero', () => {
  expect(f.costText(0, 'unpriced')).toBe('unpriced');
  expect(f.costText(0, 'free')).toBe('free');
  expect(f.costText(1200, 'estimated')).toBe('≈ $0.0012');
});

test('only everything is 100 % and only nothing is 0 %', () => {
  expect([1, 0.99999, 0.9995, 0.984, 0.5, 0.0004, 0.000001, 0].map(f.percent)).toEqual([
    '100%',
    '99.99%',
    '99.95%',
    '98.4%',
    '50.0%',
    '0.04%',
    '0.01%',
    '0%',
  ]);
  expect(f.percent(Number.NaN)).toBe('–');
});

test('an interval is rounded outwards', () => {
  expect(f.interval(0.97812, 0.98833)).toBe('97.8–98.9%');
  expect(f.interval(0, 1)).toBe('0–100%');
});

test('bytes, counts and plurals', () => {
  expect([0, 999, 1000, 123_456, 5_000_000, 12_340_000_000].map(f.bytes)).toEqual([
    '0 B',
    '999 B',
    '1.00 kB',
    '123 kB',
    '5.00 MB',
    '12.3 GB',
  ]);
  expect([9_999, 12_345, 4_560_000].map(f.compact)).toEqual(['9,999', '12.3K', '4.56M']);
  expect([f.plural(1, 'attempt'), f.plural(2, 'attempt'), f.plural(1200, 'try', 'tries')]).toEqual([
    '1 attempt',
    '2 attempts',
    '1,200 tries',
  ]);
});

test('time is local, with the day when it is not today', () => {
  const at = new Date(2026, 10, 21, 3, 4, 5, 67).getTime();
  expect(f.localTime(at, at + 1000)).toBe('03:04:05');
  expect(f.localTime(at, at + 86_400_000)).toBe('11-21 03:04:05');
  expect(f.localFull(at)).toBe('2026-11-21 03:04:05.067');
  expect(f.utc(Date.UTC(2026, 10, 21, 12, 5, 11, 42))).toBe('2026-11-21 12:05:11.042 UTC');
  expect([f.ago(at, at + 2000), f.ago(at, at + 61_000), f.ago(at + 7_200_000, at)]).toEqual([
    'just now',
    '1 m ago',
    'in 2 h',
  ]);
});
