import { expect, test } from 'bun:test';
import type { FallbackView } from '#contracts';
import { gate, verdict } from './fallback.ts';

const edge = (more: Partial<FallbackView> = {}): FallbackView => ({
  route: 'chat',
  tier: 'spare',
  provider: 'other',
  model: 'm',
  protocol: 'openai-chat',
  state: 'PROVEN',
  ready: true,
  says: 'Proven.',
  hashMatches: true,
  probed: { state: 'PROVEN', why: 'all good', checks: [] },
  exercised: {
    state: 'PROVEN',
    why: '59 of 59 good',
    n: 59,
    failures: 0,
    needed: 0,
    share: 0.01,
    parity: [],
    against: {},
  },
  load: { state: 'UNPROVEN', why: 'never drilled' },
  reports: [],
  ...more,
});
const unused = { ...edge().exercised, state: 'UNPROVEN', n: 0, needed: 59 } as const;
const retired = { kind: 'retired', text: 'its model m was shut down' } as const;

test('the gate wants one sound fallback for each protocol of each route', () => {
  expect(gate([edge()], 'EXERCISED')).toEqual([]);
  expect(gate([edge()], 'LOAD')).toHaveLength(1);
  expect(gate([edge({ exercised: unused })], 'PROBED')).toEqual([]);
  expect(gate([edge({ exercised: unused })], 'EXERCISED')).toHaveLength(1);
  expect(gate([edge({ exercised: unused }), edge({ tier: 'other' })], 'EXERCISED')).toEqual([]);
  const [other] = gate([edge(), edge({ protocol: 'anthropic-messages', exercised: unused })], 'EXERCISED');
  expect(other).toStartWith('chat, anthropic-messages: no fallback is EXERCISED');
});

test('what is reported of a fallback, and one that is relied on and broken, shut the gate', () => {
  expect(gate([edge({ reports: [retired] })], 'EXERCISED')).toEqual([
    expect.stringContaining('was shut down'),
  ]);
  expect(gate([edge(), edge({ tier: 'b', required: 'EXERCISED', state: 'STALE' })], 'EXERCISED')).toEqual([
    'chat relies on b, which is stale.',
  ]);
  expect(
    gate(
      [edge({ probed: { state: 'PROVEN', why: '', checks: [] }, exercised: { ...unused, state: 'BROKEN' } })],
      'PROBED',
    ),
  ).toHaveLength(1);
});

test('the board alone: good, bad by a report, not known', () => {
  expect(verdict([edge()])).toBe(0);
  expect(verdict([edge({ reports: [retired] })])).toBe(1);
  expect(verdict([edge({ state: 'UNPROVEN' })])).toBe(3);
});
