import type { Asked, Block, Reply } from '../asked.ts';
import { pieces } from '../tokens.ts';

/** Ends a reply where the caller's stop sequences or its token limit end it. Reasoning counts against the limit. */
export function limit(reply: Reply, asked: Asked): Reply {
  const stopped = stopAt(reply, asked.stops);
  let left = asked.maxTokens ?? Number.POSITIVE_INFINITY;
  const blocks: Block[] = [];
  for (const block of stopped.blocks) {
    const cut = pieces(contentOf(block));
    if (cut.length > left) {
      if (left > 0) blocks.push(withContent(block, cut.slice(0, left).join('')));
      return { blocks, finish: 'length' };
    }
    left -= cut.length;
    blocks.push(block);
  }
  return { ...stopped, blocks };
}

export const contentOf = (block: Block): string => (block.kind === 'call' ? block.input : block.text);

export const withContent = (block: Block, text: string): Block =>
  block.kind === 'call' ? { ...block, input: text } : { ...block, text };

export const blockTokens = (block: Block): number => pieces(contentOf(block)).length;

/** The sequence itself is not part of the answer, with either provider. */
function stopAt(reply: Reply, stops: readonly string[]): Reply {
  if (stops.length === 0) return reply;
  const blocks: Block[] = [];
  for (const block of reply.blocks) {
    if (block.kind === 'text') {
      let at = -1;
      let stop = '';
      for (const candidate of stops) {
        const found = candidate === '' ? -1 : block.text.indexOf(candidate);
        if (found >= 0 && (at < 0 || found < at)) {
          at = found;
          stop = candidate;
        }
      }
      if (at >= 0) {
        blocks.push({ ...block, text: block.text.slice(0, at) });
        return { blocks, finish: 'stop', stopped: stop };
      }
    }
    blocks.push(block);
  }
  return reply;
}
