import { number } from '../../shared/ask.ts';
import { isObject, type Json, keyOf, list, object, text, word } from '../../shared/json.ts';
import { breakpoint, SHARED, schemaOf } from '../chat/read-ask.ts';
import { sourceOf } from '../media.ts';
import type {
  Ask,
  Choice,
  Format,
  MediaPart,
  Part,
  Seal,
  TextPart,
  Thinking,
  Tool,
  Turn,
} from '../neutral.ts';
import type { Notes } from '../notes.ts';
import { readSeal } from '../seal.ts';

const KNOWN = new Set([
  'model',
  'input',
  'instructions',
  'stream',
  'stream_options',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'text',
  'max_output_tokens',
  'temperature',
  'top_p',
  'top_logprobs',
  'reasoning',
  'service_tier',
  'user',
  'include',
  'max_tool_calls',
  'truncation',
  'context_management',
  'background',
  'conversation',
  'previous_response_id',
  'prompt',
]);

const isSet = (value: unknown): boolean => value !== undefined && value !== null;

export function readResponsesAsk(ask: Json, notes: Notes): Ask {
  refuseWhatIsKept(ask, notes);
  loseWhatOnlyResponsesHas(ask, notes);
  const openai: Json = {};
  for (const key of SHARED) if (isSet(ask[key])) openai[key] = ask[key];
  for (const key in ask)
    if (!KNOWN.has(key) && !(key in openai) && isSet(ask[key])) notes.lose('unknown-field');

  const config = object(ask.text);
  const choice = choiceOf(ask.tool_choice, notes);
  const format = formatOf(config.format, notes);
  const thinking = thinkingOf(object(ask.reasoning), notes);
  const maxOutput = number(ask.max_output_tokens);
  const temperature = number(ask.temperature);
  const topP = number(ask.top_p);
  const tier = word(ask.service_tier);
  const verbosity = word(config.verbosity);
  const user = word(ask.user);
  return {
    family: 'openai',
    stream: ask.stream === true,
    turns: turnsOf(ask, notes),
    tools: list(ask.tools).flatMap((tool, i) => toolOf(object(tool), `tools[${i}]`, notes)),
    stops: [],
    openai,
    ...(choice ? { choice } : {}),
    ...(typeof ask.parallel_tool_calls === 'boolean' ? { parallel: ask.parallel_tool_calls } : {}),
    ...(format ? { format } : {}),
    ...(maxOutput === undefined ? {} : { maxOutput }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    ...(thinking ? { thinking } : {}),
    ...(tier ? { tier } : {}),
    ...(verbosity ? { verbosity } : {}),
    ...(user ? { user } : {}),
  };
}

/** What stands on the provider's side cannot be seen from here. */
function refuseWhatIsKept(ask: Json, notes: Notes): void {
  if (isSet(ask.previous_response_id)) notes.refuse('previous_response_id', 'an answer kept by the provider');
  if (isSet(ask.conversation)) notes.refuse('conversation', 'a conversation kept by the provider');
  if (isSet(ask.prompt)) notes.refuse('prompt', 'a prompt kept by the provider');
  if (ask.background === true) notes.refuse('background', 'an answer that is fetched later');
}

function loseWhatOnlyResponsesHas(ask: Json, notes: Notes): void {
  const include = list(ask.include);
  if (include.some((item) => item !== 'reasoning.encrypted_content' && !keyOf(item).endsWith('logprobs')))
    notes.lose('include');
  if (ask.top_logprobs || include.some((item) => keyOf(item).endsWith('logprobs'))) notes.lose('logprobs');
  if (isSet(ask.max_tool_calls) || ask.truncation === 'auto' || list(ask.context_management).length > 0)
    notes.lose('include');
}

function turnsOf(ask: Json, notes: Notes): Turn[] {
  const turns: Turn[] = [];
  if (word(ask.instructions))
    turns.push({ role: 'system', parts: [{ kind: 'text', text: text(ask.instructions) }] });
  if (typeof ask.input === 'string') turns.push({ role: 'user', parts: [{ kind: 'text', text: ask.input }] });
  list(ask.input).forEach((item, i) => {
    const turn = turnOf(object(item), `input[${i}]`, notes);
    const last = turns.at(-1);
    // An answer is several items here; thoughts, words and calls in a row are one turn. So are results of tools.
    const joins =
      last?.role === turn.role && (turn.role === 'assistant' ? true : isResults(last) && isResults(turn));
    if (joins) last.parts.push(...turn.parts);
    else turns.push(turn);
  });
  return turns;
}

const isResults = (turn: Turn): boolean => turn.parts.every(({ kind }) => kind === 'result');

function turnOf(item: Json, path: string, notes: Notes): Turn {
  const assistant = (...parts: Part[]): Turn => ({ role: 'assistant', parts });
  switch (item.type ?? 'message') {
    case 'message': {
      const { role } = item;
      if (role !== 'user' && role !== 'assistant' && role !== 'system' && role !== 'developer') {
        notes.refuse(`${path}.role`, `the role "${text(role)}"`);
        return { role: 'user', parts: [] };
      }
      return { role, parts: partsOf(item.content, `${path}.content`, notes) };
    }
    case 'function_call':
      return assistant({
        kind: 'call',
        id: text(item.call_id),
        name: text(item.name),
        args: text(item.arguments),
      });
    case 'custom_tool_call':
      return assistant({
        kind: 'call',
        id: text(item.call_id),
        name: text(item.name),
        args: text(item.input),
        custom: true,
      });
    case 'function_call_output':
    case 'custom_tool_call_output':
      return {
        role: 'user',
        parts: [
          {
            kind: 'result',
            id: text(item.call_id),
            parts: partsOf(item.output, `${path}.output`, notes).filter(
              (part): part is TextPart | MediaPart => part.kind !== 'refusal',
            ),
          },
        ],
      };
    case 'reasoning':
      return assistant(...thoughtOf(item, notes));
    default:
      notes.refuse(path, `an item of type "${text(item.type)}"`);
      return { role: 'user', parts: [] };
  }
}

/** A thought without anything encrypted can be handed back to nobody. */
function thoughtOf(item: Json, notes: Notes): Part[] {
  const data = word(item.encrypted_content);
  if (data === undefined) {
    notes.lose('reasoning-history');
    return [];
  }
  const said = list(item.summary).map((part) => text(object(part).text));
  const own: Seal = { by: 'openai-responses', data, ...(word(item.id) ? { id: text(item.id) } : {}) };
  return [{ kind: 'reasoning', text: said.join('\n\n'), seal: readSeal(data) ?? own }];
}

type Said = TextPart | MediaPart | (Part & { readonly kind: 'refusal' });

function partsOf(content: unknown, path: string, notes: Notes): Said[] {
  if (typeof content === 'string') return [{ kind: 'text', text: content }];
  return list(content).flatMap((part, i) => partOf(object(part), `${path}[${i}]`, notes));
}

function partOf(part: Json, path: string, notes: Notes): Said[] {
  const cache = breakpoint(part.prompt_cache_breakpoint);
  switch (part.type) {
    case 'input_text':
    case 'output_text':
    case 'text':
      return [{ kind: 'text', text: text(part.text), ...cache }];
    case 'refusal':
      return [{ kind: 'refusal', text: text(part.refusal) }];
    case 'input_image': {
      const url = word(part.image_url);
      const detail = word(part.detail);
      const source = url ? sourceOf(url) : { at: 'upload' as const, id: text(part.file_id) };
      return [{ kind: 'image', source, ...(detail ? { detail } : {}), ...cache }];
    }
    case 'input_file': {
      const name = word(part.filename);
      const data = word(part.file_data);
      const url = word(part.file_url);
      const source = data
        ? sourceOf(data)
        : url
          ? { at: 'url' as const, url }
          : { at: 'upload' as const, id: text(part.file_id) };
      return [{ kind: 'file', source, ...(name ? { name } : {}), ...cache }];
    }
    default:
      notes.refuse(path, `a part of type "${text(part.type)}"`);
      return [];
  }
}

const OWN_TOOL_MEMBERS = ['allowed_callers', 'async', 'defer_loading', 'output_schema'];

function toolOf(tool: Json, path: string, notes: Notes): Tool[] {
  if (tool.type !== 'function' && tool.type !== 'custom') {
    notes.refuse(path, `the provider's own tool "${text(tool.type)}"`);
    return [];
  }
  if (OWN_TOOL_MEMBERS.some((key) => isSet(tool[key]))) notes.lose('tool-frame');
  const description = word(tool.description);
  const head = { name: text(tool.name), ...(description ? { description } : {}) };
  if (tool.type === 'custom')
    return [{ ...head, custom: tool.format === undefined ? {} : { format: tool.format } }];
  return [
    {
      ...head,
      schema: isObject(tool.parameters) ? tool.parameters : { type: 'object', properties: {} },
      ...(typeof tool.strict === 'boolean' ? { strict: tool.strict } : {}),
    },
  ];
}

function choiceOf(value: unknown, notes: Notes): Choice | undefined {
  if (value === 'auto' || value === 'none' || value === 'required') return { mode: value };
  if (!isObject(value)) return undefined;
  if (value.type === 'function') return { mode: 'named', name: text(value.name) };
  if (value.type === 'custom') return { mode: 'named', name: text(value.name), custom: true };
  if (value.type === 'allowed_tools')
    return {
      mode: 'allowed',
      must: value.mode === 'required',
      names: list(value.tools).map((tool) => text(object(tool).name)),
    };
  notes.refuse('tool_choice', `the type "${text(value.type)}"`);
  return undefined;
}

function formatOf(value: unknown, notes: Notes): Format | undefined {
  const format = object(value);
  if (format.type === 'json_object') return { kind: 'object' };
  if (format.type === 'json_schema') return schemaOf(format);
  if (format.type !== undefined && format.type !== 'text')
    notes.refuse('text.format', `the format "${text(format.type)}"`);
  return undefined;
}

function thinkingOf(reasoning: Json, notes: Notes): Thinking | undefined {
  const effort = word(reasoning.effort);
  const summary = word(reasoning.summary) ?? word(reasoning.generate_summary);
  if (summary === 'concise' || summary === 'detailed') notes.lose('include');
  if (effort === undefined && summary === undefined) return undefined;
  return {
    on: effort !== 'none',
    ...(effort ? { effort } : {}),
    ...(summary ? { show: true } : {}),
  };
}
