import type { TranslateContext } from '#contracts';
import { isObject, type Json, object, parseJson } from '../../shared/json.ts';
import type { Answer, Said } from '../assembler.ts';
import type { Begin, Citation, DialectName, End, Open, Seal } from '../neutral.ts';
import { markSeal, sealOr } from '../seal.ts';
import { messagesUsage } from '../usage.ts';
import { wordFor } from '../words.ts';
import { askOf, type StreamWriter } from '../writer.ts';

const WORDS = {
  complete: 'end_turn',
  stop: 'stop_sequence',
  refusal: 'refusal',
  tool: 'tool_use',
  length: 'max_tokens',
  // Not `refusal`: the provider's filter cut the answer, the model did not decline.
  content_filter: 'content_filter',
  context_overflow: 'model_context_window_exceeded',
} as const;

/** Into Anthropic's words. */
const tierOf = (tier: string | undefined): string | null =>
  tier === 'default' ? 'standard' : (tier ?? null);

const headOf = (begin: Begin, context: TranslateContext): Json => ({
  id: `msg_${context.exchange}`,
  type: 'message',
  role: 'assistant',
  model: begin.model ?? context.model,
});

export const endOf = (end: End, refusal: string): Json => ({
  stop_reason: wordFor(end, WORDS),
  stop_sequence: end.outcome === 'stop' ? (end.stop ?? null) : null,
  stop_details:
    end.outcome === 'refusal'
      ? { type: 'refusal', category: null, explanation: end.explanation ?? (refusal === '' ? null : refusal) }
      : null,
});

/**
 * Thinking is shown to a caller who turned it on. One who did not would get blocks he never asked for, and hand them back
 * to a model that refuses them.
 */
function showsThinking(context: TranslateContext): boolean {
  const { thinking } = askOf(context);
  if (!isObject(thinking) || thinking.display === 'omitted') return false;
  return thinking.type === 'enabled' || thinking.type === 'adaptive';
}

/** Ends at which a call may be half said, and nobody's fault. */
const BROKEN_OFF: ReadonlySet<End['outcome']> = new Set(['length', 'content_filter', 'context_overflow']);

/** `undefined` when a call's arguments are not a JSON object: this dialect cannot say such a call. */
export function writeMessagesAnswer(
  { head, parts, end }: Answer,
  by: DialectName,
  context: TranslateContext,
): Json | undefined {
  const shows = showsThinking(context);
  const content: Json[] = [];
  let refusal = '';
  for (const part of parts) {
    if (part.open.kind === 'reasoning' && !shows) continue;
    if (part.open.kind === 'refusal') refusal += part.text;
    const block = blockOf(part, by);
    if (block) content.push(block);
    else if (part !== parts.at(-1) || !BROKEN_OFF.has(end.outcome)) return undefined;
  }
  return {
    ...headOf(head, context),
    content,
    ...endOf(end, refusal),
    container: null,
    usage: { ...messagesUsage(end.usage), service_tier: tierOf(end.tier ?? head.tier) },
  };
}

function blockOf({ open, text, seal }: Said, by: DialectName): Json | undefined {
  if (open.kind === 'reasoning') {
    const marked = markSeal(sealOr(seal, by));
    return seal?.redacted
      ? { type: 'redacted_thinking', data: marked }
      : { type: 'thinking', thinking: text, signature: marked };
  }
  if (open.kind !== 'call') return { type: 'text', text };
  const input = text.trim() === '' ? {} : parseJson(text)?.value;
  if (!isObject(input)) return undefined;
  return { type: 'tool_use', id: open.id, name: open.name, input };
}

export class MessagesWriter implements StreamWriter {
  ended = false;
  readonly #by: DialectName;
  readonly #context: TranslateContext;
  readonly #shows: boolean;
  #out = '';
  #index = -1;
  #open: Open | undefined;
  /** Everything of an event before its piece, and after. */
  #before = '';
  #tier: string | undefined;
  #refusal = '';

  constructor(by: DialectName, context: TranslateContext) {
    this.#by = by;
    this.#context = context;
    this.#shows = showsThinking(context);
  }

  take(): string {
    const out = this.#out;
    this.#out = '';
    return out;
  }

  begin(begin: Begin): void {
    this.#tier = begin.tier;
    const usage = { ...messagesUsage(begin.usage), service_tier: tierOf(begin.tier) };
    this.#event('message_start', {
      message: {
        ...headOf(begin, this.#context),
        content: [],
        stop_reason: null,
        stop_sequence: null,
        stop_details: null,
        container: null,
        usage,
      },
    });
  }

  open(open: Open): void {
    if (open.kind === 'reasoning' && !this.#shows) return;
    this.#open = open;
    this.#index++;
    const block =
      open.kind === 'call'
        ? { type: 'tool_use', id: open.id, name: open.name, input: {} }
        : open.kind === 'reasoning'
          ? { type: 'thinking', thinking: '', signature: '' }
          : { type: 'text', text: '' };
    // Whether a thought is redacted is known only when it is over, so its block begins with its first words.
    if (open.kind === 'reasoning') this.#before = '';
    else this.#start(block, open.kind === 'call' ? 'input_json_delta","partial_json' : 'text_delta","text');
  }

  piece(text: string): void {
    if (!this.#open) return;
    if (this.#before === '')
      this.#start({ type: 'thinking', thinking: '', signature: '' }, 'thinking_delta","thinking');
    if (this.#open.kind === 'refusal') this.#refusal += text;
    this.#out += `${this.#before}${JSON.stringify(text)}}}\n\n`;
  }

  /** The links that OpenAI cites have no place here: Anthropic's point into a search of its own. */
  cite(_citation: Citation): void {}

  close(seal?: Seal): void {
    if (!this.#open) return;
    if (this.#open.kind === 'reasoning') this.#sign(sealOr(seal, this.#by));
    this.#event('content_block_stop', { index: this.#index });
    this.#open = undefined;
  }

  end(end: End): void {
    const tier = end.tier ?? this.#tier;
    this.#event('message_delta', {
      delta: { ...endOf(end, this.#refusal), container: null },
      usage: {
        ...messagesUsage(end.usage),
        server_tool_use: null,
        ...(tier === undefined ? {} : { service_tier: tierOf(tier) }),
      },
    });
    this.#event('message_stop', {});
    this.ended = true;
  }

  #sign(seal: Seal): void {
    if (this.#before === '') {
      const marked = markSeal(seal);
      this.#start(
        seal.redacted
          ? { type: 'redacted_thinking', data: marked }
          : { type: 'thinking', thinking: '', signature: '' },
        'thinking_delta","thinking',
      );
    }
    if (seal.redacted) return;
    const delta = { type: 'signature_delta', signature: markSeal(seal) };
    this.#event('content_block_delta', { index: this.#index, delta });
  }

  #start(block: Json, delta: string): void {
    this.#event('content_block_start', { index: this.#index, content_block: block });
    this.#before = `event: content_block_delta\ndata: {"type":"content_block_delta","index":${this.#index},"delta":{"type":"${delta}":`;
  }

  #event(type: string, data: Json): void {
    this.#out += `event: ${type}\ndata: ${JSON.stringify({ type, ...object(data) })}\n\n`;
  }
}
