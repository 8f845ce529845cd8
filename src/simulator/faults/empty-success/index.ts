import { z } from 'zod';
import { defineFault } from '../define.ts';
import { withBody } from '../parts.ts';

export const fault = defineFault({
  name: 'empty-success',
  version: 1,
  summary: 'Answers 200 with nothing in it.',
  main: 'kind',
  params: z.strictObject({
    kind: z
      .enum(['nothing', 'blank'])
      .default('nothing')
      .describe('`nothing`: no body at all, and a clean end. `blank`: a well-formed answer without content.'),
  }),
  effects: ({ kind }) =>
    kind === 'blank'
      ? { reply: () => ({ blocks: [], finish: 'complete' }) }
      : { script: (script, { stream }) => (stream ? { ...script, parts: [] } : withBody(script, '')) },
});
