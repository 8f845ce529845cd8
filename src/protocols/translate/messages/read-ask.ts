import { number } from '../../shared/ask.ts';
import { isObject, type Json, list, object, text, word } from '../../shared/json.ts';
import { isStrict } from '../json-schema.ts';
import type {
  Ask,
  CacheLife,
  Choice,
  Format,
  MediaPart,
  Part,
  Source,
  TextPart,
  Thinking,
  Tool,
  Turn,
} from '../neutral.ts';
import type { Notes } from '../notes.ts';
import { readSeal } from '../seal.ts';

const KNOWN = new Set([
  'model',
  'messages',
  'system',
  'stream',
  'tools',
  'tool_choice',
  'max_tokens',
  'temperature',
  'top_p',
  'top_k',
  'stop_sequences',
  'thinking',
  'output_config',
  'output_format',
  'service_tier',
  'metadata',
  'cache_control',
  'container',
  'inference_geo',
  'mcp_servers',
  'speed',
]);

export function readMessagesAsk(ask: Json, notes: Notes): Ask {
  if (ask.container) notes.refuse('container', 'a container of the provider');
  if (ask.inference_geo) notes.refuse('inference_geo', 'where inference must happen');
  if (list(ask.mcp_servers).length > 0) notes.refuse('mcp_servers', 'tool servers run by the provider');
  if (word(ask.speed) && ask.speed !== 'standard') notes.lose('service-tier');
  if (isObject(ask.cache_control)) notes.lose('cache-control');
  for (const key in ask)
    if (!KNOWN.has(key) && ask[key] !== undefined && ask[key] !== null) notes.lose('unknown-field');

  const turns: Turn[] = [];
  const system = partsOf(ask.system, 'system', notes);
  if (system.length > 0) turns.push({ role: 'system', parts: system });
  list(ask.messages).forEach((message, i) => {
    turns.push(turnOf(object(message), `messages[${i}]`, notes));
  });
  const last = turns.at(-1);
  if (last?.role === 'assistant' && last.parts.length > 0)
    notes.refuse(`messages[${list(ask.messages).length - 1}]`, 'an answer to go on from (prefill)');

  const config = object(ask.output_config);
  const choice = choiceOf(ask.tool_choice, notes);
  const format = formatOf(config.format ?? ask.output_format, notes);
  const thinking = thinkingOf(ask.thinking, word(config.effort));
  const maxOutput = number(ask.max_tokens);
  const temperature = number(ask.temperature);
  const topP = number(ask.top_p);
  const topK = number(ask.top_k);
  const user = word(object(ask.metadata).user_id);
  const parallel = object(ask.tool_choice).disable_parallel_tool_use;
  return {
    family: 'anthropic',
    stream: ask.stream === true,
    turns,
    tools: list(ask.tools).flatMap((tool, i) => toolOf(object(tool), `tools[${i}]`, notes)),
    stops: list(ask.stop_sequences).filter((stop) => typeof stop === 'string'),
    openai: {},
    ...(choice ? { choice } : {}),
    ...(typeof parallel === 'boolean' ? { parallel: !parallel } : {}),
    ...(format ? { format } : {}),
    ...(maxOutput === undefined ? {} : { maxOutput }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    ...(topK === undefined ? {} : { topK }),
    ...(thinking ? { thinking } : {}),
    ...tierOf(ask.service_tier, notes),
    ...(user ? { user } : {}),
  };
}

function turnOf(message: Json, path: string, notes: Notes): Turn {
  const { role } = message;
  if (role !== 'user' && role !== 'assistant' && role !== 'system') {
    notes.refuse(`${path}.role`, `the role "${text(role)}"`);
    return { role: 'user', parts: [] };
  }
  return { role, parts: partsOf(message.content, `${path}.content`, notes) };
}

function partsOf(content: unknown, path: string, notes: Notes): Part[] {
  if (typeof content === 'string') return content === '' ? [] : [{ kind: 'text', text: content }];
  return list(content).flatMap((block, i) => partOf(object(block), `${path}[${i}]`, notes));
}

function partOf(block: Json, path: string, notes: Notes): Part[] {
  const cache = cacheOf(block.cache_control);
  switch (block.type) {
    case 'text':
      return [{ kind: 'text', text: text(block.text), ...cache }];
    case 'image':
      return mediaPart('image', block, path, notes);
    case 'document':
      return mediaPart('file', block, path, notes);
    case 'search_result':
      notes.lose('search-results');
      return [{ kind: 'text', text: searchText(block), ...cache }];
    case 'thinking': {
      const signature = text(block.signature);
      const seal = readSeal(signature) ?? { by: 'anthropic-messages', data: signature };
      return [{ kind: 'reasoning', text: text(block.thinking), seal }];
    }
    case 'redacted_thinking': {
      const data = text(block.data);
      const seal = readSeal(data) ?? { by: 'anthropic-messages', data, redacted: true };
      return [{ kind: 'reasoning', text: '', seal }];
    }
    case 'tool_use':
      return [
        {
          kind: 'call',
          id: text(block.id),
          name: text(block.name),
          args: JSON.stringify(block.input ?? {}),
          ...cache,
        },
      ];
    case 'tool_result':
      return [
        {
          kind: 'result',
          id: text(block.tool_use_id),
          parts: resultParts(block.content, `${path}.content`, notes),
          ...(block.is_error === true ? { error: true } : {}),
          ...cache,
        },
      ];
    default:
      notes.refuse(path, `a block of type "${text(block.type)}"`);
      return [];
  }
}

const isSayable = (part: Part): part is TextPart | MediaPart =>
  part.kind === 'text' || part.kind === 'image' || part.kind === 'file';

function resultParts(content: unknown, path: string, notes: Notes): (TextPart | MediaPart)[] {
  if (typeof content === 'string') return [{ kind: 'text', text: content }];
  const parts = partsOf(content, path, notes);
  if (!parts.every(isSayable)) notes.refuse(path, 'a call or a thought inside the result of a tool');
  return parts.filter(isSayable);
}

const searchText = (block: Json): string =>
  [text(block.title), text(block.source), ...list(block.content).map((part) => text(object(part).text))].join(
    '\n',
  );

/** Five minutes or an hour. */
function cacheOf(value: unknown): { readonly cache?: CacheLife } {
  if (!isObject(value)) return {};
  return { cache: value.ttl === '1h' ? 'long' : 'short' };
}

function mediaPart(kind: 'image' | 'file', block: Json, path: string, notes: Notes): Part[] {
  const source = sourceOf(object(block.source), path, notes);
  if (isObject(block.transformations) || word(block.context) || object(block.citations).enabled === true)
    notes.lose('document-frame');
  const name = word(block.title);
  return source ? [{ kind, source, ...(name ? { name } : {}), ...cacheOf(block.cache_control) }] : [];
}

function sourceOf(source: Json, path: string, notes: Notes): Source | undefined {
  switch (source.type) {
    case 'base64':
      return { at: 'inline', media: text(source.media_type), data: text(source.data) };
    case 'url':
      return { at: 'url', url: text(source.url) };
    case 'text':
      return { at: 'text', text: text(source.data) };
    default:
      notes.refuse(`${path}.source`, `a source of type "${text(source.type)}"`);
      return undefined;
  }
}

const OWN_TOOL_MEMBERS = ['allowed_callers', 'defer_loading', 'eager_input_streaming', 'input_examples'];

function toolOf(tool: Json, path: string, notes: Notes): Tool[] {
  if (tool.type !== undefined && tool.type !== null && tool.type !== 'custom') {
    notes.refuse(path, `the provider's own tool "${text(tool.type)}"`);
    return [];
  }
  if (OWN_TOOL_MEMBERS.some((key) => tool[key] !== undefined && tool[key] !== null)) notes.lose('tool-frame');
  const description = word(tool.description);
  return [
    {
      name: text(tool.name),
      schema: object(tool.input_schema),
      ...(description ? { description } : {}),
      ...(typeof tool.strict === 'boolean' ? { strict: tool.strict } : {}),
      ...cacheOf(tool.cache_control),
    },
  ];
}

function choiceOf(value: unknown, notes: Notes): Choice | undefined {
  if (!isObject(value)) return undefined;
  switch (value.type) {
    case 'auto':
    case 'none':
      return { mode: value.type };
    case 'any':
      return { mode: 'required' };
    case 'tool':
      return { mode: 'named', name: text(value.name) };
    default:
      notes.refuse('tool_choice', `the type "${text(value.type)}"`);
      return undefined;
  }
}

function formatOf(value: unknown, notes: Notes): Format | undefined {
  if (!isObject(value)) return undefined;
  if (value.type !== 'json_schema') {
    notes.refuse('output_config.format', `the format "${text(value.type)}"`);
    return undefined;
  }
  const schema = object(value.schema);
  const strict = isStrict(schema);
  if (!strict) notes.lose('schema-loose');
  return { kind: 'schema', schema, strict };
}

function thinkingOf(value: unknown, effort: string | undefined): Thinking | undefined {
  const said = effort === undefined ? {} : { effort };
  if (!isObject(value)) return effort === undefined ? undefined : { on: true, ...said };
  if (value.type === 'disabled') return { on: false };
  const budget = number(value.budget_tokens);
  return {
    on: true,
    ...said,
    ...(budget === undefined ? {} : { budget }),
    // Not by default: OpenAI gives summaries to verified organisations only, and refuses the ask of others.
    ...(value.display === 'summarized' ? { show: true } : {}),
  };
}

/** Into OpenAI's words. */
function tierOf(value: unknown, notes: Notes): { readonly tier?: string } {
  if (value === 'auto') return { tier: 'auto' };
  if (value === 'standard_only') return { tier: 'default' };
  if (word(value)) notes.lose('service-tier');
  return {};
}
