import { expect, test } from 'bun:test';
import { cluster, logTicks, lonely, midwatches, stack, timeTicks } from './shape.ts';

const HOUR = 3_600_000;

test('a stack is outermost first and ends with the bottom alone', () => {
  expect(
    stack([
      [1, 2],
      [10, 20],
      [100, 200],
    ]),
  ).toEqual([
    [111, 222],
    [11, 22],
    [1, 2],
  ]);
  expect(stack([])).toEqual([]);
});

test('midwatches are midnight to four local time, cut at the window', () => {
  const at = (day: number, hour: number): number => new Date(2026, 10, day, hour).getTime();
  expect(midwatches(at(20, 22), at(22, 2))).toEqual([
    { from: at(21, 0), to: at(21, 4) },
    { from: at(22, 0), to: at(22, 2) },
  ]);
  expect(midwatches(at(20, 1), at(20, 2))).toEqual([]);
});

test('marks that would touch become one; marks outside are left out', () => {
  const found = cluster([{ at: 90 }, { at: 10 }, { at: 11 }, { at: 500 }], { from: 0, to: 100 }, 0.05);
  expect(found.map((each) => [each.x, each.members.length])).toEqual([
    [0.1, 2],
    [0.9, 1],
  ]);
});

test('time ticks stand on round times and never exceed what fits', () => {
  for (const span of [60_000, HOUR, 6 * HOUR, 24 * HOUR, 7 * 24 * HOUR, 30 * 24 * HOUR]) {
    const from = new Date(2026, 10, 21, 3, 7, 11).getTime();
    const { at, step } = timeTicks(from, from + span, 8);
    expect(at.length).toBeGreaterThan(1);
    expect(at.length).toBeLessThanOrEqual(9);
    expect(new Date(at[0] ?? 0).getSeconds() % Math.min(60, step / 1000)).toBe(0);
  }
});

test('log ticks are round and inside', () => {
  expect(logTicks(40, 20_000)).toEqual([100, 1000, 10_000]);
  expect(logTicks(100, 1000)).toEqual([100, 200, 300, 500, 700, 1000]);
  expect(logTicks(0, 10)).toEqual([]);
});

test('only what has no neighbour stands alone', () => {
  expect(lonely([1, null, 2, 3, null, 4])).toEqual([0, 5]);
  expect(lonely([])).toEqual([]);
});
