import { z } from 'zod';
import type { Block } from '../../asked.ts';
import { defineFault } from '../define.ts';

export const fault = defineFault({
  name: 'renamed-field',
  version: 1,
  summary:
    'Calls the first field of every JSON object that it writes by another name, in arguments of tools as in text.',
  params: z.strictObject({ prefix: z.string().min(1).default('the_').describe('Put before the name.') }),
  effects: ({ prefix }) => ({
    reply: (reply) => ({ ...reply, blocks: reply.blocks.map((block) => renamed(block, prefix)) }),
  }),
});

function renamed(block: Block, prefix: string): Block {
  if (block.kind === 'call' && !block.custom) return { ...block, input: renameIn(block.input, prefix) };
  return block.kind === 'text' && block.text.startsWith('{')
    ? { ...block, text: renameIn(block.text, prefix) }
    : block;
}

const renameIn = (json: string, prefix: string): string => json.replace(/^(\s*\{\s*")/, `$1${prefix}`);
