import { expect } from 'bun:test';
import { conform, SAID } from '../../testing/conform.ts';

conform('unclean-end', ({ end, status, content }, { stream }) => {
  expect({ end, status }).toEqual({ end: 'broken', status: 200 });
  if (stream) expect(content).toBe(SAID);
});

conform('unclean-end;how=framing;after=3', ({ end, content, finish }, { stream }) => {
  expect({ end, finish }).toEqual({ end: 'broken', finish: undefined });
  if (stream) expect(content).toBe('one two three');
});
