import type { TranslateAsk } from '#contracts';
import type { Json } from '../../shared/json.ts';
import { mapId } from '../ids.ts';
import { urlOf } from '../media.ts';
import type { Ask, CallPart, Choice, Format, MediaPart, Part, ResultPart, Tool, Turn } from '../neutral.ts';
import type { Notes } from '../notes.ts';
import { breakpointOf, checkTools, effortOf, loseCache, namedSchema } from '../openai.ts';

/** OpenAI refuses longer ids here. */
const ID = /^[\s\S]{1,40}$/;
/** OpenAI's own limit. */
const MAX_STOPS = 4;

export function writeChatAsk(ask: Ask, options: TranslateAsk, notes: Notes): Json {
  const messages = ask.turns.flatMap((turn, i) => new Writer(ask, notes, `messages[${i}]`).messages(turn));
  if (messages.length === 0) notes.refuse('input', 'an ask without any words');
  if (ask.stops.length > MAX_STOPS) notes.refuse('stop_sequences', `more than ${MAX_STOPS} stop sequences`);
  checkTools(ask.tools, notes);
  loseCache(ask, notes);
  if (ask.topK !== undefined) notes.lose('top-k');
  const sampling = options.abilities?.sampling !== false;
  if (!sampling && (ask.temperature ?? ask.topP) !== undefined) notes.lose('sampling');
  const limit = options.abilities?.maxTokensField ?? 'max_completion_tokens';
  // False is the default here, and unknown to many servers that speak like OpenAI.
  const { store, ...openai } = ask.openai;
  const effort = effortOf(ask.thinking, notes);
  return {
    model: options.model,
    messages,
    ...(ask.stream ? { stream: true, stream_options: { include_usage: true } } : {}),
    ...(ask.tools.length > 0 ? { tools: ask.tools.map(toolOf) } : {}),
    ...(ask.choice ? { tool_choice: choiceOf(ask.choice) } : {}),
    ...(ask.parallel === undefined ? {} : { parallel_tool_calls: ask.parallel }),
    ...(ask.format ? { response_format: formatOf(ask.format) } : {}),
    ...(ask.maxOutput === undefined ? {} : { [limit]: ask.maxOutput }),
    ...(sampling && ask.temperature !== undefined ? { temperature: ask.temperature } : {}),
    ...(sampling && ask.topP !== undefined ? { top_p: ask.topP } : {}),
    ...(ask.stops.length > 0 ? { stop: ask.stops } : {}),
    ...(effort ? { reasoning_effort: effort } : {}),
    ...(ask.tier ? { service_tier: ask.tier } : {}),
    ...(ask.verbosity ? { verbosity: ask.verbosity } : {}),
    ...(ask.user ? { user: ask.user } : {}),
    ...openai,
    ...(store === true ? { store } : {}),
  };
}

/** One turn becomes one message, or several where tools answered. */
class Writer {
  readonly #ask: Ask;
  readonly #notes: Notes;
  readonly #path: string;

  constructor(ask: Ask, notes: Notes, path: string) {
    this.#ask = ask;
    this.#notes = notes;
    this.#path = path;
  }

  messages(turn: Turn): Json[] {
    if (turn.role === 'assistant') return [this.#assistant(turn.parts)];
    const results: Json[] = [];
    const said: Part[] = [];
    for (const part of turn.parts)
      if (part.kind === 'result') results.push(this.#result(part, said));
      else said.push(part);
    if (said.length === 0 && results.length > 0) return results;
    return [...results, { role: turn.role, content: this.#content(said) }];
  }

  /** A tool says only text here, so its pictures and files go to `said`, the user message that follows. */
  #result(part: ResultPart, said: Part[]): Json {
    const texts: string[] = [];
    for (const inner of part.parts) {
      if (inner.kind === 'text') texts.push(inner.text);
      else {
        this.#notes.lose('result-media');
        said.push(inner);
      }
    }
    if (part.error) {
      this.#notes.lose('result-error');
      texts[0] = `Error: ${texts[0] ?? ''}`;
    }
    const content = texts.length < 2 ? (texts[0] ?? '') : texts.map((text) => ({ type: 'text', text }));
    return { role: 'tool', tool_call_id: mapId(part.id, ID), content };
  }

  #assistant(parts: readonly Part[]): Json {
    const message: Json = { role: 'assistant' };
    const texts: string[] = [];
    const calls: Json[] = [];
    let refusal = '';
    for (const part of parts) {
      if (part.kind === 'text') {
        if (calls.length > 0) this.#notes.lose('part-order');
        texts.push(part.text);
      } else if (part.kind === 'refusal') refusal += part.text;
      else if (part.kind === 'reasoning') this.#notes.lose('reasoning-history');
      else if (part.kind === 'call') calls.push(callOf(part));
      else this.#notes.refuse(this.#path, `a part of kind "${part.kind}" in an answer`);
    }
    message.content = texts.length > 1 ? texts.map((text) => ({ type: 'text', text })) : (texts[0] ?? null);
    if (refusal !== '') message.refusal = refusal;
    if (calls.length > 0) message.tool_calls = calls;
    // OpenAI demands one of the two; a turn of thoughts alone said nothing.
    else if (message.content === null && refusal === '') message.content = '';
    return message;
  }

  #content(parts: readonly Part[]): unknown {
    const [only] = parts;
    if (parts.length === 1 && only?.kind === 'text' && !(only.cache && this.#ask.family === 'openai'))
      return only.text;
    return parts.flatMap((part): Json[] => {
      if (part.kind === 'text')
        return [{ type: 'text', text: part.text, ...breakpointOf(part.cache, this.#ask) }];
      if (part.kind === 'image' || part.kind === 'file') {
        const media = this.#media(part);
        return media ? [{ ...media, ...breakpointOf(part.cache, this.#ask) }] : [];
      }
      this.#notes.refuse(this.#path, `a part of kind "${part.kind}" in a question`);
      return [];
    });
  }

  #media(part: MediaPart): Json | undefined {
    const { source } = part;
    if (part.kind === 'image') {
      if (source.at === 'upload') {
        this.#notes.refuse(this.#path, 'an image by the id of an upload');
        return undefined;
      }
      const detail = part.detail === undefined ? {} : { detail: part.detail };
      return { type: 'image_url', image_url: { url: urlOf(source), ...detail } };
    }
    if (source.at === 'url') {
      this.#notes.refuse(this.#path, 'a file by its URL');
      return undefined;
    }
    if (source.at === 'upload') {
      if (this.#ask.family !== 'openai') this.#notes.refuse(this.#path, 'a file by the id of an upload');
      return { type: 'file', file: { file_id: source.id } };
    }
    // OpenAI refuses a file without a name unless it is an upload.
    return { type: 'file', file: { file_data: urlOf(source), filename: part.name ?? 'document' } };
  }
}

function callOf(part: CallPart): Json {
  const id = mapId(part.id, ID);
  return part.custom
    ? { id, type: 'custom', custom: { name: part.name, input: part.args } }
    : { id, type: 'function', function: { name: part.name, arguments: part.args } };
}

const toolOf = (tool: Tool): Json => {
  const head = {
    name: tool.name,
    ...(tool.description === undefined ? {} : { description: tool.description }),
  };
  if (tool.custom) return { type: 'custom', custom: { ...head, ...tool.custom } };
  const strict = tool.strict === undefined ? {} : { strict: tool.strict };
  return { type: 'function', function: { ...head, parameters: tool.schema, ...strict } };
};

function choiceOf(choice: Choice): unknown {
  if (choice.mode === 'named')
    return choice.custom
      ? { type: 'custom', custom: { name: choice.name } }
      : { type: 'function', function: { name: choice.name } };
  if (choice.mode !== 'allowed') return choice.mode;
  const tools = choice.names.map((name) => ({ type: 'function', function: { name } }));
  return { type: 'allowed_tools', allowed_tools: { mode: choice.must ? 'required' : 'auto', tools } };
}

const formatOf = (format: Format): Json =>
  format.kind === 'object'
    ? { type: 'json_object' }
    : { type: 'json_schema', json_schema: namedSchema(format) };
