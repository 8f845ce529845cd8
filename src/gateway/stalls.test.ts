import { expect, test } from 'bun:test';
import { seeded } from '#kernel';
import { drawNormal } from '#kernel/stats';
import { Silences, Stall } from './stalls.ts';

const random = seeded('stalls');
const gap = () => 40 * Math.exp(0.5 * drawNormal(random));

/** So many good streams, each silent for `thinks` once in ten. */
function learnt(streams: number, { scale = 1, thinks = 0 } = {}): Silences {
  const silences = new Silences();
  for (let i = 0; i < streams; i++) {
    const stall = new Stall(silences, 5, () => true);
    for (let token = 0; token < 100; token++) stall.silence(scale * gap());
    if (i % 10 === 0) stall.silence(thinks);
    stall.learn();
  }
  return silences;
}

test('nothing is a stall before twenty good streams were seen', () => {
  expect(learnt(19).stall(5)).toBe(Number.POSITIVE_INFINITY);
  expect(learnt(20).stall(5)).toBeLessThan(Number.POSITIVE_INFINITY);
});

test('a stall is so many times the p99 of the silences, and never less than a second', () => {
  // p99 = 40 ms × e^(2.33 · 0.5) = 128 ms.
  expect(learnt(200).stall(5)).toBe(1_000);
  expect(learnt(200, { scale: 10 }).stall(5) / 6_400).toBeWithin(0.93, 1.07);
});

test('a target that thinks in the middle of one answer in ten is waited for', () => {
  expect(learnt(200, { thinks: 8_000 }).stall(5)).toBe(8_000);
});

test('what has become usual is usual, and a target that became fast again is held to that', () => {
  const silences = learnt(600, { scale: 10 });
  for (let i = 0; i < 3_000; i++) {
    const stall = new Stall(silences, 20, () => true);
    for (let token = 0; token < 100; token++) stall.silence(gap());
    stall.learn();
  }
  expect(silences.stall(20) / (20 * 128)).toBeWithin(0.93, 1.07);
});
