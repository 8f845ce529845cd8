import { z } from 'zod';
import type { Header } from '../../script.ts';
import { defineFault } from '../define.ts';

export const fault = defineFault({
  name: 'wrong-content-type',
  version: 1,
  summary: 'Sends a sound answer under a content type that does not fit it.',
  params: z.strictObject({ type: z.string().default('text/html').describe('Content type that is claimed.') }),
  effects: ({ type }) => ({
    script: (script) => ({
      ...script,
      headers: script.headers.map(([name, value]): Header => [name, name === 'content-type' ? type : value]),
    }),
  }),
});
