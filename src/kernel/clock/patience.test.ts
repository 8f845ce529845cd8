import { expect, test } from 'bun:test';
import { virtualClock } from '#kernel';
import { patiently } from './patience.ts';

test('with nothing in the way it is a timer', async () => {
  const clock = virtualClock();
  let done = -1;
  patiently(clock, 50, () => {
    done = clock.monotonic();
  });
  await clock.advance(1_000);
  expect(done).toBe(50);
});

test('cancelled it never calls', async () => {
  const clock = virtualClock();
  let called = false;
  const cancel = patiently(clock, 50, () => {
    called = true;
  });
  await clock.advance(30);
  cancel();
  await clock.advance(1_000);
  expect(called).toBe(false);
  expect(clock.pending).toBe(0);
});

/** A clock whose timers all fire `late` milliseconds late: a process that is busy with something else. */
const busy = (late: number) => {
  const clock = virtualClock();
  return { clock, stalled: { ...clock, after: (ms: number, fn: () => void) => clock.after(ms + late, fn) } };
};

test('a stall of our own is not held against whoever was to answer', async () => {
  const { clock, stalled } = busy(300);
  let called = false;
  patiently(stalled, 50, () => {
    called = true;
  });
  await clock.advance(5_000);
  expect(called).toBe(false);
});

test('and still nobody waits for ever', async () => {
  const { clock, stalled } = busy(300);
  let called = false;
  patiently(stalled, 50, () => {
    called = true;
  });
  await clock.advance(60_000);
  expect(called).toBe(true);
});
