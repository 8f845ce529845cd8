import { contentOf, withContent } from '../answers/limit.ts';
import type { Block, Reply } from '../asked.ts';
import { pieces } from '../tokens.ts';

/** The first `tokens` tokens that a caller would see; reasoning does not count. */
export function shortened(reply: Reply, tokens: number): Reply {
  let left = tokens;
  const blocks: Block[] = [];
  for (const block of reply.blocks) {
    if (block.kind === 'reasoning') {
      blocks.push(block);
      continue;
    }
    const kept = pieces(contentOf(block)).slice(0, left);
    if (kept.length > 0) blocks.push(withContent(block, kept.join('')));
    left -= kept.length;
  }
  return { ...reply, blocks };
}
