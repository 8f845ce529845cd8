import { expect } from 'bun:test';
import { conform } from '../../testing/conform.ts';

conform('refusal', ({ status, content, refusal, finish }, { dialect }) => {
  const words = "I'm sorry, but I can't help with that.";
  expect(status).toBe(200);
  // OpenAI has a field for it; Anthropic says it in the text and in the stop reason.
  if (dialect === 'anthropic-messages')
    expect({ content, finish }).toEqual({ content: words, finish: 'refusal' });
  else expect({ content, refusal }).toEqual({ content: '', refusal: words });
});
