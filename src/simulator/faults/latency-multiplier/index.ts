import { z } from 'zod';
import { slower } from '../../latency.ts';
import { defineFault } from '../define.ts';

export const fault = defineFault({
  name: 'latency-multiplier',
  version: 1,
  summary: 'Makes the model slower by a factor, without any error: a brownout.',
  main: 'factor',
  params: z.strictObject({ factor: z.coerce.number().min(0).max(10_000).default(10) }),
  effects: ({ factor }) => ({ law: (law) => slower(law, factor) }),
});
