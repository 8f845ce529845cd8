import { expect, test } from 'bun:test';
import { dayProfile, exhaustion, needOf } from './day.ts';
import { createDays } from './days.ts';

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

test('one call a moment ago is no pace of a call a moment', () => {
  const profile = dayProfile();
  profile.add(160, 0);
  expect(profile.expected(10 * HOUR, 2_000)).toBeLessThan(1_000);
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

test('what must be left is the most that use gets ahead of the refill, and falls as the day goes on', () => {
  const expected = (at: number) => (at < 8 * HOUR || at >= 16 * HOUR ? 0 : 1_000);
  expect(needOf(0, expected, 0, 24 * HOUR)).toBeCloseTo(8_000, 0);
  expect(needOf(0, expected, 12 * HOUR, 24 * HOUR)).toBeCloseTo(4_000, 0);
  expect(needOf(0, expected, 16 * HOUR, 24 * HOUR)).toBe(0);
  // Refilled by 400 an hour: the eight quiet hours pay for 3,200 of the eight busy ones.
  expect(needOf(400 / HOUR, expected, 0, 24 * HOUR)).toBeCloseTo(8_000 - 16 * 400, 0);
  expect(needOf(400 / HOUR, expected, 8 * HOUR, 24 * HOUR)).toBeCloseTo(4_800, 0);
});

test('of a limit that three replicas share each leaves people what all of them need', () => {
  const limit = { axis: 'tokensPerDay', rate: 0, depth: 100_000 } as const;
  const reserve = (replicas: number) => {
    const days = createDays();
    let used = 0;
    for (let minute = 0; minute < 36 * 60; minute++) {
      const now = minute * 60_000;
      days.add(limit.axis, 'interactive', 10, now);
      used += 10 * replicas;
      days.look({ ...limit, endsAt: 48 * HOUR }, used, now);
    }
    return days.reserve({ ...limit, endsAt: 48 * HOUR }, 'batch', 36 * HOUR) as number;
  };
  expect(reserve(1) / (1.25 * 12 * 600)).toBeWithin(0.99, 1.02);
  expect(reserve(3) / reserve(1)).toBeWithin(2.5, 3.01);
});
