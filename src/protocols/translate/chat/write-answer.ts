import type { TranslateContext } from '#contracts';
import { type Json, object } from '../../shared/json.ts';
import type { Answer } from '../assembler.ts';
import type { Begin, Citation, DialectName, End, Open, Seal } from '../neutral.ts';
import { markSeal, sealOr } from '../seal.ts';
import { chatUsage } from '../usage.ts';
import { REFUSED, wordFor } from '../words.ts';
import { askOf, type StreamWriter } from '../writer.ts';

export const WORDS = {
  complete: 'stop',
  stop: 'stop',
  refusal: 'stop',
  tool: 'tool_calls',
  length: 'length',
  context_overflow: 'length',
  content_filter: 'content_filter',
} as const;

const headOf = (begin: Begin, context: TranslateContext, object: string): Json => ({
  id: `chatcmpl-${context.exchange}`,
  object,
  created: Math.floor(context.at / 1000),
  model: begin.model ?? context.model,
  ...(begin.tier === undefined ? {} : { service_tier: begin.tier }),
  ...(begin.fingerprint === undefined ? {} : { system_fingerprint: begin.fingerprint }),
});

/** A call as it stands in a message, or as the first piece of it in a stream. */
const callOf = (open: Open & { readonly kind: 'call' }, args: string): Json =>
  open.custom
    ? { id: open.id, type: 'custom', custom: { name: open.name, input: args } }
    : { id: open.id, type: 'function', function: { name: open.name, arguments: args } };

const annotationOf = ({ url, title, start, end }: Citation): Json => ({
  type: 'url_citation',
  url_citation: { url, title, start_index: start, end_index: end },
});

/**
 * What the target signed, in the shape in which OpenRouter taught clients to hand it back. The text stands in
 * `reasoning_content` too, where most clients look for it.
 */
function detailOf(seal: Seal, text: string, index: number): Json {
  if (seal.redacted) return { type: 'reasoning.encrypted', data: markSeal(seal), index };
  // What nobody signed nobody takes back, so only the mark is needed.
  const signed = seal.data === '' ? {} : { text };
  return { type: 'reasoning.text', ...signed, signature: markSeal(seal), index };
}

/** vLLM's name for it, so that a matched stop sequence does not look like a natural end. */
export const matched = (end: End): Json =>
  end.outcome === 'stop' ? { matched_stop: end.stop ?? end.word } : {};

export function writeChatAnswer(
  { head, parts, end }: Answer,
  by: DialectName,
  context: TranslateContext,
): Json {
  let thought = '';
  let said = '';
  let refusal = '';
  let spoke = false;
  const calls: Json[] = [];
  const details: Json[] = [];
  const annotations: Json[] = [];
  for (const part of parts) {
    const { open, text, seal, citations } = part;
    if (open.kind === 'call') calls.push(callOf(open, text));
    else if (open.kind === 'refusal') refusal += text;
    else if (open.kind === 'reasoning') {
      thought += text;
      details.push(detailOf(sealOr(seal, by), text, details.length));
    } else {
      spoke = true;
      annotations.push(
        ...citations.map((citation) =>
          annotationOf({ ...citation, start: citation.start + said.length, end: citation.end + said.length }),
        ),
      );
      said += text;
    }
  }
  if (end.outcome === 'refusal' && refusal === '') refusal = end.explanation ?? REFUSED;
  const message = {
    role: 'assistant',
    content: spoke ? said : null,
    refusal: refusal === '' ? null : refusal,
    ...(thought === '' ? {} : { reasoning_content: thought }),
    ...(details.length === 0 ? {} : { reasoning_details: details }),
    annotations,
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
  return {
    ...headOf({ ...head, ...tierOf(end) }, context, 'chat.completion'),
    choices: [{ index: 0, message, logprobs: null, finish_reason: wordFor(end, WORDS), ...matched(end) }],
    ...(end.usage ? { usage: chatUsage(end.usage) } : {}),
  };
}

const tierOf = (end: End): Begin => (end.tier === undefined ? {} : { tier: end.tier });

export class ChatWriter implements StreamWriter {
  ended = false;
  readonly #by: DialectName;
  readonly #context: TranslateContext;
  readonly #withUsage: boolean;
  #out = '';
  /** Everything of a chunk before its delta. */
  #before = '';
  #head: Json = {};
  #open: Open | undefined;
  #thought = '';
  #textLength = 0;
  #partStart = 0;
  #calls = 0;
  #refused = false;
  readonly #details: Json[] = [];

  constructor(by: DialectName, context: TranslateContext) {
    this.#by = by;
    this.#context = context;
    this.#withUsage = object(askOf(context).stream_options).include_usage === true;
  }

  take(): string {
    const out = this.#out;
    this.#out = '';
    return out;
  }

  begin(begin: Begin): void {
    this.#head = headOf(begin, this.#context, 'chat.completion.chunk');
    this.#before = `data: ${JSON.stringify(this.#head).slice(0, -1)},"choices":[{"index":0,"delta":`;
    this.#delta('{"role":"assistant","content":"","refusal":null}');
  }

  open(open: Open): void {
    this.#open = open;
    this.#partStart = this.#textLength;
    if (open.kind !== 'call') return;
    const call = { index: this.#calls++, ...callOf(open, '') };
    this.#delta(JSON.stringify({ tool_calls: [call] }));
  }

  piece(text: string): void {
    const open = this.#open;
    if (!open) return;
    const literal = JSON.stringify(text);
    switch (open.kind) {
      case 'text':
        this.#textLength += text.length;
        this.#delta(`{"content":${literal}}`);
        return;
      case 'reasoning':
        this.#thought += text;
        this.#delta(`{"reasoning_content":${literal}}`);
        return;
      case 'refusal':
        this.#refused = true;
        this.#delta(`{"refusal":${literal}}`);
        return;
      case 'call': {
        const made = open.custom ? `"custom":{"input":${literal}}` : `"function":{"arguments":${literal}}`;
        this.#delta(`{"tool_calls":[{"index":${this.#calls - 1},${made}}]}`);
      }
    }
  }

  cite(citation: Citation): void {
    const shifted = {
      ...citation,
      start: citation.start + this.#partStart,
      end: citation.end + this.#partStart,
    };
    this.#delta(JSON.stringify({ annotations: [annotationOf(shifted)] }));
  }

  close(seal?: Seal): void {
    if (this.#open?.kind === 'reasoning') {
      this.#details.push(detailOf(sealOr(seal, this.#by), this.#thought, this.#details.length));
      this.#thought = '';
    }
    this.#open = undefined;
  }

  end(end: End): void {
    // All at once: clients keep the last list they are given.
    if (this.#details.length > 0) this.#delta(JSON.stringify({ reasoning_details: this.#details }));
    if (end.outcome === 'refusal' && !this.#refused)
      this.#delta(JSON.stringify({ refusal: end.explanation ?? REFUSED }));
    const choice = {
      index: 0,
      delta: {},
      logprobs: null,
      finish_reason: wordFor(end, WORDS),
      ...matched(end),
    };
    this.#head = { ...this.#head, ...(end.tier === undefined ? {} : { service_tier: end.tier }) };
    this.#chunk({ choices: [choice], ...(this.#withUsage ? { usage: null } : {}) });
    if (this.#withUsage && end.usage) this.#chunk({ choices: [], usage: chatUsage(end.usage) });
    this.#out += 'data: [DONE]\n\n';
    this.ended = true;
  }

  #delta(delta: string): void {
    this.#out += `${this.#before}${delta},"logprobs":null,"finish_reason":null}]${this.#withUsage ? ',"usage":null' : ''}}\n\n`;
  }

  #chunk(rest: Json): void {
    this.#out += `data: ${JSON.stringify({ ...this.#head, ...rest })}\n\n`;
  }
}
