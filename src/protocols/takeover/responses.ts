import { type Json, list, object, text, word } from '../shared/json.ts';
import { endOf, statusOf } from '../translate/responses/write-answer.ts';
import type { ReadTail } from './tail.ts';

const PLAIN: ReadonlySet<unknown> = new Set(['message', 'reasoning']);
/** What is kept at a provider, no other can go on from. */
const KEPT = ['previous_response_id', 'conversation', 'prompt'] as const;

/** The message item that is open, with its texts; the last of them is open too unless `done` says otherwise. */
interface Open {
  readonly id: unknown;
  readonly texts: string[];
  done: boolean;
}

export const responsesTail: ReadTail = (ask, sent) => {
  if (ask.background === true || KEPT.some((key) => ask[key] !== undefined && ask[key] !== null))
    return undefined;
  let head: Json | undefined;
  let sequence = 0;
  let said = '';
  let item: Open | undefined;
  let thinks = false;
  const items: Json[] = [];
  for (const { name, data } of sent) {
    if (typeof data.sequence_number === 'number') sequence = data.sequence_number + 1;
    const type = word(data.type) ?? name;
    const about = object(data.item);
    if (type === 'response.created' || type === 'response.in_progress') head = object(data.response);
    else if (type === 'response.output_item.added') {
      if (!PLAIN.has(about.type)) return undefined;
      thinks = about.type === 'reasoning';
      if (!thinks) item = { id: about.id, texts: [], done: true };
    } else if (type === 'response.output_item.done') {
      items.push(about);
      if (about.type === 'message') item = undefined;
      thinks = false;
    } else if (type === 'response.content_part.added') {
      const part = object(data.part);
      if (part.type !== 'output_text' && part.type !== 'reasoning_text') return undefined;
      if (part.type === 'output_text' && item) {
        item.texts.push('');
        item.done = false;
      }
    } else if (type === 'response.output_text.delta') {
      if (!item || list(data.logprobs).length > 0) return undefined;
      said += text(data.delta);
      item.texts.push((item.texts.pop() ?? '') + text(data.delta));
      item.done = false;
    } else if (type === 'response.content_part.done') {
      if (item && object(data.part).type === 'output_text') item.done = true;
    } else if (type === 'response.refusal.delta' || type === 'response.output_text.annotation.added') {
      return undefined;
    }
  }
  // What the provider keeps under this id would be another answer than the caller's, and the next turn may go on from it.
  if (!head || thinks || head.store === true) return undefined;
  const base = head;
  const event = (type: string, data: Json) =>
    `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence++, ...data })}\n\n`;
  const part = (words: string) => ({ type: 'output_text', text: words, annotations: [], logprobs: [] });
  const at = (open: Open) => ({
    item_id: open.id,
    output_index: items.length,
    content_index: open.texts.length - 1,
  });
  const begin = (): string => {
    let out = '';
    if (!item) {
      item = { id: `msg_rest_${text(base.id)}`, texts: [], done: true };
      const empty = { id: item.id, type: 'message', status: 'in_progress', role: 'assistant', content: [] };
      out += event('response.output_item.added', { output_index: items.length, item: empty });
    }
    item.texts.push('');
    item.done = false;
    return out + event('response.content_part.added', { ...at(item), part: part('') });
  };
  return {
    text: said,
    piece(more) {
      const out = !item || item.done ? begin() : '';
      const open = item as Open;
      open.texts.push((open.texts.pop() ?? '') + more);
      return out + event('response.output_text.delta', { ...at(open), logprobs: [], delta: more });
    },
    end(end) {
      let out = '';
      if (item) {
        const whole = item.texts.at(-1) ?? '';
        if (!item.done) {
          out += event('response.output_text.done', { ...at(item), text: whole, logprobs: [] });
          out += event('response.content_part.done', { ...at(item), part: part(whole) });
        }
        const content = item.texts.map(part);
        const done = {
          id: item.id,
          type: 'message',
          status: statusOf(end, true),
          role: 'assistant',
          content,
        };
        out += event('response.output_item.done', { output_index: items.length, item: done });
        items.push(done);
      }
      const ending = endOf(end);
      const response = { ...base, ...ending, output: items };
      return out + event(`response.${String(ending.status)}`, { response });
    },
  };
};
