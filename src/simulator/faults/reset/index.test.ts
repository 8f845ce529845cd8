import { expect } from 'bun:test';
import { conform } from '../../testing/conform.ts';

conform('reset', ({ end, errorCode, status, ledger }) => {
  expect({ end, errorCode, status }).toEqual({ end: 'refused', errorCode: 'ECONNRESET', status: undefined });
  expect(ledger.total).toMatchObject({ broken: 1, completions: 0, tokens: { input: 0, output: 0 } });
});
