import { expect, test } from 'bun:test';
import { virtualClock } from '#kernel';
import { busyness, newDemand } from './demand.ts';
import { ramp, rampTo } from './ramp.ts';

const MINUTE = 60_000;
const NOW = 30_000_000 * MINUTE;
const demand = (minutes: readonly number[]) => ({
  ...newDemand(),
  minute: NOW / MINUTE,
  minutes: minutes.map((n): [number, number, number] => [n, 0, 0]),
});
const hours = (...perMinute: readonly number[]) => perMinute.flatMap((n) => Array<number>(60).fill(n));

test('quiet is half of the busiest, or near the quietest quarter where it never falls so low', () => {
  expect(busyness(demand(hours(10, 100)), NOW)).toEqual({ now: 100, quiet: 50, busiest: 100 });
  expect(busyness(demand(hours(100, 10)), NOW)).toEqual({ now: 10, quiet: 50, busiest: 100 });
  expect(busyness(demand(hours(100, 100, 90, 80)), NOW)).toEqual({ now: 80, quiet: 100, busiest: 100 });
  // Nobody asks any more, however busy the last minutes were that had anything.
  expect(busyness(demand(hours(10, 100)), NOW + 11 * MINUTE)?.now).toBe(0);
  expect(busyness(demand(hours(100).slice(1)), NOW)).toBeUndefined();
});

test('a ramp stops before its next call when callers need the fallback, and that is no word on it', async () => {
  const clock = virtualClock({ seed: 1 });
  let calls = 0;
  const call = async () => {
    calls++;
    return undefined;
  };
  const ramped = await clock.run(
    ramp(clock, rampTo(10), call, undefined, () => (calls === 7 ? 'callers need it' : undefined)),
  );
  expect(ramped).toMatchObject({ halted: true, good: false, why: 'callers need it' });
  expect(calls).toBe(7);
});
