import { expect } from 'bun:test';
import { arrivedBefore, conform, SAID } from '../../testing/conform.ts';

conform('unclean-end', ({ end, status, content }, mode) => {
  expect({ end, status }).toEqual({ end: 'broken', status: 200 });
  if (mode.stream) expect(arrivedBefore(SAID, content, mode)).toBe(true);
});

conform('unclean-end;how=framing;after=3', ({ end, content, finish }, mode) => {
  expect({ end, finish }).toEqual({ end: 'broken', finish: undefined });
  if (mode.stream) expect(arrivedBefore('one two three', content, mode)).toBe(true);
});
