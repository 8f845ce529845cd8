import { z } from 'zod';
import { overflowProblem } from '../../problems.ts';
import { defineFault } from '../define.ts';

export const fault = defineFault({
  name: 'context-length',
  version: 1,
  summary: 'Refuses the prompt as too long for the model, in the words of each provider.',
  params: z.strictObject({
    context: z.coerce.number().int().positive().default(128_000).describe('Claimed window, in tokens.'),
  }),
  effects: ({ context }) => ({
    refuse: (_, { family, dialect }) => overflowProblem(family, dialect, context + 1, context),
  }),
});
