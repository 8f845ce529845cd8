import { z } from 'zod';
import { defineFault } from '../define.ts';

export const fault = defineFault({
  name: 'refusal',
  version: 1,
  summary: 'Declines to answer, whatever was asked.',
  params: z.strictObject({ text: z.string().default("I'm sorry, but I can't help with that.") }),
  effects: ({ text }) => ({ reply: () => ({ blocks: [{ kind: 'refusal', text }], finish: 'refusal' }) }),
});
