import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { bucketOf, difficulty, difficultyCuts } from './difficulty.ts';
import { checkRamp, easyFirst, type RampPlan, standing } from './plan.ts';
import { ramp } from './ramp.ts';

const plan: RampPlan = {
  name: 'new-prompt',
  stages: easyFirst(3),
  minimum: 10,
  harm: 20,
  baseline: [0.02, 0.02, 0.02],
};
const all = (n: number) => Array.from({ length: n }, (_, i) => i);

test('more of anything is harder, and buckets are fifths', () => {
  const easy = {
    inputTokens: 100,
    tools: 0,
    documents: 0,
    turn: 0,
    languageRarity: 0,
    clusterFailure: 0,
    clusterDistance: 0,
  };
  for (const name of Object.keys(easy) as (keyof typeof easy)[])
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 10, noNaN: true }),
        fc.double({ min: 0.01, max: 10, noNaN: true }),
        (x, more) => {
          expect(difficulty({ ...easy, [name]: x + more })).toBeGreaterThan(
            difficulty({ ...easy, [name]: x }),
          );
        },
      ),
      { numRuns: 30, seed: 7 },
    );
  const scores = all(1_000).map((i) => difficulty({ ...easy, inputTokens: i * 17 }));
  const cuts = difficultyCuts(scores);
  const counts = all(5).map((b) => scores.filter((s) => bucketOf(s, cuts) === b).length);
  expect(counts).toEqual([200, 200, 200, 200, 200]);
});

test('a session keeps its path from stage to stage, and shares are what is declared', () => {
  const { start, decide } = ramp({
    ...plan,
    stages: [
      [0.05, 0, 0],
      [0.5, 0.05, 0],
      [1, 0.5, 0.05],
    ],
  });
  const begin = start(0);
  const on = all(3).map(
    (stage) =>
      new Set(
        all(20_000).filter((i) => decide({ ...begin, stage }, { session: `s${i}`, bucket: 0 }) === 'new'),
      ),
  );
  expect(on[0]!.size / 20_000).toBeCloseTo(0.05, 2);
  expect(on[1]!.size / 20_000).toBeCloseTo(0.5, 1);
  expect(on[2]!.size).toBe(20_000);
  expect([...on[0]!].every((i) => on[1]!.has(i))).toBe(true);
  // Two ramps at once do not give everything new to the same sessions.
  const both = all(20_000).filter((i) => standing('a', `s${i}`) < 0.1 && standing('b', `s${i}`) < 0.1).length;
  expect(Math.abs(both / 20_000 - 0.01)).toBeLessThan(0.004);
});

test('what a session holds it keeps while its field is open, and never longer', () => {
  const r = ramp(plan);
  const state = r.start(0);
  expect(r.decide(state, { session: 'x', bucket: 0, held: 'new' })).toBe('new');
  expect(r.decide(state, { session: 'x', bucket: 0, held: 'old' })).toBe('old');
  expect(r.decide(state, { session: 'x', bucket: 2, held: 'new' })).toBe('old');
  const closed = r.rollBack(state, 0, 1, 'by hand');
  expect(r.decide(closed, { session: 'x', bucket: 0, held: 'new' })).toBe('old');
});

test('a named workflow is let in by name, but not into a bucket that was rolled back', () => {
  const r = ramp({ ...plan, allow: ['beta'] });
  const state = r.start(0);
  expect(r.decide(state, { session: 'x', bucket: 2, workflow: 'beta' })).toBe('new');
  expect(r.decide(state, { session: 'x', bucket: 2, workflow: 'other' })).toBe('old');
  expect(r.decide(r.rollBack(state, 2, 1, 'w'), { session: 'x', bucket: 2, workflow: 'beta' })).toBe('old');
});

test('a field without data blocks the stage', () => {
  const r = ramp(plan);
  const good = (s: ReturnType<typeof r.start>, bucket: number, n: number) =>
    all(n).reduce((state) => r.outcome(state, { at: 0, bucket, path: 'new', bad: false }), s);
  let state = r.start(0);
  expect(r.advance(state, 1)).toBe(state);
  state = r.advance(good(state, 0, 10), 1);
  expect(state.stage).toBe(1);
  const half = good(state, 0, 500);
  expect(r.gate(half)).toMatchObject({ verdict: 'wait', bucket: 1 });
  expect(r.advance(good(half, 1, 10), 2).stage).toBe(2);
});

test('an alarm rolls back its own bucket only, and stops the ramp until it is reopened', () => {
  const r = ramp(plan);
  let state = r.start(0);
  for (let i = 0; i < 10 && !state.buckets[1]!.rolledBack; i++)
    state = r.outcome(state, { at: i, bucket: 1, path: 'new', bad: true });
  expect(state.buckets.map((b) => b.rolledBack !== undefined)).toEqual([false, true, false]);
  expect(r.gate(state)).toMatchObject({ verdict: 'stop', bucket: 1 });
  expect(r.read(state).fields.map((f) => f.share)).toEqual([0.05, 0, 0]);
  expect(r.gate(r.reopen(state, 1)).verdict).toBe('wait');
  expect(JSON.parse(JSON.stringify(state))).toEqual(state);
});

test('harm is bounded from above and its budget stops the ramp', () => {
  const r = ramp({ ...plan, harm: 3, alpha: 1e-9 });
  let state = r.start(0);
  for (let i = 0; i < 300; i++)
    state = r.outcome(state, { at: 0, bucket: 0, path: 'new', bad: i % 100 === 99 });
  expect(r.gate(state)).toMatchObject({ verdict: 'stop', why: 'the harm budget is spent' });
  const { harm, hardExposure } = r.read(state);
  expect(harm.seen).toBe(3);
  expect(harm.upper).toBeGreaterThan(6);
  expect(hardExposure).toBeUndefined();
});

test('a plan that cannot be meant is refused by name', () => {
  expect(checkRamp(plan)).toBe(plan);
  for (const [change, text] of [
    [
      {
        stages: [
          [0.5, 0, 0],
          [0.1, 0, 0],
        ],
      },
      'stages[1][0] is below',
    ],
    [{ stages: [[0.5, 0]] }, 'stages[0] must have 3 buckets'],
    [{ stages: [[2, 0, 0]] }, 'stages[0][0]'],
    [{ minimum: 0 }, 'minimum'],
    [{ baseline: [0, 0.1, 0.1] }, 'baseline'],
    [{ harm: 0 }, 'harm'],
  ] as const)
    expect(() => checkRamp({ ...plan, ...change } as RampPlan)).toThrow(text);
});
