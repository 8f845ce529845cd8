import { expect } from 'bun:test';
import { conform, SAID } from '../../testing/conform.ts';

conform('missing-done', ({ end, content, done, finish }, { stream, dialect }) => {
  expect({ end, content }).toEqual({ end: 'clean', content: SAID });
  if (!stream) return;
  expect(done).toBe(false);
  // The Responses API tells the finish in its terminator: without it there is none.
  expect(finish === undefined).toBe(dialect === 'openai-responses');
});
