import { expect, test } from 'bun:test';
import { virtualClock } from '../clock/index.ts';
import { exchangeIds, isExchangeId, timeOf } from './index.ts';

test('ids are UUIDv7, unique, sorted by creation even within one millisecond and across a clock that steps back', () => {
  const clock = virtualClock();
  let back = 0;
  const id = exchangeIds({ ...clock, now: () => clock.now() - back });
  const made: string[] = [];
  for (let i = 0; i < 10_000; i++) {
    if (i === 5_000) back = 60_000;
    made.push(id());
  }
  expect(made.every(isExchangeId)).toBe(true);
  expect(new Set(made).size).toBe(made.length);
  expect([...made].sort()).toEqual(made);
});

test('an id carries its event time', () => {
  const clock = virtualClock({ start: 1_790_000_000_123 });
  expect(timeOf(exchangeIds(clock)())).toBe(1_790_000_000_123);
});
