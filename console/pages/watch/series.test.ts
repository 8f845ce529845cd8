import { expect, test } from 'bun:test';
import type { WatchPoint } from '@midwatch/contracts';
import type { Paint } from '../../charts/paint.ts';
import { seriesOf } from './series.ts';

const paint = new Proxy({} as Paint, { get: (_, name) => String(name) });
const point = (over: Partial<WatchPoint>): WatchPoint => ({
  at: 0,
  exchanges: 10,
  outcomes: { complete: 7, length: 2, cut: 1 },
  attempts: 10,
  microUsd: 5,
  ...over,
});

test('the outermost bar is all traffic, the innermost what was good', () => {
  const { traffic } = seriesOf([point({})], 'totalMs', paint);
  expect(traffic.map((each) => [each.label, each.values, each.fill])).toEqual([
    ['not good', [10], 'broken'],
    ['good', [7], 'good-fill'],
  ]);
});

test('families that are not good add up to what is not good', () => {
  const { bad } = seriesOf([point({})], 'totalMs', paint);
  expect(bad.map((each) => each.label)).toEqual(['left', 'broken', 'withheld', 'short']);
  expect(bad[0]?.values).toEqual([3]);
});

test('a step without a measurement is a gap, not a zero', () => {
  const measured = { p50: 1, p95: 2, p99: 3 };
  const { latency } = seriesOf([point({ totalMs: measured }), point({})], 'totalMs', paint);
  expect(latency.map((each) => each.values)).toEqual([
    [3, null],
    [2, null],
    [1, null],
  ]);
});
