import { expect, test } from 'bun:test';
import type { ExchangeFacts } from '#contracts';
import { createLiveFeed } from './live.ts';
import { factsOf } from './testing.ts';

test('listeners hear every exchange until they leave; the same one twice is two', () => {
  const feed = createLiveFeed();
  const seen: string[] = [];
  const listener = (facts: ExchangeFacts) => seen.push(facts.id);
  const leave = feed.subscribe(listener);
  feed.subscribe(listener);
  feed.publish(factsOf(1));
  expect(seen).toHaveLength(2);
  leave();
  feed.publish(factsOf(2));
  expect(seen).toHaveLength(3);
});

test('a flood is cut to the rate, and goes on in the next second', () => {
  const feed = createLiveFeed({ perSecond: 10 });
  let heard = 0;
  feed.subscribe(() => heard++);
  for (let i = 0; i < 100; i++) feed.publish(factsOf(1));
  expect(heard).toBe(10);
  feed.publish(factsOf(1_001));
  expect(heard).toBe(11);
});

test('a listener that throws is let go and the others still hear', () => {
  const broken: string[] = [];
  const feed = createLiveFeed({ onBroken: (reason) => broken.push(reason) });
  let heard = 0;
  feed.subscribe(() => {
    throw new Error('socket is gone');
  });
  feed.subscribe(() => heard++);
  feed.publish(factsOf(1));
  feed.publish(factsOf(2));
  expect(heard).toBe(2);
  expect(broken).toEqual(['socket is gone']);
});

test('more listeners than the bound are refused', () => {
  const feed = createLiveFeed({ listeners: 1 });
  feed.subscribe(() => undefined);
  expect(() => feed.subscribe(() => undefined)).toThrow('at most 1');
});

test('secrets never reach a listener, personal data only where the route allows it', () => {
  const feed = createLiveFeed();
  const seen: ExchangeFacts[] = [];
  feed.subscribe((facts) => seen.push(facts));
  const who = { user: 'ann@example.com', tenant: 'sk-proj-abcDEF1234567890abcdef' };
  feed.publish(factsOf(1, { who }));
  feed.publish(factsOf(2, { who, record: 'masked' }));
  expect(seen.map(({ who }) => who)).toEqual([
    { user: 'ann@example.com', tenant: 'sk-proj-…[masked]' },
    { user: '[email]', tenant: 'sk-proj-…[masked]' },
  ]);
});
