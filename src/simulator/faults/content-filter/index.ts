import { z } from 'zod';
import type { Problem } from '../../problem.ts';
import { defineFault } from '../define.ts';
import { count } from '../params.ts';
import { shortened } from '../replies.ts';

export const fault = defineFault({
  name: 'content-filter',
  version: 1,
  summary: 'Lets a content filter end the answer after some tokens, or refuse the prompt with status 400.',
  main: 'where',
  params: z.strictObject({
    where: z.enum(['answer', 'prompt']).default('answer'),
    after: count.default(3).describe('Tokens of the answer that pass.'),
  }),
  effects: ({ where, after }) =>
    where === 'answer'
      ? { reply: (reply) => ({ ...shortened(reply, after), finish: 'content_filter' }) }
      : { refuse: (_, { family }) => (family === 'anthropic' ? ANTHROPIC : OPENAI) },
});

const OPENAI: Problem = {
  status: 400,
  type: 'invalid_request_error',
  message:
    'The response was filtered due to the prompt triggering the content management policy. Please modify your prompt and retry.',
  code: 'content_filter',
  param: 'prompt',
};
const ANTHROPIC: Problem = {
  status: 400,
  type: 'invalid_request_error',
  message: 'Output blocked by content filtering policy',
};
