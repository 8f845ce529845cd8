import { expect, test } from 'bun:test';
import { drawNormal, seededRandom } from '#kernel/stats';
import { effort } from './effort.ts';

const policy = effort();
const MINUTE = 60_000;

/** 300 ms and 0.05 ms a token, log-normal around it, sizes log-uniform from 100 to 30,000. */
function learnt(seed: number, n: number, contended = 0) {
  const random = seededRandom('effort', seed);
  const state = policy.create();
  for (let i = 0; i < n; i++) {
    const size = 100 * 300 ** random();
    const factor = random() < contended ? 30 : 1;
    policy.observe(
      state,
      1e12 + i * 1_000,
      size,
      factor * (300 + 0.05 * size) * Math.exp(0.4 * drawNormal(random)),
    );
  }
  return state;
}

test('the line is found, in spite of stragglers and of a fifth of contended answers', () => {
  for (let seed = 0; seed < 20; seed++)
    for (const contended of [0, 0.05, 0.2]) {
      const state = learnt(seed, 4_000, contended);
      for (const size of [200, 2_000, 20_000]) {
        const found = policy.expect(state, size) as number;
        // A fifth of stragglers moves a median up to Q(.625).
        expect(Math.abs(Math.log(found / (300 + 0.05 * size)))).toBeLessThan(contended === 0.2 ? 0.25 : 0.12);
      }
    }
});

test('nothing is said before the first fit; the state survives as JSON; garbage changes nothing', () => {
  const state = policy.create();
  expect(policy.expect(state, 100)).toBeUndefined();
  for (const [size, latency] of [
    [Number.NaN, 1],
    [1, Number.NaN],
    [-1, 5],
    [5, 0],
  ] as const)
    policy.observe(state, 1, size, latency);
  expect(state.n).toBe(0);
  const full = learnt(1, 500);
  const copy = JSON.parse(JSON.stringify(full));
  expect(policy.expect(copy, 1_000)).toBe(policy.expect(full, 1_000) as number);
});

test('sizes all alike: what they take is what is expected', () => {
  const state = policy.create();
  const random = seededRandom('alike');
  for (let i = 0; i < 300; i++)
    policy.observe(state, i * MINUTE, 200, 400 * Math.exp(0.3 * drawNormal(random)));
  expect(Math.abs((policy.expect(state, 200) as number) / 400 - 1)).toBeLessThan(0.1);
  // Of a size that was never seen nothing is said, until it was.
  expect(policy.expect(state, 20_000)).toBeUndefined();
  for (let i = 0; i < 8; i++) policy.observe(state, (300 + i) * MINUTE, 20_000, 2_400);
  expect(Math.abs((policy.expect(state, 20_000) as number) / 2_400 - 1)).toBeLessThan(0.1);
});

test('a target that becomes faster for good is believed within days', () => {
  const state = learnt(2, 2_000);
  const random = seededRandom('faster');
  for (let i = 0; i < 14 * 1_440; i++) {
    const size = 100 * 300 ** random();
    policy.observe(state, 1e12 + (2_000 + i * 60) * 1_000, size, 150 * Math.exp(0.3 * drawNormal(random)));
  }
  expect(policy.expect(state, 1_000) as number).toBeLessThan(180);
});
