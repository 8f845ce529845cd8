import { expect, test } from 'bun:test';
import { type ExchangeRow, OUTCOMES } from '#contracts';
import { cost, dollars, percent, rate, span } from './format.ts';
import { clip, table, visible } from './table.ts';
import { line } from './tail.ts';

const row: ExchangeRow = {
  id: '01a1fe34-510e-7000-bc6a-f7e8c4e5ab02',
  at: Date.UTC(2026, 0, 5),
  route: 'customer-support-emea',
  protocol: 'openai-chat',
  source: 'gateway',
  model: 'gpt-5.5-mini-2026-01-01',
  servedModel: 'gpt-5.5-mini-2026-03-01',
  provider: 'openai',
  tier: 'primary',
  outcome: 'error',
  failure: 'timeout_first_token',
  status: 504,
  stream: true,
  attempts: 12,
  totalMs: 123_456,
  firstTokenMs: 59_000,
  overheadMs: 1,
  tokensIn: 1_234_567,
  tokensOut: 98_765,
  microUsd: 12_345_678,
  costState: 'estimated',
  feature: 'answer-composer',
  user: 'ada',
};

test('a line of tail fits its terminal, and ends in the id by which it is shown', () => {
  for (const columns of [80, 88, 100, 104, 116, 120, 160, 220])
    for (const outcome of OUTCOMES) {
      const text = line({ ...row, outcome }, { slow: 5_000, columns });
      expect(visible(text)).toBeLessThanOrEqual(columns);
      expect(text).toContain('c4e5ab02');
    }
});

test('each outcome has a glyph of its own, one column wide', () => {
  const glyphs = OUTCOMES.map((outcome) =>
    line({ ...row, outcome }, { slow: 5_000, columns: 120 }).slice(10, 11),
  );
  expect(new Set(glyphs).size).toBe(OUTCOMES.length);
  for (const glyph of glyphs) expect(visible(glyph)).toBe(1);
});

test('numbers: never a zero that is none, never a bare rate', () => {
  expect([0, 64, 1_900, 12_345, 450_000, 12_345_678].map(dollars)).toEqual([
    '$0',
    '$0.000064',
    '$0.0019',
    '$0.012',
    '$0.450',
    '$12.35',
  ]);
  expect(cost(0, 'unpriced')).toBe('unpriced');
  expect([0, 0.4, 8.25, 420, 4_210, 192_000, 7_500_000, 1e9].map((ms) => span(ms))).toEqual([
    '0 ms',
    '0.4 ms',
    '8.3 ms',
    '420 ms',
    '4.21 s',
    '3 m 12 s',
    '2 h 5 m',
    '11 d 14 h',
  ]);
  expect([0, 0.00001, 0.0123, 0.5, 0.99999, 1].map(percent)).toEqual([
    '0 %',
    '< 0.01 %',
    '1.2 %',
    '50 %',
    '> 99.99 %',
    '100 %',
  ]);
  expect(rate({ count: 4, n: 9, rate: 4 / 9, low: 0.189, high: 0.733 })).toBe(
    '44.4 % of 9 (95 %: 18.9 % to 73.3 %)',
  );
  expect(rate({ count: 0, n: 0, rate: 0, low: 0, high: 1 })).toBe('no data');
});

test('tables measure what is seen: wide characters count two, empty columns are left out', () => {
  expect(clip('日本語テキスト', 7)).toBe('日本語…');
  const [head = '', first = '', second = ''] = table(
    [{ title: 'name' }, { title: 'owner' }, { title: 'n', align: 'right' }],
    [
      ['日本', '', '7'],
      ['a', '', '1,234'],
    ],
  ).split('\n');
  expect(head).not.toContain('owner');
  expect(visible(first)).toBe(visible(second));
});
