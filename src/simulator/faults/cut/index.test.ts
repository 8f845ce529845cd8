import { expect } from 'bun:test';
import { conform, SAID } from '../../testing/conform.ts';

conform('cut;after=3', ({ end, errorCode, status, content, finish, done, ledger }, { stream }) => {
  expect({ end, errorCode, status, finish, done }).toEqual({
    end: 'broken',
    errorCode: 'ECONNRESET',
    status: 200,
    finish: undefined,
    done: false,
  });
  expect(content).toBe(stream ? 'one two three' : '');
  expect(ledger.total).toMatchObject({ broken: 1, completions: 0, tokens: { output: stream ? 3 : 0 } });
});

// Longer than the answer: it still ends before its finish.
conform('cut;after=1000', ({ end, content, finish }, { stream }) => {
  expect({ end, finish }).toEqual({ end: 'broken', finish: undefined });
  if (stream) expect(content).toBe(SAID);
});
