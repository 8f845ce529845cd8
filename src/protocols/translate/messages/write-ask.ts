import type { TranslateAsk } from '#contracts';
import { type Json, list, object, parseJson } from '../../shared/json.ts';
import { mapId } from '../ids.ts';
import { closed, hasMap } from '../json-schema.ts';
import type { Ask, CacheLife, Choice, MediaPart, Part, ResultPart, Tool, Turn } from '../neutral.ts';
import type { Notes } from '../notes.ts';
import { thinkingFor } from './thinking.ts';

const ID = /^[a-zA-Z0-9_-]{1,64}$/;
const JSON_MODE = 'Answer with one JSON object and nothing else.';

export function writeMessagesAsk(ask: Ask, options: TranslateAsk, notes: Notes): Json {
  const { system, turns } = divide(ask, options, notes);
  const format = formatFor(ask, notes);
  if (format?.words) system.push({ type: 'text', text: format.words });
  const messages = merged(turns).flatMap((turn) => messageOf(turn, notes));
  if (messages.length === 0 && system.length > 0) {
    notes.lose('system-only');
    messages.push({ role: 'user', content: system.splice(0) });
  }
  if (messages.length === 0) notes.refuse('messages', 'an ask without any words');
  endsWell(messages, options, notes);
  for (const [i, stop] of ask.stops.entries())
    if (stop.trim() === '') notes.refuse(`stop[${i}]`, 'a stop sequence of white space alone');

  if (ask.maxOutput === undefined) notes.lose('max-tokens-default');
  const maxTokens = ask.maxOutput ?? options.maxTokensDefault;
  const { tools, choice } = offered(ask, notes);
  const forced = isForced(choice);
  const interrupted = isInterrupted(messages);
  const mind = thinkingFor(ask.thinking, { maxTokens, options, forced, interrupted, notes });
  const config = {
    ...(mind.effort ? { effort: mind.effort } : {}),
    ...(format?.rule ? { format: format.rule } : {}),
  };
  const toolChoice = choiceOf(choice, ask.parallel, tools.length > 0);
  const user = ask.openai.safety_identifier ?? ask.user;
  loseWhatOpenAIKeeps(ask, notes);
  return {
    model: options.model,
    max_tokens: maxTokens,
    ...(system.length > 0 ? { system: plain(system) } : {}),
    messages,
    ...(ask.stream ? { stream: true } : {}),
    ...(tools.length > 0 ? { tools: tools.map((tool) => toolOf(tool, notes)) } : {}),
    ...(toolChoice ? { tool_choice: toolChoice } : {}),
    ...sampling(ask, options, mind.thinking?.type === 'adaptive' || mind.thinking?.type === 'enabled', notes),
    ...(ask.stops.length > 0 ? { stop_sequences: ask.stops } : {}),
    ...(mind.thinking ? { thinking: mind.thinking } : {}),
    ...(Object.keys(config).length > 0 ? { output_config: config } : {}),
    ...tierOf(ask.tier, notes),
    ...(typeof user === 'string' ? { metadata: { user_id: user } } : {}),
  };
}

/** The leading instructions, and every later one too unless the target takes it where it stands. */
function divide(ask: Ask, options: TranslateAsk, notes: Notes): { system: Json[]; turns: Turn[] } {
  const system: Json[] = [];
  const turns: Turn[] = [];
  for (const turn of ask.turns) {
    const instructs = turn.role === 'system' || turn.role === 'developer';
    if (!instructs || (turns.length > 0 && options.abilities?.systemTurns)) {
      turns.push(instructs ? { role: 'system', parts: turn.parts } : turn);
      continue;
    }
    if (turns.length > 0) notes.lose('system-position');
    for (const part of turn.parts) {
      if (part.kind !== 'text') notes.refuse('messages', `a part of kind "${part.kind}" in an instruction`);
      else if (part.text !== '') system.push(textBlock(part.text, part.cache));
    }
  }
  return { system, turns };
}

/** Turns of one role in a row are one: results of parallel tools must all stand in the message after the calls. */
function merged(turns: readonly Turn[]): Turn[] {
  const out: Turn[] = [];
  for (const turn of turns) {
    const last = out.at(-1);
    if (last && last.role === turn.role && turn.role !== 'system')
      out[out.length - 1] = { role: last.role, parts: [...last.parts, ...turn.parts] };
    else out.push(turn);
  }
  return out;
}

function messageOf(turn: Turn, notes: Notes): Json[] {
  // Results must come before anything else the user says.
  const parts =
    turn.role === 'user'
      ? [...turn.parts.filter(isResult), ...turn.parts.filter((part) => !isResult(part))]
      : turn.parts;
  const content = parts.flatMap((part) => blockOf(part, notes));
  return content.length === 0 ? [] : [{ role: turn.role, content: plain(content) }];
}

const isResult = (part: Part): boolean => part.kind === 'result';

/** One bare text is short for a list of one. */
function plain(blocks: readonly Json[]): unknown {
  const [only] = blocks;
  return blocks.length === 1 && only?.type === 'text' && only.cache_control === undefined
    ? only.text
    : blocks;
}

function blockOf(part: Part, notes: Notes): Json[] {
  switch (part.kind) {
    case 'text':
      if (part.text === '') {
        notes.lose('empty-text');
        return [];
      }
      return [textBlock(part.text, part.cache)];
    case 'refusal':
      notes.lose('refusal-part');
      return part.text === '' ? [] : [textBlock(part.text, undefined)];
    case 'image':
    case 'file':
      return mediaBlock(part, notes);
    case 'call':
      return callBlock(part, notes);
    case 'result':
      return [resultBlock(part, notes)];
    case 'reasoning': {
      const { seal } = part;
      if (seal?.by !== 'anthropic-messages' || seal.data === '') {
        notes.lose('reasoning-history');
        return [];
      }
      return [
        seal.redacted
          ? { type: 'redacted_thinking', data: seal.data }
          : { type: 'thinking', thinking: part.text, signature: seal.data },
      ];
    }
  }
}

const cacheControl = (cache: CacheLife | undefined): Json =>
  cache ? { cache_control: { type: 'ephemeral', ...(cache === 'long' ? { ttl: '1h' } : {}) } } : {};

const textBlock = (text: string, cache: CacheLife | undefined): Json => ({
  type: 'text',
  text,
  ...cacheControl(cache),
});

function callBlock(part: Part & { readonly kind: 'call' }, notes: Notes): Json[] {
  if (part.custom) notes.refuse('messages', 'a call of a custom tool');
  const parsed = part.args.trim() === '' ? { value: {} } : parseJson(part.args);
  if (!parsed) notes.refuse('messages', `a call of "${part.name}" whose arguments are not JSON`);
  return [
    {
      type: 'tool_use',
      id: mapId(part.id, ID),
      name: part.name,
      input: object(parsed?.value),
      ...cacheControl(part.cache),
    },
  ];
}

function resultBlock(part: ResultPart, notes: Notes): Json {
  const content = part.parts.flatMap((inner) =>
    inner.kind === 'text' && inner.text === '' ? [] : blockOf(inner, notes),
  );
  return {
    type: 'tool_result',
    tool_use_id: mapId(part.id, ID),
    ...(content.length > 0 ? { content: plain(content) } : { content: '' }),
    ...(part.error ? { is_error: true } : {}),
    ...cacheControl(part.cache),
  };
}

/** Many write `image/jpg`, which is not the name of the type. */
const mediaType = (media: string): string => (media === 'image/jpg' ? 'image/jpeg' : media);

function mediaBlock(part: MediaPart, notes: Notes): Json[] {
  const { source } = part;
  if (part.detail !== undefined && part.detail !== 'auto') notes.lose('image-detail');
  if (source.at === 'upload') {
    notes.refuse('messages', 'the id of an upload');
    return [];
  }
  const type = part.kind === 'image' ? 'image' : 'document';
  const title = type === 'document' && part.name !== undefined ? { title: part.name } : {};
  if (source.at === 'url')
    return [{ type, source: { type: 'url', url: source.url }, ...title, ...cacheControl(part.cache) }];
  if (source.at === 'text' || (type === 'document' && source.media.startsWith('text/'))) {
    const data = source.at === 'text' ? source.text : Buffer.from(source.data, 'base64').toString('utf8');
    return [
      {
        type,
        source: { type: 'text', media_type: 'text/plain', data },
        ...title,
        ...cacheControl(part.cache),
      },
    ];
  }
  if (type === 'document' && source.media !== 'application/pdf')
    notes.refuse('messages', `a document of type "${source.media}"`);
  return [
    {
      type,
      source: { type: 'base64', media_type: mediaType(source.media), data: source.data },
      ...title,
      ...cacheControl(part.cache),
    },
  ];
}

/** Anthropic goes on from an assistant's turn that stands last, and refuses white space at its end. */
function endsWell(messages: Json[], options: TranslateAsk, notes: Notes): void {
  const last = messages.at(-1);
  if (last?.role !== 'assistant') return;
  if (options.abilities?.prefill === false)
    notes.refuse(`messages[${messages.length - 1}]`, 'an assistant message that stands last');
  notes.lose('assistant-last');
  const trim = (text: string): string => {
    const trimmed = text.trimEnd();
    if (trimmed !== text) notes.lose('empty-text');
    return trimmed;
  };
  if (typeof last.content === 'string') {
    last.content = trim(last.content);
    if (last.content === '') messages.pop();
    return;
  }
  const blocks = last.content as Json[];
  const end = blocks.at(-1);
  if (end?.type === 'text') blocks[blocks.length - 1] = { ...end, text: trim(end.text as string) };
}

/** The answer that called the tools did not begin with a thought, so none may be demanded for the rest of it. */
function isInterrupted(messages: readonly Json[]): boolean {
  const [calls, results] = messages.slice(-2);
  if (!Array.isArray(results?.content) || !Array.isArray(calls?.content)) return false;
  const first = object(list(calls.content)[0]).type;
  return (
    object(list(results.content)[0]).type === 'tool_result' &&
    first !== 'thinking' &&
    first !== 'redacted_thinking'
  );
}

/** Only the allowed tools, where the caller allows a part of them. */
function offered(ask: Ask, notes: Notes): { tools: readonly Tool[]; choice: Choice | undefined } {
  const { choice } = ask;
  if (ask.tools.length === 0) {
    const used = usedTools(ask);
    if (used.length === 0) return { tools: [], choice };
    notes.lose('tool-history');
    return { tools: used, choice: { mode: 'none' } };
  }
  if (choice?.mode !== 'allowed') return { tools: ask.tools, choice };
  notes.lose('allowed-tools');
  const names = new Set(choice.names);
  return {
    tools: ask.tools.filter(({ name }) => names.has(name)),
    choice: { mode: choice.must ? 'required' : 'auto' },
  };
}

/** The tools that earlier turns called: Anthropic refuses calls of tools that are not defined. */
function usedTools(ask: Ask): Tool[] {
  const names = new Set<string>();
  for (const { parts } of ask.turns)
    for (const part of parts) if (part.kind === 'call' && !part.custom) names.add(part.name);
  return [...names].map((name) => ({ name, schema: { type: 'object' } }));
}

const isForced = (choice: Choice | undefined): boolean =>
  choice?.mode === 'required' || choice?.mode === 'named';

function choiceOf(choice: Choice | undefined, parallel: boolean | undefined, any: boolean): Json | undefined {
  // Without tools there is nothing to choose, and Anthropic refuses a choice.
  if (!any) return undefined;
  const one = parallel === undefined ? {} : { disable_parallel_tool_use: !parallel };
  if (choice?.mode === 'none') return { type: 'none' };
  if (choice?.mode === 'named') return { type: 'tool', name: choice.name, ...one };
  if (choice?.mode === 'required') return { type: 'any', ...one };
  return choice || parallel === false ? { type: 'auto', ...one } : undefined;
}

function toolOf(tool: Tool, notes: Notes): Json {
  if (tool.custom) notes.refuse('tools', `the custom tool "${tool.name}", which takes text,`);
  const schema = tool.schema ?? {};
  return {
    name: tool.name,
    ...(tool.description === undefined ? {} : { description: tool.description }),
    input_schema: schema.type === 'object' ? schema : { type: 'object', ...schema },
    ...(tool.strict === undefined ? {} : { strict: tool.strict }),
    ...cacheControl(tool.cache),
  };
}

/** A rule that Anthropic holds to, or words where it knows no such rule. */
function formatFor(ask: Ask, notes: Notes): { readonly rule?: Json; readonly words?: string } | undefined {
  if (!ask.format) return undefined;
  if (ask.format.kind === 'object') {
    notes.lose('json-mode');
    return { words: JSON_MODE };
  }
  const { schema, name, description, strict } = ask.format;
  if (name !== undefined || description !== undefined || strict !== undefined) notes.lose('schema-name');
  if (hasMap(schema)) {
    notes.lose('schema-map');
    return { words: `${JSON_MODE} It must follow this JSON Schema: ${JSON.stringify(schema)}` };
  }
  const shut = closed(schema);
  if (shut !== schema) notes.lose('schema-closed');
  return { rule: { type: 'json_schema', schema: shut } };
}

/** Anthropic ends its scale at 1, takes one of temperature and top-p, and none while it thinks. */
function sampling(ask: Ask, options: TranslateAsk, thinks: boolean, notes: Notes): Json {
  const { temperature, topP, topK } = ask;
  const given = temperature !== undefined || topP !== undefined || topK !== undefined;
  if (!given) return {};
  if (thinks || options.abilities?.sampling === false) {
    if ((temperature ?? 1) !== 1 || (topP ?? 1) !== 1 || topK !== undefined) notes.lose('sampling');
    return {};
  }
  if (temperature !== undefined && temperature > 1) notes.lose('temperature-range');
  const both = temperature !== undefined && topP !== undefined;
  if (both && topP !== 1) notes.lose('sampling');
  return {
    ...(temperature === undefined ? {} : { temperature: Math.min(1, temperature) }),
    ...(topP === undefined || both ? {} : { top_p: topP }),
    ...(topK === undefined ? {} : { top_k: topK }),
  };
}

function tierOf(tier: string | undefined, notes: Notes): Json {
  if (tier === undefined) return {};
  if (tier === 'auto') return { service_tier: 'auto' };
  if (tier === 'default') return { service_tier: 'standard_only' };
  notes.lose('service-tier');
  return {};
}

function loseWhatOpenAIKeeps(ask: Ask, notes: Notes): void {
  const { openai } = ask;
  if (ask.verbosity !== undefined) notes.lose('verbosity');
  if (openai.metadata !== undefined || openai.moderation !== undefined) notes.lose('metadata');
  if (openai.store === true) notes.lose('store');
  if (Object.keys(openai).some((key) => key.startsWith('prompt_cache'))) notes.lose('cache-key');
}
