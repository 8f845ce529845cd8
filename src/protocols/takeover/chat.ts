import { isObject, type Json, list, object, text, word } from '../shared/json.ts';
import { matched, WORDS } from '../translate/chat/write-answer.ts';
import { chatUsage } from '../translate/usage.ts';
import { wordFor } from '../translate/words.ts';
import type { ReadTail } from './tail.ts';

export const chatTail: ReadTail = (ask, sent) => {
  if (ask.logprobs === true || isObject(ask.audio) || list(ask.modalities).includes('audio'))
    return undefined;
  let said = '';
  let last: Json | undefined;
  for (const { data } of sent) {
    const choices = list(data.choices);
    if (choices.length === 0) continue;
    const choice = object(choices[0]);
    const delta = object(choice.delta);
    if (choices.length > 1 || (choice.index ?? 0) !== 0 || !isPlain(choice, delta)) return undefined;
    said += text(delta.content);
    last = data;
  }
  if (!last) return undefined;
  const { choices: _, usage: __, x_groq: ___, obfuscation: ____, ...head } = last;
  const withUsage = object(ask.stream_options).include_usage === true;
  const chunk = (rest: Json) => `data: ${JSON.stringify({ ...head, ...rest })}\n\n`;
  const unknown = withUsage ? { usage: null } : {};
  return {
    text: said,
    piece: (content) =>
      chunk({ choices: [{ index: 0, delta: { content }, logprobs: null, finish_reason: null }], ...unknown }),
    end(end) {
      const finish = {
        index: 0,
        delta: {},
        logprobs: null,
        finish_reason: wordFor(end, WORDS),
        ...matched(end),
      };
      const counted = withUsage && end.usage ? chunk({ choices: [], usage: chatUsage(end.usage) }) : '';
      return `${chunk({ choices: [finish], ...unknown })}${counted}data: [DONE]\n\n`;
    },
  };
};

/** Nothing but text, and thoughts before it. */
function isPlain(choice: Json, delta: Json): boolean {
  if (word(choice.finish_reason) || isObject(choice.logprobs)) return false;
  if (typeof (delta.content ?? '') !== 'string' || word(delta.refusal)) return false;
  return ['tool_calls', 'function_call', 'audio', 'annotations', 'images'].every(
    (key) => !isObject(delta[key]) && list(delta[key]).length === 0,
  );
}
