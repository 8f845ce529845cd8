import type { Block, Reply } from '../../asked.ts';
import { isObject } from '../../call.ts';
import type { Part, TokenUsage } from '../../script.ts';
import { pieces } from '../../tokens.ts';
import type { Answer, Pace } from '../dialect.ts';
import { logprobs } from '../logprobs.ts';

const usageOf = (u: TokenUsage) => {
  const input = u.input + u.cacheRead + u.cacheWrite + u.cacheWriteLong + u.audioIn + u.imageIn;
  const output = u.output + u.reasoning;
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: u.cacheRead, cache_write_tokens: 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: u.reasoning },
    total_tokens: input + output,
  };
};

type Item = Readonly<Record<string, unknown>> & { readonly id: string };

const incomplete = (reply: Reply): string | undefined =>
  reply.finish === 'length'
    ? 'max_output_tokens'
    : reply.finish === 'content_filter'
      ? 'content_filter'
      : undefined;

/** Text and refusal of one answer share a message item; reasoning and calls are items of their own. */
function itemId(block: Block, index: number, { rendering }: Answer): string {
  const prefix = {
    reasoning: 'rs',
    call: block.kind === 'call' && block.custom ? 'ctc' : 'fc',
    text: 'msg',
    refusal: 'msg',
  };
  return `${prefix[block.kind]}_${rendering.id}${index}`;
}

function partOf(
  block: Extract<Block, { kind: 'text' | 'refusal' }>,
  text: string,
  probs: boolean,
  top: number,
) {
  return block.kind === 'refusal'
    ? { type: 'refusal', refusal: text }
    : {
        type: 'output_text',
        annotations: [],
        logprobs: probs ? pieces(text).map((piece) => logprobs(piece, top)) : [],
        text,
      };
}

interface Wishes {
  readonly probs: boolean;
  readonly top: number;
}

function itemOf(block: Block, id: string, status: string, answer: Answer, wishes: Wishes): Item {
  switch (block.kind) {
    case 'reasoning':
      return {
        id,
        type: 'reasoning',
        summary: answer.asked.reasoning.shown ? [{ type: 'summary_text', text: block.text }] : [],
      };
    case 'call':
      return block.custom
        ? { id, type: 'custom_tool_call', status, call_id: block.id, name: block.name, input: block.input }
        : { id, type: 'function_call', status, arguments: block.input, call_id: block.id, name: block.name };
    default:
      return {
        id,
        type: 'message',
        status,
        content: [partOf(block, block.text, wishes.probs, wishes.top)],
        role: 'assistant',
      };
  }
}

/** The response object at one moment of its life. */
function responseAt(
  answer: Answer,
  status: 'in_progress' | 'completed' | 'incomplete',
  output: readonly Item[],
): object {
  const { asked, rendering, usage } = answer;
  const { raw } = asked;
  const over = status !== 'in_progress';
  const reason = incomplete(answer.replies[0] as Reply);
  return {
    id: `resp_${rendering.id}`,
    object: 'response',
    created_at: rendering.createdAt,
    status,
    background: false,
    completed_at: status === 'completed' ? rendering.createdAt : null,
    error: null,
    incomplete_details: status === 'incomplete' ? { reason } : null,
    instructions: raw.instructions ?? null,
    max_output_tokens: raw.max_output_tokens ?? null,
    max_tool_calls: raw.max_tool_calls ?? null,
    model: rendering.model,
    output,
    parallel_tool_calls: asked.parallel,
    previous_response_id: raw.previous_response_id ?? null,
    prompt_cache_key: raw.prompt_cache_key ?? null,
    reasoning: isObject(raw.reasoning)
      ? { effort: raw.reasoning.effort ?? null, summary: raw.reasoning.summary ?? null }
      : { effort: null, summary: null },
    safety_identifier: raw.safety_identifier ?? null,
    service_tier: over ? rendering.tier : 'auto',
    store: raw.store ?? true,
    temperature: raw.temperature ?? 1,
    text: raw.text ?? { format: { type: 'text' }, verbosity: 'medium' },
    tool_choice: raw.tool_choice ?? 'auto',
    tools: raw.tools ?? [],
    top_logprobs: raw.top_logprobs ?? 0,
    top_p: raw.top_p ?? 1,
    truncation: raw.truncation ?? 'disabled',
    usage: over && rendering.showUsage ? usageOf(usage) : null,
    user: raw.user ?? null,
    metadata: raw.metadata ?? {},
  };
}

function wishesOf({ asked: { raw } }: Answer): Wishes {
  const probs = Array.isArray(raw.include) && raw.include.includes('message.output_text.logprobs');
  return { probs, top: typeof raw.top_logprobs === 'number' ? raw.top_logprobs : 0 };
}

const endOf = (answer: Answer) =>
  incomplete(answer.replies[0] as Reply) === undefined ? 'completed' : 'incomplete';

export function writeResponses(answer: Answer): string {
  const wishes = wishesOf(answer);
  const status = endOf(answer);
  const output = (answer.replies[0] as Reply).blocks.map((block, i) =>
    itemOf(block, itemId(block, i, answer), status, answer, wishes),
  );
  return JSON.stringify(responseAt(answer, status, output));
}

export function* streamResponses(answer: Answer, pace: Pace): Generator<Part> {
  const reply = answer.replies[0] as Reply;
  const wishes = wishesOf(answer);
  const status = endOf(answer);
  let sequence = 0;
  const event = (type: string, rest: object): string =>
    `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence++, ...rest })}\n\n`;
  const still = (type: string, rest: object): Part => ({ after: 0, data: event(type, rest), role: 'open' });
  /** Reasoning that nobody sees is paid for when the first visible token comes. */
  let hidden = 0;
  const token = (type: string, rest: object): Part => {
    const tokens = 1 + hidden;
    hidden = 0;
    return { after: pace(), data: event(type, rest), role: 'token', tokens };
  };

  yield still('response.created', { response: responseAt(answer, 'in_progress', []) });
  yield still('response.in_progress', { response: responseAt(answer, 'in_progress', []) });
  const output: Item[] = [];
  for (const [index, block] of reply.blocks.entries()) {
    const id = itemId(block, index, answer);
    const at = { item_id: id, output_index: index };
    const last = index === reply.blocks.length - 1;
    const item = itemOf(block, id, last ? status : 'completed', answer, wishes);
    output.push(item);
    const opened =
      block.kind === 'reasoning'
        ? { ...item, summary: [] }
        : block.kind === 'call'
          ? { ...item, status: 'in_progress', [block.custom ? 'input' : 'arguments']: '' }
          : { ...item, status: 'in_progress', content: [] };
    yield still('response.output_item.added', { output_index: index, item: opened });
    if (block.kind === 'reasoning') {
      if (answer.asked.reasoning.shown) yield* summary(block.text, at, still, token);
      else hidden = pieces(block.text).length;
    } else if (block.kind === 'call') {
      const [name, field] = block.custom
        ? ['custom_tool_call_input', 'input']
        : ['function_call_arguments', 'arguments'];
      for (const delta of pieces(block.input)) yield token(`response.${name}.delta`, { ...at, delta });
      yield still(`response.${name}.done`, { ...at, [field]: block.input });
    } else {
      const here = { ...at, content_index: 0 };
      const [name, field] = block.kind === 'text' ? ['output_text', 'text'] : ['refusal', 'refusal'];
      const probs = block.kind === 'text';
      yield still('response.content_part.added', { ...here, part: partOf(block, '', false, 0) });
      for (const delta of pieces(block.text)) {
        const logs = probs ? { logprobs: wishes.probs ? [logprobs(delta, wishes.top)] : [] } : {};
        yield token(`response.${name}.delta`, { ...here, delta, ...logs });
      }
      yield still(`response.${name}.done`, {
        ...here,
        [field]: block.text,
        ...(probs ? { logprobs: [] } : {}),
      });
      yield still('response.content_part.done', {
        ...here,
        part: partOf(block, block.text, wishes.probs, wishes.top),
      });
    }
    yield still('response.output_item.done', { output_index: index, item });
  }
  if (answer.rendering.terminator)
    yield {
      after: pace(),
      data: event(`response.${status}`, { response: responseAt(answer, status, output) }),
      role: 'finish',
    };
}

type Make = (type: string, rest: object) => Part;

function* summary(text: string, at: object, still: Make, token: Make): Generator<Part> {
  const here = { ...at, summary_index: 0 };
  yield still('response.reasoning_summary_part.added', { ...here, part: { type: 'summary_text', text: '' } });
  for (const delta of pieces(text)) yield token('response.reasoning_summary_text.delta', { ...here, delta });
  yield still('response.reasoning_summary_text.done', { ...here, text });
  yield still('response.reasoning_summary_part.done', { ...here, part: { type: 'summary_text', text } });
}
