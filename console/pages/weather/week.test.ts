import { expect, test } from 'bun:test';
import type { HourView } from '@midwatch/contracts';
import { scaleOf } from './week.ts';

const cell = (p95: number, hour = 0): HourView => ({
  hour,
  p50: p95 / 2,
  p95,
  p99: p95 * 2,
  n: 10,
  weeks: 4,
});

test('twice as slow is the same step wherever it happens', () => {
  const { of } = scaleOf([cell(100), cell(200), cell(400)]);
  expect([of(100), of(200), of(400)]).toEqual([0, 0.5, 1]);
});

test('a flat week is one shade', () => {
  const { of } = scaleOf([cell(100), cell(102)]);
  expect(of(102)).toBeLessThan(0.1);
});
