import { expect, test } from 'bun:test';
import type { ExchangeRow } from '@midwatch/contracts';
import { beside, keepListed, mergeLive } from './listed.ts';

const row = (id: string): ExchangeRow => ({
  id,
  at: 0,
  route: 'r',
  protocol: 'openai-chat',
  source: 'gateway',
  model: 'm',
  tier: 't',
  outcome: 'complete',
  status: 200,
  stream: false,
  attempts: 1,
  totalMs: 1,
  overheadMs: 0,
  tokensIn: 0,
  tokensOut: 0,
  microUsd: 0,
  costState: 'free',
});

test('live rows come in order, none twice, and the list stays bounded', () => {
  const merged = mergeLive([row('4'), row('5'), row('3')], [row('3'), row('1')]);
  expect(merged.map((each) => each.id)).toEqual(['5', '4', '3', '1']);
  expect(mergeLive([row('9')], merged, 3).map((each) => each.id)).toEqual(['9', '5', '4']);
});

test('nothing new leaves the very same list, so nothing renders', () => {
  const known = [row('1')];
  expect(mergeLive([row('1')], known)).toBe(known);
});

test('the next and the one before come from the list last seen', () => {
  keepListed({ search: '', ids: ['c', 'b', 'a'], scroll: 0 });
  expect([beside('b', 1), beside('b', -1), beside('a', 1), beside('x', 1)]).toEqual([
    'a',
    'c',
    undefined,
    undefined,
  ]);
});
