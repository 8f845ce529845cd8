import { z } from 'zod';
import { defineFault } from '../define.ts';

export const fault = defineFault({
  name: 'silence',
  version: 1,
  summary: 'Accepts the call and never answers; the connection stays open.',
  params: z.strictObject({}),
  effects: () => ({ script: (script) => ({ ...script, opening: 'silence', before: 0 }) }),
});
