import { expect, test } from 'bun:test';
import type { ExchangeRow } from '@midwatch/contracts';
import { toCsv, toNdjson } from './takeaway.ts';

const row: ExchangeRow = {
  id: 'x',
  at: 0,
  route: 'a,"b"',
  protocol: 'openai-chat',
  source: 'gateway',
  model: '=cmd()',
  tier: 'primary',
  outcome: 'complete',
  status: 200,
  stream: true,
  attempts: 1,
  totalMs: 12.5,
  overheadMs: 0.1,
  tokensIn: 3,
  tokensOut: 4,
  microUsd: 12,
  costState: 'exact',
  feature: 'zwei\nZeilen',
};

test('a sheet gets quoted cells, and no formula of a stranger', () => {
  const [head, line] = toCsv([row]).split('\r\n');
  expect(head?.split(',').length).toBe(26);
  expect(line).toBe(
    `x,1970-01-01T00:00:00.000Z,"a,""b""",openai-chat,gateway,'=cmd(),,,primary,complete,,200,true,1,12.5,,0.1,3,4,12,exact,,"zwei\nZeilen",,,`,
  );
});

test('a script gets one JSON object a line', () => {
  expect(
    toNdjson([row, row])
      .split('\n')
      .map((line) => JSON.parse(line).id),
  ).toEqual(['x', 'x']);
});
