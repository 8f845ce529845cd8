import { expect, test } from 'bun:test';
import { level, QUEUE, TooMuchLoad } from './load-test.ts';

const WORLD = { own: { median: 180, sigma: 0.35 }, wait: 100, rate: 0.5, queue: QUEUE } as const;

test('a level has a prediction and a measurement, and a policy holds the worst of it', async () => {
  const { predicted, measured, held } = await level(WORLD, 10, { seeds: [1], span: 900_000, held: true });
  expect(measured.failed).toBe(0);
  expect(measured.p95).toBeGreaterThan(measured.p50);
  // A quarter of an hour is short for queues that last for minutes.
  expect(predicted.p95 / measured.p95).toBeWithin(0.4, 2.5);
  expect(predicted.p95).toBeGreaterThan(1_000);
  expect(held?.failed).toBe(0);
  expect(held?.p95).toBeLessThan(measured.p95);
}, 120_000);

test('more of our own than there is room for is refused before it runs', async () => {
  const [one] = await Promise.allSettled([
    level({ ...WORLD, rate: 50 }, 1, { seeds: [1], span: 60_000, held: false }),
  ]);
  expect(one).toMatchObject({ status: 'rejected', reason: expect.any(TooMuchLoad) });
});
