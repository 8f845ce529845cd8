import { expect, test } from 'bun:test';
import * as say from './say.ts';

test('durations take the unit that fits', () => {
  const said = [
    0, 0.082, 0.999, 1, 4.2, 9.96, 420, 999.6, 4210, 5000, 42_100, 59_990, 192_000, 3_600_000, 7_500_000,
    1_047_600_000,
  ];
  expect(said.map(say.span)).toEqual([
    '0 ms',
    '0.08 ms',
    '1.0 ms',
    '1 ms',
    '4.2 ms',
    '10 ms',
    '420 ms',
    '1.00 s',
    '4.21 s',
    '5 s',
    '42.1 s',
    '1 m',
    '3 m 12 s',
    '1 h',
    '2 h 5 m',
    '12 d 3 h',
  ]);
  expect([say.span(undefined), say.span(-192_000)]).toEqual(['–', '−3 m 12 s']);
});

test('small money is never rounded to nothing', () => {
  const amounts = [0, 1, 12, 300, 1200, 9_900, 12_345, 999_000, 1_234_560, 98_765_432_100, -300];
  expect(amounts.map(say.dollars)).toEqual([
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
    '−$0.0003',
  ]);
});

test('an unpriced cost is not a zero', () => {
  expect(say.cost(0, 'unpriced')).toBe('unpriced');
  expect(say.cost(0, 'free')).toBe('free');
  expect(say.cost(1200, 'estimated')).toBe('≈ $0.0012');
});

test('only everything is 100 % and only nothing is 0 %; what is exact has no idle zeros', () => {
  const shares = [
    1, 0.99999, 0.9995, 0.984, 0.98004, 0.5, 0.05, 0.007, 0.00701, 0.0004, 0.000001, 0, -0.25, 2,
  ];
  expect(shares.map(say.percent)).toEqual([
    '100 %',
    '> 99.99 %',
    '99.95 %',
    '98.4 %',
    '98.0 %',
    '50 %',
    '5 %',
    '0.7 %',
    '0.70 %',
    '0.04 %',
    '< 0.01 %',
    '0 %',
    '−25 %',
    '200 %',
  ]);
  expect([say.percent(Number.NaN), say.percent(undefined)]).toEqual(['–', '–']);
});

test('an interval is rounded outwards, and no rate comes without one', () => {
  expect(say.interval(0.97812, 0.98833)).toBe('97.8–98.9 %');
  expect(say.interval(0, 1)).toBe('0–100 %');
  const rate = { count: 1_214, n: 1_234, rate: 1_214 / 1_234, low: 0.97512, high: 0.98943 };
  expect(say.rate(rate)).toBe('98.4 % (1,214 of 1,234, 95 % interval 97.5–99 %)');
  expect(say.shortRate(rate)).toBe('98.4 % of 1,234 [97.5–99]');
  expect(say.rate({ ...rate, count: 0, n: 0 })).toBe('no data');
});

test('bytes, counts, plurals and ratios', () => {
  expect([0, 999, 1000, 1_234, 123_456, 5_000_000, 12_340_000_000].map(say.bytes)).toEqual([
    '0 B',
    '999 B',
    '1 kB',
    '1.23 kB',
    '123 kB',
    '5 MB',
    '12.3 GB',
  ]);
  expect([9_999, 12_345, 4_560_000].map(say.compact)).toEqual(['9,999', '12.3k', '4.56M']);
  expect([say.plural(1, 'attempt'), say.plural(2, 'attempt'), say.plural(1200, 'try', 'tries')]).toEqual([
    '1 attempt',
    '2 attempts',
    '1,200 tries',
  ]);
  expect([0.0021, 0.421, 1.05, 12.34, 123].map(say.times)).toEqual([
    '< 0.01 ×',
    '0.42 ×',
    '1.05 ×',
    '12.3 ×',
    '123 ×',
  ]);
});

test('how long ago, in one unit', () => {
  expect([say.ago(0, 2_000), say.ago(0, 61_000), say.ago(7_200_000, 0)]).toEqual([
    'just now',
    '1 m ago',
    'in 2 h',
  ]);
});
