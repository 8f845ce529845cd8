import { z } from 'zod';
import { defineFault } from '../define.ts';
import { count } from '../params.ts';
import { shortened } from '../replies.ts';

export const fault = defineFault({
  name: 'length',
  version: 1,
  summary: 'Ends the answer as if its token limit had been reached.',
  main: 'after',
  params: z.strictObject({ after: count.default(3).describe('Tokens that arrive.') }),
  effects: ({ after }) => ({ reply: (reply) => ({ ...shortened(reply, after), finish: 'length' }) }),
});
