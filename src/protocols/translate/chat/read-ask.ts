import { number } from '../../shared/ask.ts';
import { isObject, type Json, list, object, text, word } from '../../shared/json.ts';
import { sourceOf } from '../media.ts';
import type { Ask, CacheLife, Choice, Format, MediaPart, Part, TextPart, Tool, Turn } from '../neutral.ts';
import type { Notes } from '../notes.ts';
import { readSeal } from '../seal.ts';

/** Members of an ask that are read below; every other one is unknown, so lost. */
const KNOWN = new Set([
  'model',
  'messages',
  'stream',
  'stream_options',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'functions',
  'function_call',
  'response_format',
  'max_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
  'stop',
  'reasoning_effort',
  'service_tier',
  'verbosity',
  'user',
  'n',
  'seed',
  'frequency_penalty',
  'presence_penalty',
  'logit_bias',
  'logprobs',
  'top_logprobs',
  'modalities',
  'audio',
  'prediction',
  'web_search_options',
]);
/** Spelled alike at `/responses`. */
export const SHARED = [
  'metadata',
  'moderation',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'safety_identifier',
  'store',
] as const;

const isSet = (value: unknown): boolean => value !== undefined && value !== null;

export function readChatAsk(ask: Json, notes: Notes): Ask {
  refuseWhatOnlyChatHas(ask, notes);
  if (isSet(ask.seed)) notes.lose('seed');
  if (ask.frequency_penalty || ask.presence_penalty || Object.keys(object(ask.logit_bias)).length > 0)
    notes.lose('penalties');
  if (ask.logprobs === true || ask.top_logprobs) notes.lose('logprobs');
  if (isObject(ask.prediction)) notes.lose('prediction');
  const openai: Json = {};
  for (const key of SHARED) if (isSet(ask[key])) openai[key] = ask[key];
  for (const key in ask)
    if (!KNOWN.has(key) && !(key in openai) && isSet(ask[key])) notes.lose('unknown-field');

  const maxOutput = number(ask.max_completion_tokens) ?? number(ask.max_tokens);
  const effort = word(ask.reasoning_effort);
  const choice = choiceOf(ask.tool_choice, notes);
  const format = formatOf(ask.response_format, notes);
  const temperature = number(ask.temperature);
  const topP = number(ask.top_p);
  const user = word(ask.user);
  const tier = word(ask.service_tier);
  const verbosity = word(ask.verbosity);
  return {
    family: 'openai',
    stream: ask.stream === true,
    turns: list(ask.messages).map((message, i) => turnOf(object(message), `messages[${i}]`, notes)),
    tools: list(ask.tools).flatMap((tool, i) => toolOf(object(tool), `tools[${i}]`, notes)),
    stops: typeof ask.stop === 'string' ? [ask.stop] : list(ask.stop).filter((s) => typeof s === 'string'),
    openai,
    ...(choice ? { choice } : {}),
    ...(typeof ask.parallel_tool_calls === 'boolean' ? { parallel: ask.parallel_tool_calls } : {}),
    ...(format ? { format } : {}),
    ...(maxOutput === undefined ? {} : { maxOutput }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    ...(effort ? { thinking: { on: effort !== 'none', effort } } : {}),
    ...(tier ? { tier } : {}),
    ...(verbosity ? { verbosity } : {}),
    ...(user ? { user } : {}),
  };
}

function refuseWhatOnlyChatHas(ask: Json, notes: Notes): void {
  if (typeof ask.n === 'number' && ask.n > 1) notes.refuse('n', 'more than one choice');
  if (isSet(ask.functions)) notes.refuse('functions', 'the old form of tools (use `tools`)');
  if (isSet(ask.function_call)) notes.refuse('function_call', 'the old form of `tool_choice`');
  if (isObject(ask.audio) || list(ask.modalities).includes('audio'))
    notes.refuse('modalities', 'an answer in audio');
  if (isObject(ask.web_search_options)) notes.refuse('web_search_options', "the provider's own web search");
}

function turnOf(message: Json, path: string, notes: Notes): Turn {
  const role = text(message.role);
  if (word(message.name) && role !== 'tool') notes.lose('message-name');
  switch (role) {
    case 'system':
    case 'developer':
    case 'user':
      return { role, parts: partsOf(message.content, `${path}.content`, notes) };
    case 'assistant':
      return { role, parts: assistantParts(message, path, notes) };
    case 'tool':
      return {
        role: 'user',
        parts: [
          {
            kind: 'result',
            id: text(message.tool_call_id),
            parts: partsOf(message.content, `${path}.content`, notes).filter(
              (part): part is TextPart | MediaPart => part.kind !== 'refusal',
            ) as (TextPart | MediaPart)[],
          },
        ],
      };
    default:
      notes.refuse(`${path}.role`, `the role "${role}"`);
      return { role: 'user', parts: [] };
  }
}

function assistantParts(message: Json, path: string, notes: Notes): Part[] {
  const parts: Part[] = thoughts(message, notes);
  parts.push(...partsOf(message.content, `${path}.content`, notes));
  if (word(message.refusal)) parts.push({ kind: 'refusal', text: text(message.refusal) });
  if (isObject(message.audio)) notes.refuse(`${path}.audio`, 'an earlier answer in audio');
  if (isObject(message.function_call)) notes.refuse(`${path}.function_call`, 'the old form of tool calls');
  list(message.tool_calls).forEach((value, i) => {
    const call = object(value);
    const id = text(call.id);
    if (isObject(call.custom))
      parts.push({
        kind: 'call',
        id,
        name: text(call.custom.name),
        args: text(call.custom.input),
        custom: true,
      });
    else if (isObject(call.function))
      parts.push({ kind: 'call', id, name: text(call.function.name), args: text(call.function.arguments) });
    else notes.refuse(`${path}.tool_calls[${i}]`, `a call of type "${text(call.type)}"`);
  });
  return parts;
}

/** Thoughts that one of our translations wrote; those of others say not whose they are, so nobody can be given them. */
function thoughts(message: Json, notes: Notes): Part[] {
  const details = list(message.reasoning_details).map(object);
  const parts: Part[] = [];
  for (const detail of details) {
    const seal = readSeal(detail.signature) ?? readSeal(detail.data);
    if (seal) parts.push({ kind: 'reasoning', text: text(detail.text), seal });
  }
  if (parts.length < details.length || (parts.length === 0 && word(message.reasoning_content)))
    notes.lose('reasoning-history');
  return parts;
}

function partsOf(content: unknown, path: string, notes: Notes): Part[] {
  if (typeof content === 'string') return [{ kind: 'text', text: content }];
  return list(content).flatMap((part, i) => partOf(object(part), `${path}[${i}]`, notes));
}

function partOf(part: Json, path: string, notes: Notes): Part[] {
  const cache = breakpoint(part.prompt_cache_breakpoint);
  switch (part.type) {
    case 'text':
      return [{ kind: 'text', text: text(part.text), ...cache }];
    case 'refusal':
      return [{ kind: 'refusal', text: text(part.refusal) }];
    case 'image_url': {
      const image = object(part.image_url);
      const url = word(image.url) ?? text(part.image_url);
      if (url === '') notes.refuse(path, 'an image without a URL');
      const detail = word(image.detail);
      return [{ kind: 'image', source: sourceOf(url), ...(detail ? { detail } : {}), ...cache }];
    }
    case 'file': {
      const file = object(part.file);
      const name = word(file.filename);
      const source = word(file.file_data)
        ? sourceOf(text(file.file_data))
        : { at: 'upload' as const, id: text(file.file_id) };
      return [{ kind: 'file', source, ...(name ? { name } : {}), ...cache }];
    }
    case 'input_audio':
      notes.refuse(path, 'audio');
      return [];
    default:
      notes.refuse(path, `a part of type "${text(part.type)}"`);
      return [];
  }
}

/** OpenAI keeps a marked prefix for half an hour or for twelve hours. */
export function breakpoint(value: unknown): { readonly cache?: CacheLife } {
  if (!isObject(value)) return {};
  return { cache: value.ttl === '12h' ? 'long' : 'short' };
}

function toolOf(tool: Json, path: string, notes: Notes): Tool[] {
  const custom = tool.type === 'custom' && isObject(tool.custom) ? tool.custom : undefined;
  const made = custom ?? (isObject(tool.function) ? tool.function : undefined);
  if (!made) {
    notes.refuse(path, `a tool of type "${text(tool.type)}"`);
    return [];
  }
  const description = word(made.description);
  const head = { name: text(made.name), ...(description ? { description } : {}) };
  if (custom) return [{ ...head, custom: custom.format === undefined ? {} : { format: custom.format } }];
  return [
    {
      ...head,
      schema: isObject(made.parameters) ? made.parameters : { type: 'object', properties: {} },
      ...(typeof made.strict === 'boolean' ? { strict: made.strict } : {}),
    },
  ];
}

function choiceOf(value: unknown, notes: Notes): Choice | undefined {
  if (value === 'auto' || value === 'none' || value === 'required') return { mode: value };
  if (!isObject(value)) return undefined;
  if (value.type === 'function') return { mode: 'named', name: text(object(value.function).name) };
  if (value.type === 'custom') return { mode: 'named', name: text(object(value.custom).name), custom: true };
  if (value.type === 'allowed_tools') {
    const allowed = object(value.allowed_tools);
    const names = list(allowed.tools).map((tool) => {
      const made = object(tool);
      return text(object(made.function ?? made.custom).name) || text(made.name);
    });
    return { mode: 'allowed', must: allowed.mode === 'required', names };
  }
  notes.refuse('tool_choice', `the type "${text(value.type)}"`);
  return undefined;
}

function formatOf(value: unknown, notes: Notes): Format | undefined {
  const format = object(value);
  if (format.type === 'json_object') return { kind: 'object' };
  if (format.type === 'json_schema') return schemaOf(object(format.json_schema));
  if (format.type !== undefined && format.type !== 'text')
    notes.refuse('response_format.type', `the format "${text(format.type)}"`);
  return undefined;
}

/** Name, description, schema and `strict` stand in one object at both endpoints, one level apart. */
export function schemaOf(made: Json): Format {
  const name = word(made.name);
  const description = word(made.description);
  return {
    kind: 'schema',
    schema: object(made.schema),
    ...(name ? { name } : {}),
    ...(description ? { description } : {}),
    ...(typeof made.strict === 'boolean' ? { strict: made.strict } : {}),
  };
}
