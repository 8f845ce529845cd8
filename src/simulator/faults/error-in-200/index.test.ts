import { expect } from 'bun:test';
import { conform } from '../../testing/conform.ts';

conform('error-in-200', ({ end, status, headers, body, ledger }) => {
  expect({ end, status }).toEqual({ end: 'clean', status: 200 });
  expect(headers.get('content-type')).toBe('application/json');
  expect(JSON.parse(body).error.message).toContain('error while processing');
  expect(ledger.total.tokens.input).toBe(0);
});
