import { z } from 'zod';
import { defineFault } from '../define.ts';
import { count } from '../params.ts';
import { before } from '../parts.ts';

export const fault = defineFault({
  name: 'stall',
  version: 1,
  summary: 'Falls silent in the middle of the answer; the connection stays open.',
  main: 'after',
  params: z.strictObject({
    after: count.default(3).describe('Tokens that arrive first; a unary answer stops in the middle.'),
  }),
  effects: ({ after }) => ({
    script: (script, { stream }) => ({ ...script, parts: before(script, after, stream), ending: 'silence' }),
  }),
});
