import { expect } from 'bun:test';
import { conform } from '../../testing/conform.ts';

const REASON = {
  'openai-chat': 'length',
  'openai-responses': 'max_output_tokens',
  'anthropic-messages': 'max_tokens',
};

conform('length;after=3', ({ status, content, finish, ledger }, { dialect }) => {
  expect({ status, content, finish }).toEqual({
    status: 200,
    content: 'one two three',
    finish: REASON[dialect],
  });
  expect(ledger.total).toMatchObject({ completions: 1, tokens: { output: 3 } });
});
