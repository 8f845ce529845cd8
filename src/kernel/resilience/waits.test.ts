import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { BACKOFF, createBackoffState, nextWait } from './backoff.ts';
import { createParkState, earliestFree, PARK, park, parkedFor, parkSucceeded } from './park.ts';

const chance = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });

test('backoff: 200 ms doubling to 2 s, the first wait within 400 ms, all waits within the bound', () => {
  const u = 0.999;
  const state = createBackoffState();
  const waits: number[] = [];
  for (;;) {
    const wait = nextWait(state, { remaining: 60_000, random: () => u });
    if (wait === undefined) break;
    waits.push(Math.round(wait));
  }
  expect(waits).toEqual([200, 400, 800, 1599, 1999, 1999, 1999]);
  fc.assert(
    fc.property(
      fc.array(chance, { minLength: 1, maxLength: 200 }),
      fc.double({ min: 0, max: 2e4, noNaN: true }),
      (us, left) => {
        const s = createBackoffState();
        let before = 0;
        us.forEach((random, i) => {
          const wait = nextWait(s, { remaining: left - s.waited, random: () => random });
          if (wait === undefined) expect(s.waited).toBe(before);
          else {
            expect(wait).toBeLessThanOrEqual(BACKOFF.max);
            expect(wait).toBeGreaterThanOrEqual(BACKOFF.base / 2);
            if (i === 0) expect(wait).toBeLessThanOrEqual(400);
          }
          before = s.waited;
          expect(s.waited).toBeLessThanOrEqual(Math.min(BACKOFF.total, left));
        });
      },
    ),
    { seed: 1 },
  );
});

test('backoff never comes earlier than the target asked, and does not wait what does not fit', () => {
  fc.assert(
    fc.property(chance, fc.integer({ min: 0, max: 20_000 }), (random, asked) => {
      const wait = nextWait(createBackoffState(), { remaining: 5_000, random: () => random, asked });
      if (wait === undefined) expect(asked).toBeGreaterThan(4_800);
      else {
        expect(wait).toBeGreaterThanOrEqual(asked);
        expect(wait).toBeLessThanOrEqual(5_000);
      }
    }),
    { seed: 2 },
  );
});

test('park: a word from the target is kept to the millisecond, capped, and never shortened by a later one', () => {
  const state = createParkState();
  const random = () => 0.5;
  expect(park(state, { now: 1_000, startedAt: 900, wait: 7_000, random })).toBe(7_000);
  expect(park(state, { now: 2_000, startedAt: 950, wait: 100, random })).toBe(6_000);
  expect(parkedFor(state, 7_999)).toBe(1);
  expect(parkedFor(state, 8_000)).toBe(0);
  expect(park(state, { now: 9_000, startedAt: 8_500, wait: 1e9, random })).toBe(PARK.cap);
});

test('park: own times double from 1 s to 60 s with jitter, and a success starts again', () => {
  fc.assert(
    fc.property(fc.array(chance, { minLength: 1, maxLength: 12 }), (us) => {
      const state = createParkState();
      let now = 1_000_000;
      us.forEach((u, n) => {
        const wait = park(state, { now, startedAt: now - 10, random: () => u });
        const own = Math.min(48_000, 1_000 * 2 ** n);
        expect(wait).toBeGreaterThanOrEqual(own - 1e-6);
        expect(wait).toBeLessThanOrEqual(Math.min(60_000, own * 1.25) + 1e-6);
        now += wait + 100;
      });
      parkSucceeded(state, now);
      expect(park(state, { now: now + 1, startedAt: now, random: () => 0 })).toBeCloseTo(1_000, 6);
    }),
    { seed: 3 },
  );
});

test('park: a hundred refusals of one burst are one event', () => {
  const state = createParkState();
  for (let i = 0; i < 100; i++) park(state, { now: 10_000 + i * 20, startedAt: 9_000 + i, random: () => 0 });
  expect(state.streak).toBe(1);
  parkSucceeded(state, 9_500);
  expect(state.streak).toBe(1);
  expect(earliestFree([state, createParkState()], 10_500)).toBe(0);
  expect(earliestFree([state], 10_500)).toBe(500);
  expect(earliestFree([], 0)).toBeUndefined();
});

test('states survive a restart as plain JSON', () => {
  const state = createParkState();
  park(state, { now: 5, startedAt: 1, wait: 100, random: () => 0 });
  expect(JSON.parse(JSON.stringify(state))).toEqual(state);
});
