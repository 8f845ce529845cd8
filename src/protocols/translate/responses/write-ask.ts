import type { TranslateAsk } from '#contracts';
import type { Json } from '../../shared/json.ts';
import { mapId } from '../ids.ts';
import { urlOf } from '../media.ts';
import type {
  Ask,
  CallPart,
  Choice,
  Format,
  MediaPart,
  Part,
  ReasoningPart,
  ResultPart,
  Tool,
  Turn,
} from '../neutral.ts';
import type { Notes } from '../notes.ts';
import { breakpointOf, checkTools, effortOf, loseCache, namedSchema } from '../openai.ts';

/** OpenAI refuses longer ids here. */
const ID = /^[\s\S]{1,64}$/;

export function writeResponsesAsk(ask: Ask, options: TranslateAsk, notes: Notes): Json {
  if (ask.stops.length > 0) notes.refuse('stop', 'a stop sequence');
  if (ask.topK !== undefined) notes.lose('top-k');
  checkTools(ask.tools, notes);
  loseCache(ask, notes);
  const customs = customCalls(ask);
  const input = ask.turns.flatMap((turn, i) => new Writer(ask, notes, `input[${i}]`, customs).items(turn));
  if (input.length === 0) notes.refuse('messages', 'an ask without any words');
  const sampling = options.abilities?.sampling !== false;
  if (!sampling && (ask.temperature ?? ask.topP) !== undefined) notes.lose('sampling');
  const effort = effortOf(ask.thinking, notes);
  const summary = ask.thinking?.on && ask.thinking.show;
  const reasoning = { ...(effort ? { effort } : {}), ...(summary ? { summary: 'auto' } : {}) };
  const text = {
    ...(ask.format ? { format: formatOf(ask.format) } : {}),
    ...(ask.verbosity ? { verbosity: ask.verbosity } : {}),
  };
  const thinks = Object.keys(reasoning).length > 0 && effort !== 'none';
  return {
    model: options.model,
    input,
    // The conversation travels in every ask, so nothing needs to be kept, unlike by default here.
    store: false,
    ...(ask.stream ? { stream: true } : {}),
    ...(ask.tools.length > 0 ? { tools: ask.tools.map(toolOf) } : {}),
    ...(ask.choice ? { tool_choice: choiceOf(ask.choice) } : {}),
    ...(ask.parallel === undefined ? {} : { parallel_tool_calls: ask.parallel }),
    ...(Object.keys(text).length > 0 ? { text } : {}),
    ...(ask.maxOutput === undefined ? {} : { max_output_tokens: ask.maxOutput }),
    ...(sampling && ask.temperature !== undefined ? { temperature: ask.temperature } : {}),
    ...(sampling && ask.topP !== undefined ? { top_p: ask.topP } : {}),
    ...(Object.keys(reasoning).length > 0 ? { reasoning } : {}),
    // Without it a thought cannot be handed back; models that do not think refuse it.
    ...(thinks ? { include: ['reasoning.encrypted_content'] } : {}),
    ...(ask.tier ? { service_tier: ask.tier } : {}),
    ...(ask.user ? { user: ask.user } : {}),
    ...ask.openai,
  };
}

/** Ids of the calls of custom tools: chat does not say of a result which kind of call it answers. */
function customCalls(ask: Ask): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const { parts } of ask.turns)
    for (const part of parts) if (part.kind === 'call' && part.custom) ids.add(part.id);
  return ids;
}

/** One turn becomes one item, or several where an answer thought or called tools. */
class Writer {
  readonly #ask: Ask;
  readonly #notes: Notes;
  readonly #path: string;
  readonly #customs: ReadonlySet<string>;

  constructor(ask: Ask, notes: Notes, path: string, customs: ReadonlySet<string>) {
    this.#ask = ask;
    this.#notes = notes;
    this.#path = path;
    this.#customs = customs;
  }

  items(turn: Turn): Json[] {
    const items: Json[] = [];
    let said: Part[] = [];
    const flush = () => {
      if (said.length > 0) items.push({ role: turn.role, content: this.#content(said, turn.role) });
      said = [];
    };
    for (const part of turn.parts) {
      if (part.kind === 'text' || part.kind === 'refusal' || part.kind === 'image' || part.kind === 'file')
        said.push(part);
      else {
        flush();
        items.push(...this.#item(part));
      }
    }
    flush();
    return items;
  }

  #item(part: CallPart | ReasoningPart | ResultPart): Json[] {
    if (part.kind === 'reasoning') return this.#thought(part);
    if (part.kind === 'result') return [this.#result(part)];
    const call_id = mapId(part.id, ID);
    return [
      part.custom
        ? { type: 'custom_tool_call', call_id, name: part.name, input: part.args }
        : { type: 'function_call', call_id, name: part.name, arguments: part.args },
    ];
  }

  #thought(part: ReasoningPart): Json[] {
    const { seal } = part;
    if (seal?.by !== 'openai-responses' || seal.data === '' || seal.id === undefined) {
      this.#notes.lose('reasoning-history');
      return [];
    }
    const summary = part.text === '' ? [] : [{ type: 'summary_text', text: part.text }];
    return [{ type: 'reasoning', id: seal.id, summary, encrypted_content: seal.data }];
  }

  #result(part: ResultPart): Json {
    const type = this.#customs.has(part.id) ? 'custom_tool_call_output' : 'function_call_output';
    const call_id = mapId(part.id, ID);
    let parts = part.parts;
    if (part.error) {
      this.#notes.lose('result-error');
      const [first, ...rest] = parts;
      parts =
        first?.kind === 'text'
          ? [{ ...first, text: `Error: ${first.text}` }, ...rest]
          : [{ kind: 'text', text: 'Error: ' }, ...parts];
    }
    return { type, call_id, output: parts.length === 0 ? '' : this.#content(parts, 'user') };
  }

  #content(parts: readonly Part[], role: Turn['role']): unknown {
    const [only] = parts;
    if (parts.length === 1 && only?.kind === 'text' && !(only.cache && this.#ask.family === 'openai'))
      return only.text;
    return parts.flatMap((part): Json[] => {
      if (part.kind === 'refusal') return [{ type: 'refusal', refusal: part.text }];
      if (part.kind === 'text')
        return role === 'assistant'
          ? [{ type: 'output_text', text: part.text, annotations: [] }]
          : [{ type: 'input_text', text: part.text, ...breakpointOf(part.cache, this.#ask) }];
      if (role === 'assistant') this.#notes.refuse(this.#path, 'a picture or a file in an answer');
      if (part.kind !== 'image' && part.kind !== 'file') return [];
      return [{ ...this.#media(part), ...breakpointOf(part.cache, this.#ask) }];
    });
  }

  #media({ kind, source, detail, name }: MediaPart): Json {
    if (source.at === 'upload' && this.#ask.family !== 'openai')
      this.#notes.refuse(this.#path, 'the id of an upload');
    if (kind === 'image')
      return {
        type: 'input_image',
        detail: detail ?? 'auto',
        ...(source.at === 'upload' ? { file_id: source.id } : { image_url: urlOf(source) }),
      };
    if (source.at === 'upload') return { type: 'input_file', file_id: source.id };
    if (source.at === 'url') return { type: 'input_file', file_url: source.url };
    return { type: 'input_file', filename: name ?? 'document', file_data: urlOf(source) };
  }
}

const toolOf = (tool: Tool): Json => {
  const head = {
    name: tool.name,
    ...(tool.description === undefined ? {} : { description: tool.description }),
  };
  if (tool.custom) return { type: 'custom', ...head, ...tool.custom };
  // Here strict is the default; the other dialects' is not.
  return { type: 'function', ...head, parameters: tool.schema, strict: tool.strict ?? false };
};

function choiceOf(choice: Choice): unknown {
  if (choice.mode === 'named') return { type: choice.custom ? 'custom' : 'function', name: choice.name };
  if (choice.mode !== 'allowed') return choice.mode;
  const tools = choice.names.map((name) => ({ type: 'function', name }));
  return { type: 'allowed_tools', mode: choice.must ? 'required' : 'auto', tools };
}

const formatOf = (format: Format): Json =>
  format.kind === 'object' ? { type: 'json_object' } : { type: 'json_schema', ...namedSchema(format) };
