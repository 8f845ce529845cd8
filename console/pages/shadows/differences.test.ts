import { expect, test } from 'bun:test';
import type { ShadowPair } from '@midwatch/contracts';
import { differences } from './differences.ts';

const pair = (served: object, shadow: object, agreement: object): ShadowPair =>
  ({
    served: { outcome: 'complete', tools: [], ...served },
    shadow: { outcome: 'complete', tools: [], ...shadow },
    agreement: { good: true, end: true, ...agreement },
  }) as unknown as ShadowPair;

test('a difference is told in words, each of its own', () => {
  expect(differences(pair({}, {}, {}))).toEqual([]);
  expect(differences(pair({}, { outcome: 'error' }, { end: false }))).toEqual(['ended otherwise']);
  expect(differences(pair({ finish: 'stop' }, { finish: 'end_turn' }, { end: false }))).toEqual([
    'ended by stop, the copy by end_turn',
  ]);
  expect(differences(pair({ tools: ['a', 'b'] }, {}, { tools: false }))).toEqual([
    'called a, b, the copy no tool',
  ]);
  expect(differences(pair({ tools: ['a'] }, { tools: ['a'] }, { tools: true, args: false }))).toEqual([
    'other arguments for a',
  ]);
  expect(differences(pair({ json: true }, { json: false }, {}))).toEqual(['only the served answer is JSON']);
  expect(differences(pair({ json: false }, { json: true }, {}))).toEqual(['only the copy is JSON']);
});
