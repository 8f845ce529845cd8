import { expect, test } from 'bun:test';
import { createLag } from './lag.ts';
import { virtualClock } from './virtual.ts';

function house() {
  const clock = virtualClock();
  let busy = true;
  const stalls: number[] = [];
  const lag = createLag(
    clock,
    () => busy,
    (ms) => stalls.push(ms),
  );
  const idle = () => {
    busy = false;
  };
  return { clock, lag, time: clock.monotonic, stalls, freeze: clock.stall, idle };
}

test('a loop that keeps up is never late', async () => {
  const { clock, lag, time } = house();
  lag.begin();
  for (let i = 0; i < 50; i++) {
    expect(lag.late(time())).toBe(0);
    expect(lag.stood(time() - 1, time())).toBeUndefined();
    await clock.advance(7);
  }
  expect(lag.read()).toEqual({ stalls: 0, lateMs: 0, worstMs: 0 });
});

test('what is read after a freeze may be as old as that, whether timers or sockets are looked at first; what is read later is not', async () => {
  const { clock, lag, time, freeze, stalls } = house();
  lag.begin();
  await clock.advance(100);
  const asked = time();
  freeze(20_000);
  expect(lag.late(time())).toBeWithin(19_900, 20_001);
  expect(lag.stood(asked, time())?.to).toBe(time());
  await clock.advance(0);
  expect(lag.late(time())).toBeWithin(19_900, 20_001);
  const resumed = time();
  await clock.advance(20);
  expect(lag.late(time())).toBe(0);
  // Whatever began before it was over has it in its time, for good; what began after has not.
  expect(lag.stood(asked, time())).toEqual({ from: 100, to: 20_100 });
  expect(lag.stood(resumed, time())).toBeUndefined();
  expect(stalls).toHaveLength(1);
  expect(lag.read()).toMatchObject({ stalls: 1, worstMs: stalls[0] as number });
});

test('a busy loop is late by a round or two of it, and that is no stall', async () => {
  const { clock, lag, time, freeze } = house();
  lag.begin();
  for (let i = 0; i < 20; i++) {
    freeze(200);
    await clock.advance(0);
    expect(lag.late(time())).toBe(160);
    // Of what is read at the end of the next round, both.
    expect(lag.late(time() + 200)).toBe(360);
  }
  expect(lag.stood(0, time())).toBeUndefined();
  expect(lag.read()).toEqual({ stalls: 0, lateMs: 3_600, worstMs: 180 });
});

test('nothing beats while nothing is under way', async () => {
  const { clock, lag, time, freeze, idle } = house();
  lag.begin();
  lag.begin();
  expect(clock.pending).toBe(1);
  idle();
  await clock.advance(20);
  expect(clock.pending).toBe(0);
  freeze(60_000);
  lag.begin();
  expect(lag.late(time())).toBe(0);
  expect(lag.read().stalls).toBe(0);
});
