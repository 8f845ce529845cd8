import { z } from 'zod';
import { defineFault } from '../define.ts';

export const fault = defineFault({
  name: 'missing-done',
  version: 1,
  summary: 'Ends a stream cleanly without its terminator: [DONE], message_stop or response.completed.',
  params: z.strictObject({}),
  effects: () => ({ rendering: (rendering) => ({ ...rendering, terminator: false }) }),
});
