import { z } from 'zod';
import { fingerprint } from '../../models.ts';
import { defineFault } from '../define.ts';
import { flag } from '../params.ts';

export const fault = defineFault({
  name: 'alias-flip',
  version: 1,
  summary:
    'Serves the model name with another model: the claimed name, the fingerprint and the wording may change.',
  main: 'to',
  params: z.strictObject({
    to: z
      .string()
      .optional()
      .describe('Name claimed after the flip; absent, a dated snapshot of the asked one.'),
    name: flag.default(true).describe('Whether the claimed name changes.'),
    fingerprint: flag.default(true).describe('Whether system_fingerprint changes.'),
    wording: flag
      .default(false)
      .describe('Whether answers read differently: the change that no field tells of.'),
  }),
  effects: ({ to, name, fingerprint: prints, wording }) => ({
    rendering: (rendering) => {
      const model = to ?? `${rendering.model}-2026-06-01`;
      return {
        ...rendering,
        model: name ? model : rendering.model,
        fingerprint: prints ? fingerprint(`flipped ${model}`) : rendering.fingerprint,
      };
    },
    reply: (reply) =>
      wording
        ? {
            ...reply,
            blocks: reply.blocks.map((block) =>
              block.kind === 'text' ? { ...block, text: `Certainly! ${block.text}` } : block,
            ),
          }
        : reply,
  }),
});
