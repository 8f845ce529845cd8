import { z } from 'zod';
import { defineFault } from '../define.ts';

export const fault = defineFault({
  name: 'missing-usage',
  version: 1,
  summary: 'Leaves the token counts out of the answer, asked for or not; the ledger still bills them.',
  params: z.strictObject({}),
  effects: () => ({ rendering: (rendering) => ({ ...rendering, showUsage: false }) }),
});
