import { expect, test } from 'bun:test';
import { type ExchangeRow, OUTCOMES } from '#contracts';
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

test('a table too wide for its screen gives up what it can spare, the first to go first, and nothing else', () => {
  const columns = [
    { title: 'state' },
    { title: 'score', spare: 2 },
    { title: 'share', spare: 1 },
    { title: 'good' },
  ];
  const heads = (room: number) =>
    table(columns, [['healthy', '0.99', '100 %', '1 of 1']], room).split('\n')[0];
  expect([40, 29, 28, 22, 21, 5].map(heads)).toEqual([
    'state    score  share  good',
    'state    score  share  good',
    'state    share  good',
    'state    share  good',
    'state    good',
    'state    good',
  ]);
});
