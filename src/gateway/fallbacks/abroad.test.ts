import { expect, test } from 'bun:test';
import { virtualClock } from '#kernel';
import { edgeProof } from '#kernel/tiers';
import { type DemandState, joined, newDemand, peakOf, saw, usualWith } from './demand.ts';
import { Proofs } from './proofs.ts';
import { fuller, type Sighting } from './sighting.ts';

const AT = 1_800_000_000_000;
const PLAIN = { tools: 0, structured: false };
const clock = () => virtualClock({ seed: 1 });
const KEY = 'chat/second/spare/m/openai-chat';

const exercised = (at: number, good = true, contract = 'c'): Sighting => ({
  at,
  route: 'chat',
  edge: { key: KEY, contract, first: 'up/m', good, reason: 'failed', breaks: {} },
});
const asked = (at: number): Sighting => ({
  at,
  route: 'chat',
  asked: { tokensIn: 100, tokensOut: 20, facets: PLAIN },
  answered: { first: 'up/m', total: 800, tokens: 20, microUsd: 3 },
});
const house = (contract = 'c') =>
  new Proofs(clock(), { inForce: (key) => (key === KEY ? contract : undefined) });
const recent = (one: Proofs) => one.snapshot().edges[KEY]?.exercised.recent;

test('what two houses were asked within the same minutes adds up, however their clocks differ', () => {
  const [one, other, both] = [newDemand(), newDemand(), newDemand()];
  for (let i = 0; i < 180; i++) {
    const at = AT + i * 1_000;
    saw(one, at, 100, 20, PLAIN);
    saw(both, at, 100, 20, PLAIN);
    const part: DemandState = newDemand();
    // Two seconds late: some of each minute is told in the next one.
    saw(part, at - 2_000, 300, 40, { ...PLAIN, tools: 1 });
    saw(both, at, 300, 40, { ...PLAIN, tools: 1 });
    joined(one, part);
    joined(other, part);
  }
  expect(peakOf(one)).toEqual(peakOf(both));
  expect(one).toMatchObject({ seen: 360, tools: 180, sized: 360, tokensIn: both.tokensIn });
});

test('a usual answer is that of both', () => {
  const part = { ...newDemand(), first: 'up/m' };
  for (let i = 0; i < 100; i++) part.usual = usualWith(part.usual, { total: 4_000, tokens: 10, microUsd: 1 });
  const state = { ...newDemand(), first: 'up/m' };
  for (let i = 0; i < 100; i++)
    state.usual = usualWith(state.usual, { total: 1_000, tokens: 10, microUsd: 1 });
  joined(state, part);
  // The geometric mean, and somewhat more of what came last.
  expect(Math.exp(state.usual.total)).toBeGreaterThan(1_999);
  expect(Math.exp(state.usual.total)).toBeLessThan(2_500);
  joined(state, { ...part, first: 'another/m', usual: { ...part.usual, n: 1 } });
  expect(state.usual.n).toBe(1);
});

test('exercises are told one by one, asks as a sum, once a second and not over two minutes', () => {
  const proofs = house();
  expect(proofs.tellAbroad()).toEqual([]);
  const start = (Math.floor(clock().now() / 60_000) - 2) * 60_000;
  proofs.hear([asked(start + 59_000), exercised(start + 59_100), asked(start + 60_000)]);
  const told = proofs.tellAbroad();
  expect(told.map((one) => Object.keys(one).at(-1))).toEqual(['edge', 'elsewhere', 'elsewhere']);
  const elsewhere = house();
  elsewhere.learn(told);
  expect(elsewhere.demandOf('chat').seen).toBe(2);
  expect(elsewhere.demandOf('chat').usual.n).toBe(2);
  expect(recent(elsewhere)).toBe('1');
  expect(elsewhere.tellAbroad()).toEqual([]);
});

test('of another contract nothing is learnt', () => {
  const proofs = house('mine');
  proofs.learn([exercised(AT, true, 'theirs')]);
  expect(recent(proofs)).toBeUndefined();
  const stranger = new Proofs(clock(), { inForce: () => undefined });
  stranger.learn([exercised(AT)]);
  expect(recent(stranger)).toBeUndefined();
});

test('an answer that was asked for before a reload does not undo what was proven since', () => {
  let contract = 'before';
  const proofs = new Proofs(clock(), { inForce: () => contract });
  proofs.hear([exercised(AT, true, 'before')]);
  contract = 'after';
  proofs.hear([exercised(AT + 1, true, 'after'), exercised(AT + 2, false, 'before')]);
  expect(recent(proofs)).toBe('1');
});

test('who has seen more goes on, but not over a break that it has not seen', () => {
  const rule = edgeProof();
  const state = (results: string) => ({
    exercised: [...results].reduce(
      (s, c, i) => rule.step(s, { at: AT + i, contract: 'c', good: c === '1' }, 'c'),
      rule.start('c'),
    ),
  });
  const [few, many, broken] = [state('1'), state('1'.repeat(80)), state('1110001')];
  expect(fuller(few, many).exercised).toBe(many.exercised);
  expect(fuller(many, few).exercised).toBe(many.exercised);
  expect(fuller(many, broken).exercised).toBe(broken.exercised);
  expect(fuller(broken, many).exercised).toBe(broken.exercised);
  // Told and not yet heard is not missed.
  expect(fuller(many, state('1'.repeat(84))).exercised).toBe(many.exercised);
  const load = { contract: 'c', at: AT, good: true, why: '', perSecond: 4, tokens: 100 };
  expect(
    fuller({ ...many, load }, { ...few, load: { ...load, at: AT + 1, perSecond: 9 } }).load?.perSecond,
  ).toBe(9);
});
