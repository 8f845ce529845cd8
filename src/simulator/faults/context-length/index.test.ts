import { expect } from 'bun:test';
import { conform } from '../../testing/conform.ts';

conform('context-length;context=1000', ({ status, error }, { family }) => {
  expect(status).toBe(400);
  if (family === 'anthropic') expect(error?.message).toBe('prompt is too long: 1001 tokens > 1000 maximum');
  else expect(error?.code).toBe('context_length_exceeded');
});
