import { z } from 'zod';
import { defineFault } from '../define.ts';
import { count, milliseconds } from '../params.ts';
import { before, lull } from '../parts.ts';

export const fault = defineFault({
  name: 'cut',
  version: 1,
  summary: 'Tears the connection down with a reset in the middle of the answer.',
  main: 'after',
  params: z.strictObject({
    after: count.default(3).describe('Tokens that arrive first; a unary answer breaks in the middle.'),
    pause: milliseconds.default(5).describe('Between the last byte and the reset.'),
  }),
  effects: ({ after, pause }) => ({
    script: (script, { stream }) => ({
      ...script,
      parts: (function* () {
        yield* before(script, after, stream);
        yield lull(pause);
      })(),
      ending: 'reset',
    }),
  }),
});
