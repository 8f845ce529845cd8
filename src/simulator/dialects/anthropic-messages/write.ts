import type { Block, Finish, Reply } from '../../asked.ts';
import type { Part, TokenUsage } from '../../script.ts';
import { pieces } from '../../tokens.ts';
import type { Answer, Pace, Rendering } from '../dialect.ts';

const STOP: Readonly<Record<Finish, string>> = {
  complete: 'end_turn',
  tool: 'tool_use',
  length: 'max_tokens',
  stop: 'stop_sequence',
  refusal: 'refusal',
  // Anthropic has no content filter of its own name; streaming classifiers end a message as a refusal.
  content_filter: 'refusal',
};

const usageOf = (u: TokenUsage, tier: string, output: number, thinking: number) => ({
  input_tokens: u.input + u.audioIn + u.imageIn,
  cache_creation_input_tokens: u.cacheWrite + u.cacheWriteLong,
  cache_read_input_tokens: u.cacheRead,
  cache_creation: { ephemeral_5m_input_tokens: u.cacheWrite, ephemeral_1h_input_tokens: u.cacheWriteLong },
  output_tokens: output,
  output_tokens_details: thinking > 0 ? { thinking_tokens: thinking } : null,
  server_tool_use: null,
  inference_geo: null,
  service_tier: tier,
  speed: null,
});

const signature = (text: string): string =>
  Buffer.from(`sim-signature:${Bun.hash.wyhash(text)}`).toString('base64');

const tierOf = (tier: string): string => (tier === 'priority' ? 'priority' : 'standard');

function blockOf(block: Block, shown: boolean): object {
  switch (block.kind) {
    case 'reasoning':
      return { type: 'thinking', thinking: shown ? block.text : '', signature: signature(block.text) };
    case 'call':
      return { type: 'tool_use', id: block.id, name: block.name, input: parsed(block.input), caller: DIRECT };
    case 'text':
    case 'refusal':
      return { type: 'text', text: block.text };
  }
}
const DIRECT = { type: 'direct' } as const;

/** A call cut off by max_tokens is no JSON any more; Anthropic then gives what could be read, here nothing. */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return {};
  }
}

const stopDetails = (reply: Reply) =>
  STOP[reply.finish] === 'refusal'
    ? {
        type: 'refusal',
        category: 'general_harms',
        explanation: 'The request was declined by a safety classifier.',
      }
    : null;

const message = (rendering: Rendering, rest: object) => ({
  id: `msg_${rendering.id}`,
  type: 'message',
  role: 'assistant',
  model: rendering.model,
  ...rest,
});

export function writeMessage({ asked, replies, usage, rendering }: Answer): string {
  const reply = replies[0] as Reply;
  return JSON.stringify(
    message(rendering, {
      content: reply.blocks.map((block) => blockOf(block, asked.reasoning.shown)),
      stop_reason: STOP[reply.finish],
      stop_sequence: reply.stopped ?? null,
      stop_details: stopDetails(reply),
      container: null,
      diagnostics: null,
      usage: rendering.showUsage
        ? usageOf(usage, tierOf(rendering.tier), usage.output + usage.reasoning, usage.reasoning)
        : undefined,
    }),
  );
}

const event = (type: string, rest: object): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`;

/** How each kind of block opens and by which deltas it grows. */
function openingOf(block: Block): object {
  switch (block.kind) {
    case 'reasoning':
      return { type: 'thinking', thinking: '', signature: '' };
    case 'call':
      return { type: 'tool_use', id: block.id, name: block.name, input: {}, caller: DIRECT };
    case 'text':
    case 'refusal':
      return { type: 'text', text: '' };
  }
}
const DELTA = {
  reasoning: ['thinking_delta', 'thinking'],
  call: ['input_json_delta', 'partial_json'],
  text: ['text_delta', 'text'],
  refusal: ['text_delta', 'text'],
} as const;

export function* streamMessage({ asked, replies, usage, rendering }: Answer, pace: Pace): Generator<Part> {
  const reply = replies[0] as Reply;
  const tier = tierOf(rendering.tier);
  const start = message(rendering, {
    content: [],
    stop_reason: null,
    stop_sequence: null,
    stop_details: null,
    container: null,
    diagnostics: null,
    usage: rendering.showUsage ? usageOf(usage, tier, 1, 0) : undefined,
  });
  yield { after: 0, data: event('message_start', { message: start }), role: 'open' };
  for (const [index, block] of reply.blocks.entries()) {
    yield {
      after: 0,
      data: event('content_block_start', { index, content_block: openingOf(block) }),
      role: 'open',
    };
    if (index === 0) yield { after: 0, data: event('ping', {}), role: 'noise' };
    const [type, field] = DELTA[block.kind];
    const head = `event: content_block_delta\ndata: {"type":"content_block_delta","index":${index},"delta":{"type":"${type}","${field}":`;
    const text = block.kind === 'call' ? block.input : block.text;
    const silent = block.kind === 'reasoning' && !asked.reasoning.shown;
    for (const piece of pieces(text))
      yield {
        after: pace(),
        data: silent ? '' : `${head}${JSON.stringify(piece)}}}\n\n`,
        role: 'token',
        tokens: 1,
      };
    if (block.kind === 'reasoning')
      yield {
        after: 0,
        data: event('content_block_delta', {
          index,
          delta: { type: 'signature_delta', signature: signature(block.text) },
        }),
        role: 'open',
      };
    yield { after: 0, data: event('content_block_stop', { index }), role: 'open' };
  }
  const {
    input_tokens,
    cache_creation_input_tokens,
    cache_read_input_tokens,
    server_tool_use,
    output_tokens_details,
  } = usageOf(usage, tier, 0, usage.reasoning);
  yield {
    after: pace(),
    data: event('message_delta', {
      delta: {
        stop_reason: STOP[reply.finish],
        stop_sequence: reply.stopped ?? null,
        stop_details: stopDetails(reply),
        container: null,
      },
      usage: rendering.showUsage
        ? {
            input_tokens,
            cache_creation_input_tokens,
            cache_read_input_tokens,
            output_tokens: usage.output + usage.reasoning,
            output_tokens_details,
            server_tool_use,
          }
        : undefined,
    }),
    role: 'finish',
  };
  if (rendering.terminator) yield { after: 0, data: event('message_stop', {}), role: 'done' };
}
