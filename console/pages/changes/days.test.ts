import { expect, test } from 'bun:test';
import { byDay } from './days.ts';

test('rows fall into local days without losing their order', () => {
  const at = (date: number, hour: number): { at: number } => ({
    at: new Date(2026, 10, date, hour).getTime(),
  });
  expect(byDay([at(21, 9), at(21, 0), at(20, 23)]).map(([name, rows]) => [name, rows.length])).toEqual([
    ['2026-11-21', 2],
    ['2026-11-20', 1],
  ]);
  expect(byDay([])).toEqual([]);
});
