import { z } from 'zod';
import { sizeOf } from '../../script.ts';
import { defineFault } from '../define.ts';
import { count } from '../params.ts';
import { before, bodyText, lull } from '../parts.ts';

export const fault = defineFault({
  name: 'unclean-end',
  version: 1,
  summary:
    'Closes the connection where HTTP promised more: no last chunk, fewer bytes than declared, or a broken chunk.',
  main: 'how',
  params: z.strictObject({
    how: z
      .enum(['close', 'framing'])
      .default('close')
      .describe('A plain close, or a chunk size that is no number.'),
    after: count
      .optional()
      .describe('Tokens that arrive first; absent, the whole answer does and only its end is missing.'),
  }),
  effects: ({ how, after }) => ({
    script: (script, { stream }) => ({
      ...script,
      length: how === 'close' && script.length !== undefined ? sizeOf(bodyText(script)) + 1 : undefined,
      parts: (function* () {
        if (after === undefined) yield* script.parts;
        else yield* before(script, after, stream);
        yield lull(5);
      })(),
      ending: how,
    }),
  }),
});
