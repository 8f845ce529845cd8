import { expect } from 'bun:test';
import { conform } from '../../testing/conform.ts';

const REASON = {
  'openai-chat': 'content_filter',
  'openai-responses': 'content_filter',
  'anthropic-messages': 'refusal',
};

conform('content-filter;after=3', ({ status, content, finish, usage }, { dialect }) => {
  expect({ status, content, finish, usage }).toEqual({
    status: 200,
    content: 'one two three',
    finish: REASON[dialect],
    usage: true,
  });
});

conform('content-filter;where=prompt', ({ status, error }, { family }) => {
  expect(status).toBe(400);
  if (family === 'openai') expect(error?.code).toBe('content_filter');
  else expect(error?.message).toContain('content filtering');
});
