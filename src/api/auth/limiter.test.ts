import { expect, test } from 'bun:test';
import { virtualClock } from '#kernel';
import { createLimiter } from './limiter.ts';

test('ten failures a minute, then a wait until the oldest is a minute old; other addresses go on', async () => {
  const clock = virtualClock();
  const limiter = createLimiter(clock);
  for (let i = 0; i < 10; i++) {
    expect(limiter.wait('a')).toBe(0);
    limiter.attempt('a');
    await clock.advance(1_000);
  }
  expect(limiter.wait('a')).toBe(50_000);
  expect(limiter.wait('b')).toBe(0);
  await clock.advance(50_000);
  expect(limiter.wait('a')).toBe(0);
  limiter.attempt('a');
  expect(limiter.wait('a')).toBe(1_000);
});

test('attempts under way count, forgiven ones do not, in whatever order they end', () => {
  const limiter = createLimiter(virtualClock());
  const forgive = Array.from({ length: 10 }, () => limiter.attempt('a'));
  expect(limiter.wait('a')).toBeGreaterThan(0);
  forgive[3]?.();
  forgive[9]?.();
  expect(limiter.wait('a')).toBe(0);
  limiter.attempt('a');
  expect(limiter.wait('a')).toBe(0);
  limiter.attempt('a');
  expect(limiter.wait('a')).toBeGreaterThan(0);
});
