import { expect, test } from 'bun:test';
import { firstToken, gap, spread } from '../../latency.ts';
import { conform, SAID } from '../../testing/conform.ts';
import { fault } from './index.ts';

conform('latency-multiplier;factor=20', ({ end, content }) => {
  expect({ end, content }).toEqual({ end: 'clean', content: SAID });
});

test('every wait grows by the factor, lengths do not', () => {
  const law = { firstToken: spread(30, 0), gap: spread(2, 0), tokens: spread(60, 0) };
  const slow = fault.inject({ factor: '20' }).law!(law);
  expect(firstToken(slow, () => 0.5)).toBe(600);
  expect(gap(slow, () => 0.5)).toBe(40);
  expect(slow.tokens).toEqual(law.tokens);
});
