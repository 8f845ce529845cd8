import { expect, test } from 'bun:test';
import { drawNormal, seededRandom } from '#kernel/stats';
import { type Contention, type ContentionState, contention, type Sight } from './contention.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DAY = 1_440 * MINUTE;
const NINE = Date.UTC(2026, 0, 5, 14);
const random = seededRandom('contention', 1);
const rule = contention({ zone: 'America/New_York' });
/** 200 ms, a quarter of a millisecond a token, and a wait of some 60 ms. */
const took = (size: number, slower = 1) =>
  slower * (200 + size / 4 + 60 * Math.exp(0.5 * drawNormal(random)));
const sizeAt = (i: number) => (i % 4 === 0 ? 2_000 : 100);

interface Morning {
  readonly slower?: number;
  readonly each?: number;
  readonly size?: number;
  readonly dial?: number;
  readonly more?: Partial<Sight>;
}

/** `minutes` of one call in two seconds, and a new connection a minute. */
function live(state: ContentionState, from: number, minutes: number, morning: Morning = {}): number {
  const { slower = 1, each = 1, size, dial = 40, more } = morning;
  for (let i = 0; i < 30 * minutes; i++)
    for (let n = 0; n < each; n++) {
      const tokens = size ?? sizeAt(i);
      const connect = i % 30 === 0 ? dial : 0;
      rule.observe(state, from + 2 * i * SECOND + n, {
        size: tokens,
        took: took(tokens, slower) + connect + (dial > 40 ? dial / 3 : 0),
        connect,
        ...more,
      });
    }
  return from + minutes * MINUTE;
}

const week = (() => {
  const state = rule.create();
  live(state, NINE - 2 * DAY, 2 * 1_440);
  return state;
})();
const monday = () => structuredClone(week);
const found = ({ findings }: ContentionState) => findings.at(-1);

test('two quiet days find nothing, and know what an ask needs', () => {
  expect(week.findings).toEqual([]);
  const { floor = 0, perToken = 0, wait = 0 } = rule.normal(week, NINE);
  expect(floor).toBeGreaterThan(200);
  expect(floor).toBeLessThan(260);
  expect(perToken * 1_000).toBeCloseTo(250, -2);
  expect(wait).toBeGreaterThan(15);
  expect(wait).toBeLessThan(60);
});

test.each([
  ['provider', { slower: 4 }],
  ['own_load', { slower: 4, each: 3 }],
  ['prompts', { size: 30_000 }],
  ['prompts', { size: 2_000 }],
  ['network', { dial: 1_500 }],
] as const)('%s is the cause of %j', (cause, morning) => {
  const state = monday();
  live(state, NINE, 5, morning);
  rule.settle(state, NINE + 5 * MINUTE);
  expect(found(state)?.cause).toBe(cause);
  expect((found(state)?.foundAt ?? 0) - NINE).toBeLessThanOrEqual(3 * MINUTE);
});

test('it is over when it is, and is kept as plain data', () => {
  let state = monday();
  let now = live(state, NINE, 10, { slower: 5 });
  state = JSON.parse(JSON.stringify(state));
  expect(found(state)?.until).toBeUndefined();
  now = live(state, now, 6);
  expect(found(state)?.until).toBeGreaterThan(NINE + 10 * MINUTE);
  expect(state.findings).toHaveLength(1);
});

test('tries that were given up count where what they had taken is already slow, and only there', () => {
  const slow = monday();
  live(slow, NINE, 5, { more: { took: 900, cut: true } });
  expect(found(slow)?.cause).toBe('provider');
  const left = monday();
  live(left, NINE, 5, { more: { took: 120, cut: true } });
  expect(found(left)).toBeUndefined();
});

test('probes are no load and no prompts; they find what callers are too few to show', () => {
  const state = monday();
  for (let i = 0; i < 10; i++)
    rule.observe(state, NINE + i * 30 * SECOND, { size: 100, took: 2_000, probe: true });
  rule.settle(state, NINE + 5 * MINUTE);
  expect(found(state)?.cause).toBe('provider');
  expect(found(state)?.evidence.load).toBeUndefined();
});

test('nothing is said before something is known', () => {
  const state = (rule satisfies Contention).create();
  live(state, NINE, 30, { slower: 5 });
  expect(state.readings).toEqual([]);
  expect(state.findings).toEqual([]);
});
