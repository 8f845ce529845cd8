import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { contractHash, edgeProof, type ProofState } from './proof.ts';

const HOUR = 3_600_000;
const edge = edgeProof();
const after = (outcomes: readonly boolean[], rule = edge) =>
  outcomes.reduce<ProofState>(
    (s, good, i) => rule.step(s, { at: i, contract: 'a', good }, 'a'),
    rule.start('a'),
  );
const good = (n: number) => Array.from({ length: n }, () => true);

test('59 good exercises prove 95 %, 299 prove 99 %; one fewer does not', () => {
  expect(edge.enough).toBe(59);
  expect(edge.read(after(good(58)), 58, 'a')).toMatchObject({ state: 'UNPROVEN', needed: 1, n: 58 });
  const proven = edge.read(after(good(59)), 59, 'a');
  expect(proven).toMatchObject({ state: 'PROVEN', needed: 0, failures: 0 });
  expect(proven.bound).toBeCloseTo(0.05 ** (1 / 59), 10);
  const strict = edgeProof({ bound: 0.99 });
  expect(strict.enough).toBe(299);
  expect(strict.read(after(good(298), strict), 298, 'a').state).toBe('UNPROVEN');
  expect(strict.read(after(good(299), strict), 299, 'a').state).toBe('PROVEN');
});

test('a failure costs more successes instead of all of them', () => {
  const one = after([...good(20), false]);
  const { needed } = edge.read(one, 21, 'a');
  expect(needed).toBe(93 - 21);
  expect(edge.read(after([...good(20), false, ...good(needed - 1)]), 99, 'a').state).toBe('UNPROVEN');
  expect(edge.read(after([...good(20), false, ...good(needed)]), 99, 'a').state).toBe('PROVEN');
});

test('three failures in a row break it; it takes 59 new successes to mend', () => {
  const broken = after([...good(200), false, false, false]);
  expect(edge.read(broken, 300, 'a')).toMatchObject({ state: 'BROKEN', needed: 59, why: 'failed' });
  const mended = good(59).reduce(
    (s, ok, i) => edge.step(s, { at: 300 + i, contract: 'a', good: ok }, 'a'),
    broken,
  );
  expect(edge.read(mended, 400, 'a').state).toBe('PROVEN');
  // Never three in a row, and yet far below 95 %.
  expect(edge.read(after(Array.from({ length: 40 }, (_, i) => i % 3 === 0)), 40, 'a').state).toBe('BROKEN');
});

test('silence makes it stale, a success fresh again', () => {
  const state = after(good(60));
  expect(edge.read(state, 59 + 24 * HOUR, 'a').state).toBe('PROVEN');
  expect(edge.read(state, 60 + 24 * HOUR, 'a').state).toBe('STALE');
  const again = edge.step(state, { at: 30 * HOUR, contract: 'a', good: true }, 'a');
  expect(edge.read(again, 31 * HOUR, 'a').state).toBe('PROVEN');
});

test('a change of the contract expires everything at once, and late results of the old one prove nothing', () => {
  const state = after(good(100));
  expect(edge.read(state, 100, 'b')).toMatchObject({
    state: 'UNPROVEN',
    n: 0,
    needed: 59,
    hashMatches: false,
  });
  const fresh = edge.step(state, { at: 101, contract: 'b', good: true }, 'b');
  expect(edge.step(fresh, { at: 102, contract: 'a', good: true }, 'b')).toBe(fresh);
  expect(edge.read(fresh, 103, 'b')).toMatchObject({ n: 1, needed: 58 });
  expect(contractHash({ prompt: 'p', model: 'm' })).toBe(contractHash({ model: 'm', prompt: 'p' }));
  expect(contractHash({ prompt: 'p' })).not.toBe(contractHash({ prompt: 'q' }));
});

test('whatever happened: the state is plain, bounded, and what is needed is exactly what is needed', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 500 }), (outcomes) => {
      const state = after(outcomes);
      expect(JSON.parse(JSON.stringify(state))).toEqual(state);
      expect(state.recent.length).toBeLessThanOrEqual(400);
      const reading = edge.read(state, outcomes.length, 'a');
      if (reading.state === 'PROVEN') expect(reading.bound).toBeGreaterThanOrEqual(0.95);
      if (reading.state === 'PROVEN' || reading.n + reading.needed > 400) return;
      const rest = good(reading.needed);
      const done = rest.reduce((s, ok) => edge.step(s, { at: 999, contract: 'a', good: ok }, 'a'), state);
      expect(edge.read(done, 999, 'a').state).toBe('PROVEN');
      const short = rest
        .slice(1)
        .reduce((s, ok) => edge.step(s, { at: 999, contract: 'a', good: ok }, 'a'), state);
      expect(edge.read(short, 999, 'a').state).not.toBe('PROVEN');
    }),
    { numRuns: 100, seed: 7 },
  );
});

test('a sound edge is proven and never broken: 20 seeds of 99.5 % over a year of one exercise an hour', async () => {
  const { seededRandom } = await import('../stats/index.ts');
  let [broken, proven, readings] = [0, 0, 0];
  for (let seed = 1; seed <= 20; seed++) {
    const random = seededRandom('sound', seed);
    let state = edge.start('a');
    for (let i = 0; i < 8_760; i++) {
      state = edge.step(state, { at: i * HOUR, contract: 'a', good: random() < 0.995 }, 'a');
      if (i < 300 || i % 24) continue;
      readings++;
      const reading = edge.read(state, i * HOUR, 'a').state;
      if (reading === 'PROVEN') proven++;
      if (reading === 'BROKEN') broken++;
    }
  }
  expect(broken).toBe(0);
  expect(proven / readings).toBeGreaterThan(0.99);
});
