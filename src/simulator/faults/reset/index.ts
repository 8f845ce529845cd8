import { z } from 'zod';
import { defineFault } from '../define.ts';
import { milliseconds } from '../params.ts';

export const fault = defineFault({
  name: 'reset',
  version: 1,
  summary: 'Tears the connection down with a reset before any header.',
  main: 'after',
  params: z.strictObject({ after: milliseconds.default(0).describe('How long the call is held first.') }),
  effects: ({ after }) => ({ script: (script) => ({ ...script, opening: 'reset', before: after }) }),
});
