import type { Block, Finish, Reply } from '../../asked.ts';
import { isObject } from '../../call.ts';
import type { Part, TokenUsage } from '../../script.ts';
import { pieces } from '../../tokens.ts';
import type { Answer, Pace } from '../dialect.ts';
import { logprobs } from '../logprobs.ts';

const FINISH: Readonly<Record<Finish, string>> = {
  complete: 'stop',
  tool: 'tool_calls',
  length: 'length',
  stop: 'stop',
  // OpenAI ends a refusal like any answer; only the `refusal` field tells.
  refusal: 'stop',
  content_filter: 'content_filter',
};

export const chatUsage = (u: TokenUsage) => {
  const input = u.input + u.cacheRead + u.cacheWrite + u.cacheWriteLong + u.audioIn + u.imageIn;
  const output = u.output + u.reasoning;
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: u.cacheRead, audio_tokens: u.audioIn },
    completion_tokens_details: {
      reasoning_tokens: u.reasoning,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
};

const textOf = (reply: Reply, kind: 'text' | 'refusal'): string | null => {
  let out: string | null = null;
  for (const block of reply.blocks) if (block.kind === kind) out = (out ?? '') + block.text;
  return out;
};

const callOf = (call: Extract<Block, { kind: 'call' }>) =>
  call.custom
    ? { id: call.id, type: 'custom', custom: { name: call.name, input: call.input } }
    : { id: call.id, type: 'function', function: { name: call.name, arguments: call.input } };

const calls = (reply: Reply) => reply.blocks.filter((block) => block.kind === 'call');

export function writeChat({ asked, replies, usage, rendering }: Answer): string {
  return JSON.stringify({
    id: `chatcmpl-${rendering.id}`,
    object: 'chat.completion',
    created: rendering.createdAt,
    model: rendering.model,
    choices: replies.map((reply, index) => {
      const made = calls(reply);
      const content = textOf(reply, 'text');
      return {
        index,
        message: {
          role: 'assistant',
          content,
          ...(made.length > 0 ? { tool_calls: made.map(callOf) } : {}),
          refusal: textOf(reply, 'refusal'),
          annotations: [],
        },
        logprobs: asked.raw.logprobs === true ? logprobsOf(content ?? '', asked.raw.top_logprobs) : null,
        finish_reason: FINISH[reply.finish],
      };
    }),
    usage: rendering.showUsage ? chatUsage(usage) : undefined,
    service_tier: rendering.tier,
    system_fingerprint: rendering.fingerprint,
  });
}

const logprobsOf = (text: string, top: unknown) => ({
  content: pieces(text).map((piece) => logprobs(piece, typeof top === 'number' ? top : 0)),
  refusal: null,
});

export function* streamChat({ asked, replies, usage, rendering }: Answer, pace: Pace): Generator<Part> {
  const { raw } = asked;
  const wantsUsage = isObject(raw.stream_options) && raw.stream_options.include_usage === true;
  const top = typeof raw.top_logprobs === 'number' ? raw.top_logprobs : 0;
  const head = `data: {"id":"chatcmpl-${rendering.id}","object":"chat.completion.chunk","created":${rendering.createdAt},"model":${JSON.stringify(rendering.model)},"service_tier":"${rendering.tier}","system_fingerprint":"${rendering.fingerprint}","choices":[`;
  const tail = wantsUsage && rendering.showUsage ? '],"usage":null}\n\n' : ']}\n\n';
  const chunk = (index: number, delta: string, finish: string | null = null, probs = 'null') =>
    `${head}{"index":${index},"delta":${delta},"logprobs":${probs},"finish_reason":${finish === null ? 'null' : `"${finish}"`}}${tail}`;

  let lead = '';
  let hidden = usage.reasoning;
  // Choices one after the other: real ones interleave at the provider's whim, and a client must cope with either.
  for (const [index, reply] of replies.entries()) {
    const first =
      reply.blocks.some((block) => block.kind === 'refusal') || reply.blocks.every((b) => b.kind !== 'text')
        ? '{"role":"assistant","content":null,"refusal":null}'
        : '{"role":"assistant","content":"","refusal":null}';
    // The role rides with the first token: nothing is sent before the model begins.
    lead = chunk(index, first);
    yield { after: 0, data: lead, role: 'open', tokens: hidden };
    hidden = 0;
    let call = 0;
    for (const block of reply.blocks) {
      if (block.kind === 'reasoning') continue;
      if (block.kind === 'call') {
        const at = call++;
        const [type, field] = block.custom ? ['custom', 'input'] : ['function', 'arguments'];
        const open = { index: at, id: block.id, type, [type]: { name: block.name, [field]: '' } };
        yield { after: pace(), data: chunk(index, JSON.stringify({ tool_calls: [open] })), role: 'token' };
        for (const piece of pieces(block.input))
          yield {
            after: pace(),
            data: chunk(
              index,
              `{"tool_calls":[{"index":${at},"${type}":{"${field}":${JSON.stringify(piece)}}}]}`,
            ),
            role: 'token',
            tokens: 1,
          };
        continue;
      }
      const field = block.kind === 'refusal' ? 'refusal' : 'content';
      for (const piece of pieces(block.text))
        yield {
          after: pace(),
          data: chunk(
            index,
            `{"${field}":${JSON.stringify(piece)}}`,
            null,
            raw.logprobs === true
              ? JSON.stringify({ content: [logprobs(piece, top)], refusal: null })
              : 'null',
          ),
          role: 'token',
          tokens: 1,
        };
    }
    yield { after: pace(), data: chunk(index, '{}', FINISH[reply.finish]), role: 'finish' };
  }
  if (wantsUsage && rendering.showUsage)
    yield { after: 0, data: `${head}],"usage":${JSON.stringify(chatUsage(usage))}}\n\n`, role: 'usage' };
  if (rendering.terminator) yield { after: 0, data: 'data: [DONE]\n\n', role: 'done' };
}
