import { expect, test } from 'bun:test';
import { dayProfile, exhaustion } from './day.ts';

const HOUR = 3_600_000;
const hourly = (profile: ReturnType<typeof dayProfile>, from: number, to: number, amount: number) => {
  for (let hour = from; hour < to; hour++)
    for (let i = 0; i < 10; i++) profile.add(amount / 10, (hour + i / 10) * HOUR);
};

test('a day like the one before is expected to go on like it, a busier one so much busier', () => {
  const profile = dayProfile();
  hourly(profile, 0, 24, 1_000);
  hourly(profile, 24, 36, 1_000);
  expect(profile.expected(40 * HOUR, 36 * HOUR)).toBeCloseTo(1_000, 0);
  const busy = dayProfile();
  hourly(busy, 0, 24, 1_000);
  hourly(busy, 24, 36, 2_000);
  expect(busy.expected(40 * HOUR, 36 * HOUR) / 2_000).toBeWithin(0.8, 1.001);
});

test('an hour that began a minute before its end is not taken for sixty of that minute', () => {
  const profile = dayProfile();
  profile.add(1_000, HOUR - 60_000);
  hourly(profile, 1, 24, 1_000);
  expect(profile.expected(24.5 * HOUR, 24 * HOUR)).toBeLessThan(1_100);
});

test('three calls instead of one in a quiet hour foretell nothing of the day', () => {
  const profile = dayProfile();
  const quiet = (from: number, to: number, calls: number) => {
    for (let hour = from; hour < to; hour++)
      for (let i = 0; i < calls; i++) profile.add(10, (hour + i / calls) * HOUR);
  };
  for (const day of [0, 24]) {
    quiet(day, day + 6, 1);
    hourly(profile, day + 6, day + 24, 10_000);
  }
  quiet(48, 53, 3);
  expect(profile.expected(60 * HOUR, 53 * HOUR)).toBeLessThan(14_000);
});

test('before any day was seen the latest pace goes on', () => {
  const profile = dayProfile();
  hourly(profile, 0, 3, 500);
  expect(profile.expected(10 * HOUR, 3 * HOUR)).toBeCloseTo(500, 0);
});

test('what is refilled by night does not fill a limit above its rim', () => {
  const expected = (at: number) => (at < 10 * HOUR ? 0 : 2_000);
  const rate = 1_000 / HOUR;
  // Full at 0, ten quiet hours, then a thousand an hour more than is refilled.
  expect(exhaustion(3_000, { rate, depth: 3_000 }, expected, 0, 24 * HOUR)).toBeCloseTo(13 * HOUR, 0);
});
