import { expect, test } from 'bun:test';
import { seeded } from './seeded.ts';
import { virtualClock } from './virtual.ts';

test('timers fire in order of due time, then of creation', async () => {
  const clock = virtualClock();
  const seen: string[] = [];
  clock.after(20, () => seen.push('c'));
  clock.after(10, () => seen.push('a'));
  clock.after(10, () => seen.push('b'));
  await clock.advance(15);
  expect(seen).toEqual(['a', 'b']);
  await clock.advance(5);
  expect(seen).toEqual(['a', 'b', 'c']);
});

test('a day of sleeping takes no time', async () => {
  const clock = virtualClock();
  const start = clock.now();
  await clock.run(clock.sleep(86_400_000));
  expect(clock.now() - start).toBe(86_400_000);
});

test('a cancelled timer and an aborted sleep leave nothing behind', async () => {
  const clock = virtualClock();
  clock.after(5, () => {
    throw new Error('cancelled timers must not fire');
  })();
  const abort = new AbortController();
  const sleeping = clock.sleep(1_000, abort.signal);
  abort.abort();
  await clock.run(sleeping);
  expect(clock.pending).toBe(0);
  expect(clock.monotonic()).toBe(0);
});

test('a promise that nothing will ever settle is reported, not awaited for ever', async () => {
  const clock = virtualClock();
  await expect(clock.run(new Promise(() => undefined))).rejects.toThrow('hangs');
});

test('however short a wait is, time has gone by when it is over', async () => {
  const clock = virtualClock();
  const due = clock.monotonic() + 0.00005;
  let looks = 0;
  while (clock.monotonic() < due && looks++ < 5) await clock.run(clock.sleep(due - clock.monotonic()));
  expect(looks).toBe(1);
});

test('every repeats until cancelled', async () => {
  const clock = virtualClock();
  let n = 0;
  const stop = clock.every(10, () => n++);
  await clock.advance(35);
  stop();
  await clock.advance(100);
  expect(n).toBe(3);
});

test('the seeded generator repeats itself, differs by seed and is roughly uniform', () => {
  const a = seeded(7);
  const b = seeded(7);
  const c = seeded(8);
  const mine = Array.from({ length: 10_000 }, a);
  expect(Array.from({ length: 10_000 }, b)).toEqual(mine);
  expect(c()).not.toBe(mine[0]);
  const mean = mine.reduce((s, x) => s + x, 0) / mine.length;
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.01);
});

test('what fell due in a stall runs late, in order, and a repeated one once', async () => {
  const clock = virtualClock();
  const seen: string[] = [];
  clock.every(10, () => seen.push(`every ${clock.monotonic()}`));
  clock.after(25, () => seen.push(`after ${clock.monotonic()}`));
  await clock.advance(15);
  clock.stall(100);
  await clock.advance(10);
  expect(seen).toEqual(['every 10', 'every 115', 'after 115', 'every 125']);
});
