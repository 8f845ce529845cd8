import { type Json, object, text, word } from '../shared/json.ts';
import { endOf } from '../translate/messages/write-answer.ts';
import { messagesUsage } from '../translate/usage.ts';
import type { ReadTail } from './tail.ts';

const PLAIN: ReadonlySet<unknown> = new Set(['text', 'thinking', 'redacted_thinking']);

export const messagesTail: ReadTail = (_ask, sent) => {
  let said = '';
  let begun = false;
  /** The block that has begun and not ended, and the last one that began. */
  let open: unknown;
  let index = -1;
  for (const { name, data } of sent) {
    const type = data.type ?? name;
    if (type === 'message_start') begun = true;
    else if (type === 'content_block_start') {
      const block = object(data.content_block);
      if (!PLAIN.has(block.type)) return undefined;
      index = Number(data.index);
      open = block.type;
      said += text(block.text);
    } else if (type === 'content_block_delta') {
      const delta = object(data.delta);
      if (delta.type === 'citations_delta') return undefined;
      if (delta.type === 'text_delta') said += text(delta.text);
    } else if (type === 'content_block_stop') open = undefined;
    else if (type === 'message_delta' && word(object(data.delta).stop_reason)) return undefined;
  }
  // A thought that nobody signed could never be handed back.
  if (!begun || (open !== undefined && open !== 'text')) return undefined;
  const start = () => {
    index++;
    open = 'text';
    return event('content_block_start', { index, content_block: { type: 'text', text: '' } });
  };
  return {
    text: said,
    piece: (more) =>
      (open ? '' : start()) +
      event('content_block_delta', { index, delta: { type: 'text_delta', text: more } }),
    end: (end) =>
      (open ? event('content_block_stop', { index }) : '') +
      event('message_delta', { delta: endOf(end, ''), usage: messagesUsage(end.usage) }) +
      event('message_stop', {}),
  };
};

const event = (type: string, data: Json): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
