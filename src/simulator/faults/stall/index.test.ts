import { expect } from 'bun:test';
import { conform } from '../../testing/conform.ts';

conform('stall;after=3', ({ end, status, content, finish, ledger }, { stream }) => {
  expect({ end, status, finish }).toEqual({ end: 'hung', status: 200, finish: undefined });
  expect(content).toBe(stream ? 'one two three' : '');
  expect(ledger.total.completions).toBe(0);
});
