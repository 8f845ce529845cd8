import { expect } from 'bun:test';
import { conform, SAID } from '../../testing/conform.ts';

conform('missing-usage', ({ end, content, usage, ledger }) => {
  expect({ end, content, usage }).toEqual({ end: 'clean', content: SAID, usage: false });
  expect(ledger.total.tokens.output).toBe(8);
});
