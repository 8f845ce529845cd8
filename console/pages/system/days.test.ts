import { expect, test } from 'bun:test';
import { dayTable } from './days.ts';

test('partitions become days by tables, newest first, gaps left empty', () => {
  const table = dayTable([
    { day: '2026-11-20', table: 'exchange', bytes: 5 },
    { day: '2026-11-21', table: 'exchange', bytes: 7 },
    { day: '2026-11-21', table: 'body', bytes: 100 },
  ]);
  expect(table).toEqual({
    tables: ['body', 'exchange'],
    days: [
      { day: '2026-11-21', bytes: [100, 7], total: 107 },
      { day: '2026-11-20', bytes: [undefined, 5], total: 5 },
    ],
  });
});
