import { expect } from 'bun:test';
import { arrivedBefore, conform, SAID } from '../../testing/conform.ts';

conform('cut;after=3;pause=40', ({ end, errorCode, status, content, finish, done, ledger }, mode) => {
  expect({ end, errorCode, status, finish, done }).toEqual({
    end: 'broken',
    errorCode: 'ECONNRESET',
    status: 200,
    finish: undefined,
    done: false,
  });
  expect(arrivedBefore(mode.stream ? 'one two three' : '', content, mode)).toBe(true);
  expect(ledger.total).toMatchObject({ broken: 1, completions: 0, tokens: { output: mode.stream ? 3 : 0 } });
});

// Longer than the answer: it still ends before its finish.
conform('cut;after=1000;pause=40', ({ end, content, finish }, mode) => {
  expect({ end, finish }).toEqual({ end: 'broken', finish: undefined });
  if (mode.stream) expect(arrivedBefore(SAID, content, mode)).toBe(true);
});
