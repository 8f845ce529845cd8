import { expect, test } from 'bun:test';
import { systemClock } from '#kernel';
import { type HealthState, health } from '#kernel/resilience';
import { Hearsay } from './hearsay.ts';
import { Standing } from './standing.ts';

const clock = systemClock();
const judge = health();
const down = (): HealthState => {
  const state = judge.create();
  const now = clock.now();
  for (let i = 0; i < 5; i++) judge.observe(state, { now, startedAt: now, signal: 'bad', random: () => 0 });
  return state;
};

test('a transition is told once, and again only to whoever asks for all', () => {
  const hearsay = new Hearsay(clock);
  const known = { health: [['up/m', down()]] as const, parks: [], keys: [] };
  expect(Object.keys(hearsay.tell(known, false)?.health ?? {})).toEqual(['up/m']);
  expect(hearsay.tell(known, false)).toBeUndefined();
  expect(hearsay.tell(known, true)).toBeDefined();
  expect(hearsay.tell({ health: [['up/m', judge.create()]], parks: [], keys: [] }, true)).toBeUndefined();
});

test('what was heard is not told on, and stands as if it had been seen', () => {
  const teller = new Hearsay(clock);
  const now = clock.now();
  const news = teller.tell(
    {
      health: [['up/model///openai-chat', down()]],
      parks: [['up/full///', { since: now, until: now + 60_000, streak: 1 }]],
      keys: [['up/hash', { deadUntil: now + 60_000 }]],
    },
    false,
  );
  const standing = new Standing(clock);
  standing.hear(news!);
  expect(standing.read()).toMatchObject([
    { provider: 'up', model: 'model', endpoint: 'openai-chat', status: 'down', share: 0 },
  ]);
  expect(standing.news(false)).toBeUndefined();
  const [all] = [standing.news(true)];
  expect(Object.keys(all?.parks ?? {})).toEqual(['up/full///']);
  expect(Object.keys(all?.keys ?? {})).toEqual(['up/hash']);
});

test('a key that was good since is not condemned by an echo', () => {
  const hearsay = new Hearsay(clock);
  const key = { deadUntil: 0 };
  const until = clock.now() + 60_000;
  hearsay.hearKey('up/hash', key, until);
  expect(key.deadUntil).toBe(until);
  key.deadUntil = 0;
  hearsay.hearKey('up/hash', key, until);
  expect(key.deadUntil).toBe(0);
});
