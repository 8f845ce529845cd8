import { expect } from 'bun:test';
import { conform, SAID } from '../../testing/conform.ts';

conform('duplicate-chunk;after=2', ({ end, content, ledger }, { stream }) => {
  expect(end).toBe('clean');
  expect(content).toBe(stream ? SAID.replace(' three', ' three three') : SAID);
  expect(ledger.total.tokens.output).toBe(8);
});
