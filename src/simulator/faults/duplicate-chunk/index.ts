import { z } from 'zod';
import type { Part, Script } from '../../script.ts';
import { defineFault } from '../define.ts';
import { count } from '../params.ts';

export const fault = defineFault({
  name: 'duplicate-chunk',
  version: 1,
  summary: 'Sends one token of a stream more than once; a unary answer is left alone.',
  main: 'after',
  params: z.strictObject({
    after: count.default(2).describe('Tokens before the one that is repeated.'),
    times: z.coerce.number().int().min(2).default(2).describe('How often it arrives in all.'),
  }),
  effects: ({ after, times }) => ({
    script: (script, { stream }) => (stream ? { ...script, parts: repeated(script, after, times) } : script),
  }),
});

function* repeated(script: Script, after: number, times: number): Generator<Part> {
  let seen = 0;
  for (const part of script.parts) {
    yield part;
    if (part.role !== 'token' || seen++ !== after) continue;
    // Sent again, generated once: the bill does not count it twice.
    for (let i = 1; i < times; i++) yield { ...part, after: 0, tokens: 0 };
  }
}
