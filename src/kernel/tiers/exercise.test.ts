import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { seededRandom } from '../stats/index.ts';
import { PICK_START, pick, secondsToProve } from './exercise.ts';

test('the number picked is within one of n times the share, at every n', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.001, max: 1, noNaN: true }), fc.integer(), (share, seed) => {
      const random = seededRandom('pick', seed);
      let state = PICK_START;
      let picked = 0;
      for (let n = 1; n <= 3_000; n++) {
        const next = pick(state, share, random());
        state = next.state;
        if (next.exercise) picked++;
        expect(Math.abs(picked - n * share)).toBeLessThanOrEqual(1 + 1e-6);
      }
    }),
    { numRuns: 60, seed: 7 },
  );
});

test('which exchange is picked cannot be foretold, and a share of nothing picks none', () => {
  const random = seededRandom('where');
  const places = new Set<number>();
  let state = PICK_START;
  for (let i = 0; i < 100_000; i++) {
    const next = pick(state, 0.01, random());
    state = next.state;
    if (next.exercise) places.add(i % 100);
  }
  expect(places.size).toBe(100);
  expect(pick(PICK_START, 0, 0.5)).toEqual({ state: PICK_START, exercise: false });
});

test('time to a proof is what the share and the rate make of it', () => {
  expect(secondsToProve(59, 1, 0.01) / 60).toBeCloseTo(98.3, 1);
  expect(secondsToProve(59, 1, 0)).toBe(Number.POSITIVE_INFINITY);
  expect(secondsToProve(0, 0, 0)).toBe(0);
});
