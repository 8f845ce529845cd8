import { z } from 'zod';
import { problemOf } from '../../problem.ts';
import { defineFault } from '../define.ts';

export const fault = defineFault({
  name: 'error-in-200',
  version: 1,
  summary: 'Answers with status 200 and an error body in JSON, whether or not a stream was asked for.',
  main: 'code',
  params: z.strictObject({
    code: z.coerce
      .number()
      .int()
      .min(400)
      .max(599)
      .default(500)
      .describe('Status that the error stands for.'),
  }),
  effects: ({ code }) => ({
    refuse: () => problemOf(code),
    script: (script) => ({ ...script, status: 200 }),
  }),
});
