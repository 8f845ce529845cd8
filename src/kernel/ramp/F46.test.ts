import { expect, test } from 'bun:test';
import { clopperPearson, rateDetector, seededRandom } from '../stats/index.ts';
import { bucketOf } from './difficulty.ts';
import { easyFirst } from './plan.ts';
import { ramp } from './ramp.ts';

const SEEDS = 200;
const quantile = (list: readonly number[], q: number) =>
  [...list].sort((a, b) => a - b)[Math.floor(q * list.length)]!;

/** Five buckets, the hardest of them 5 % of the traffic: it fails 30 % on the new path, 2 % before; everything else 2 %. */
const CUTS = [0.3, 0.6, 0.8, 0.95];
const BUCKETS = CUTS.length + 1;
const rate = (bucket: number, broken: boolean) => (broken && bucket === BUCKETS - 1 ? 0.3 : 0.02);
const plan = { name: 'r', minimum: 60, harm: 1e9, baseline: Array.from({ length: BUCKETS }, () => 0.02) };

function climb(seed: number, broken: boolean, stages: readonly (readonly number[])[], exchanges: number) {
  const random = seededRandom('F46', seed);
  const r = ramp({ ...plan, stages });
  let state = r.start(0);
  const hard = { n: 0, bad: 0 };
  for (let i = 0; i < exchanges; i++) {
    const bucket = bucketOf(random(), CUTS);
    const path = r.decide(state, { session: `${seed}.${i}`, bucket });
    const bad = path === 'new' && random() < rate(bucket, broken);
    state = r.outcome(state, { at: i, bucket, path, bad });
    if (path === 'new' && bucket === BUCKETS - 1) {
      hard.n++;
      if (bad) hard.bad++;
    }
    if (state.buckets.some((b) => b.rolledBack))
      return { stopped: state.buckets.findIndex((b) => b.rolledBack), done: false, hard, state };
    if (i % 50) continue;
    if (state.stage === stages.length - 1 && r.gate(state).verdict === 'pass')
      return { stopped: undefined, done: true, hard, state };
    state = r.advance(state, i);
  }
  return { stopped: undefined, done: false, hard, state };
}

test('on: the bucket detector needs 22 hard exchanges in the median, 38 at p95', () => {
  const delays: number[] = [];
  for (let seed = 1; seed <= SEEDS; seed++) {
    const random = seededRandom('delay', seed);
    const r = ramp({ ...plan, stages: [Array.from({ length: BUCKETS }, () => 1)] });
    let state = r.start(0);
    while (!state.buckets[BUCKETS - 1]!.rolledBack)
      state = r.outcome(state, { at: 0, bucket: BUCKETS - 1, path: 'new', bad: random() < 0.3 });
    delays.push(state.buckets[BUCKETS - 1]!.n);
  }
  expect(quantile(delays, 0.5)).toBeLessThanOrEqual(22);
  expect(quantile(delays, 0.95)).toBeLessThanOrEqual(38);
});

test('on: an easy-first ramp stops in the hard bucket, with at most 40 hard answers on the new path', () => {
  const exposed: number[] = [];
  let rightBucket = 0;
  const seeds = 40;
  for (let seed = 1; seed <= seeds; seed++) {
    const { stopped, hard } = climb(seed, true, easyFirst(BUCKETS, [0.25, 1]), 400_000);
    if (stopped === BUCKETS - 1) rightBucket++;
    exposed.push(hard.n);
  }
  expect(clopperPearson(rightBucket, seeds).upper).toBeGreaterThan(0.95);
  expect(rightBucket).toBeGreaterThanOrEqual(38);
  expect(quantile(exposed, 0.95)).toBeLessThanOrEqual(40);
}, 60_000);

test('twin: a sound path reaches the last stage, with a false alarm in at most 0.4 % of fields', () => {
  let alarms = 0;
  let done = 0;
  const seeds = 60;
  for (let seed = 1; seed <= seeds; seed++) {
    const { stopped, done: finished } = climb(seed, false, easyFirst(BUCKETS, [0.25, 1]), 400_000);
    if (stopped !== undefined) alarms++;
    if (finished) done++;
  }
  expect(clopperPearson(alarms, seeds * BUCKETS).lower).toBeLessThanOrEqual(0.004);
  expect(alarms).toBeLessThanOrEqual(4);
  expect(done + alarms).toBe(seeds);
}, 60_000);

test('off: by user hash the aggregate needs more than a thousand exchanges, and four times the corrupted answers', () => {
  const delays: number[] = [];
  const corrupted: number[] = [];
  const onCorrupted: number[] = [];
  let quiet = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const random = seededRandom('off', seed);
    const whole = rateDetector({ p0: 0.02, c: 200_000 });
    let state = whole.start;
    let n = 0;
    let hardBad = 0;
    while (!whole.read(state).alarm) {
      n++;
      const bucket = bucketOf(random(), CUTS);
      const bad = random() < rate(bucket, true);
      if (bad && bucket === BUCKETS - 1) hardBad++;
      state = whole.step(state, bad ? 1 : 0);
      // 1, 5, 25, 50 % of 1,500 exchanges a stage: 465 on the new path by the time half of the users have it.
      if (n === 465) quiet++;
    }
    delays.push(n);
    corrupted.push(hardBad);
    const r = ramp({ ...plan, stages: [Array.from({ length: BUCKETS }, () => 1)] });
    let on = r.start(0);
    while (!on.buckets[BUCKETS - 1]!.rolledBack)
      on = r.outcome(on, { at: 0, bucket: BUCKETS - 1, path: 'new', bad: random() < 0.3 });
    onCorrupted.push(on.buckets[BUCKETS - 1]!.bad);
  }
  expect(quiet / SEEDS).toBeGreaterThan(0.95);
  expect(quantile(delays, 0.5)).toBeGreaterThan(1_000);
  expect(quantile(onCorrupted, 0.5)).toBeLessThanOrEqual(8);
  expect(quantile(corrupted, 0.5) / quantile(onCorrupted, 0.5)).toBeGreaterThanOrEqual(4);
}, 120_000);
