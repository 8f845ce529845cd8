import { expect } from 'bun:test';
import { conform, SAID } from '../../testing/conform.ts';

conform('slow-first-token;after=50', ({ end, content, headAt, endAt }, { stream, over }) => {
  expect({ end, content }).toEqual({ end: 'clean', content: SAID });
  // Only a virtual clock can be held to a number.
  if (over === 'process') expect({ headAt, endAt }).toEqual({ headAt: stream ? 0 : 50, endAt: 50 });
});

conform('slow-first-token;after=50;ping=20', ({ body, content }, { stream, family }) => {
  expect(content).toBe(SAID);
  const pings = body.split(family === 'anthropic' ? 'event: ping' : ': keep-alive').length - 1;
  // Anthropic's own stream has one ping already.
  expect(pings).toBe(stream ? (family === 'anthropic' ? 3 : 2) : 0);
});
