import { z } from 'zod';
import { problemOf } from '../../problem.ts';
import { defineFault } from '../define.ts';
import { count } from '../params.ts';
import { before, withBody } from '../parts.ts';

export const fault = defineFault({
  name: 'in-band-error',
  version: 1,
  summary: 'Breaks a stream off with an error event; a unary answer is an error body under status 200.',
  main: 'code',
  params: z.strictObject({
    code: z.coerce
      .number()
      .int()
      .min(400)
      .max(599)
      .default(529)
      .describe('Status that the error stands for.'),
    after: count.default(3).describe('Tokens that arrive first.'),
  }),
  effects: ({ code, after }) => ({
    script: (script, wire) =>
      wire.stream
        ? {
            ...script,
            parts: (function* () {
              yield* before(script, after, true);
              yield { after: 0, data: wire.problemEvent(problemOf(code)), role: 'noise' as const };
            })(),
          }
        : withBody(script, wire.problem(problemOf(code))),
  }),
});
