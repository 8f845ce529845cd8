import type { Seam } from '#contracts';
import { estimateOutput } from '../shared/estimate.ts';
import { isObject, type Json, list, object } from '../shared/json.ts';
import { handed } from './seam.ts';

/** How many characters the other model is asked to repeat, so that the place to go on from is beyond doubt. */
const ANCHOR = 48;
/** OpenAI's responses take no smaller limit. */
const LEAST_TOKENS = 16;

export type AskForRest = (ask: Json, text: string, by: Seam) => Json | undefined;

export const askChat: AskForRest = (ask, text, by) => {
  const counted = { ...ask, stream_options: { ...object(ask.stream_options), include_usage: true } };
  if (by === 'restart') return counted;
  if (!endsWithUser(ask.messages)) return undefined;
  const turn = { role: 'assistant', content: handed(text), ...(by === 'prefix' ? { prefix: true } : {}) };
  const flags = by === 'continue' ? { continue_final_message: true, add_generation_prompt: false } : {};
  return {
    ...counted,
    ...limited(ask, ['max_tokens', 'max_completion_tokens'], text),
    ...flags,
    messages: [...list(ask.messages), turn, ...instructed(text, by)],
  };
};

export const askMessages: AskForRest = (ask, text, by) => {
  if (by === 'restart') return ask;
  if (by === 'prefix' || by === 'continue' || !endsWithUser(ask.messages)) return undefined;
  // A model that thinks first cannot go on from the middle of what it says.
  const thinks = isObject(ask.thinking) && ask.thinking.type !== 'disabled';
  if (by === 'turn' && thinks) return undefined;
  const turn = { role: 'assistant', content: handed(text) };
  return {
    ...ask,
    ...limited(ask, ['max_tokens'], text),
    messages: [...list(ask.messages), turn, ...instructed(text, by)],
  };
};

export const askResponses: AskForRest = (ask, text, by) => {
  if (by === 'restart') return ask;
  if (by !== 'instruction') return undefined;
  const input = typeof ask.input === 'string' ? [{ role: 'user', content: ask.input }] : list(ask.input);
  if (!endsWithUser(input)) return undefined;
  return {
    ...ask,
    ...limited(ask, ['max_output_tokens'], text),
    input: [...input, { role: 'assistant', content: handed(text) }, ...instructed(text, by)],
  };
};

/** An ask that ends with a beginning of the caller's own has two beginnings, and nobody says which the text goes on from. */
const endsWithUser = (turns: unknown): boolean => {
  const last = object(list(turns).at(-1));
  return last.role !== undefined && last.role !== 'assistant';
};

const instructed = (text: string, by: Seam): readonly Json[] =>
  by === 'instruction' ? [{ role: 'user', content: instruction(text) }] : [];

export const instruction = (text: string): string =>
  `Your answer above was cut off by a broken connection. Go on with it as if nothing had happened: first repeat its last words, which are ${JSON.stringify(anchor(text))}, letter for letter and without the quotes, then write what follows. Do not begin anew, do not apologise, do not mention this message. If the answer was complete, repeat only those words.`;

/** The last words, from the beginning of one of them. */
function anchor(text: string): string {
  const said = handed(text);
  if (said.length <= ANCHOR) return said;
  const end = [...said.slice(-ANCHOR * 2)].slice(-ANCHOR).join('');
  const space = end.search(/\s\S/);
  return space < 0 ? end : end.slice(space).trimStart();
}

/** What was said counts towards the limit that the caller set. */
function limited(ask: Json, names: readonly string[], text: string): Json {
  const said = estimateOutput(text.length);
  const less: Json = {};
  for (const name of names) {
    const limit = ask[name];
    if (typeof limit === 'number') less[name] = Math.max(Math.min(limit, LEAST_TOKENS), limit - said);
  }
  return less;
}
