import { z } from 'zod';
import { defineFault } from '../define.ts';
import { flag } from '../params.ts';

export const fault = defineFault({
  name: 'fenced-json',
  version: 1,
  summary:
    'Wraps the text of the answer in a Markdown code fence, as models do that were asked for bare JSON.',
  params: z.strictObject({ preface: flag.default(false).describe('Add a sentence before the fence.') }),
  effects: ({ preface }) => ({
    reply: (reply) => ({
      ...reply,
      blocks: reply.blocks.map((block) =>
        block.kind === 'text'
          ? {
              ...block,
              text: `${preface ? 'Here is the JSON you asked for:\n\n' : ''}\`\`\`json\n${block.text}\n\`\`\``,
            }
          : block,
      ),
    }),
  }),
});
