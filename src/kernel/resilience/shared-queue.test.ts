import { expect, test } from 'bun:test';
import { drawNormal, normalQuantile, seededRandom } from '#kernel/stats';
import { erlangC, line, quantileWith, useFor, waitAt } from './shared-queue.ts';

test('Erlang C agrees with tables, and with one server is the load', () => {
  expect(erlangC(1, 0.3)).toBeCloseTo(0.3, 12);
  // Ten servers at eight Erlang.
  expect(erlangC(10, 8)).toBeCloseTo(0.40918, 4);
  expect(erlangC(5, 0)).toBe(0);
  expect(() => erlangC(2, 2)).toThrow(RangeError);
});

test('a wait is found for a mean, and grows without bound', () => {
  const queue = { servers: 20, service: 2_000, variation: 0.8 };
  for (const mean of [10, 100, 1_000, 10_000]) expect(useFor(queue, mean).mean).toBeCloseTo(mean, 1);
  expect(waitAt(queue, 0.99).mean).toBeGreaterThan(waitAt(queue, 0.9).mean * 5);
});

test('what is predicted is what a line shows', () => {
  const queue = { servers: 20, service: 2_000, variation: 0.8 };
  const sigma = Math.sqrt(Math.log(1 + queue.variation ** 2));
  const random = seededRandom('shared-queue', 1);
  const lognormal = (median: number, s: number) => median * Math.exp(s * drawNormal(random));
  for (const mean of [100, 300, 1_000]) {
    const wait = useFor(queue, mean);
    const rate = (wait.use * queue.servers) / queue.service;
    const seen: number[] = [];
    const one = line(queue.servers);
    let now = 0;
    for (let i = 0; i < 400_000; i++) {
      now += -Math.log(1 - random()) / rate;
      const service = lognormal(queue.service * Math.exp(-(sigma ** 2) / 2), sigma);
      seen.push(one.arrive(now, service) + lognormal(250, 0.35));
    }
    seen.sort((a, b) => a - b);
    for (const q of [0.5, 0.95]) {
      const predicted = quantileWith(wait, (p) => 250 * Math.exp(0.35 * normalQuantile(p)), q);
      expect(predicted / (seen[Math.floor(q * seen.length)] as number)).toBeWithin(0.85, 1.15);
    }
  }
});
