import type { Failure, Observed, Reading, Usage } from '#contracts';
import { anthropicInBand } from '../shared/anthropic-errors.ts';
import { estimateOutput } from '../shared/estimate.ts';
import { isObject, type Json, object, parseJson, shorten, text, word } from '../shared/json.ts';
import { mergeDelta } from '../shared/merge.ts';
import { DialectScanner } from '../shared/scanner.ts';
import { observedOf, read } from './answer.ts';
import { anthropicUsage } from './usage.ts';

/** Blocks that begin empty and are nothing but their text. */
const PLAIN: ReadonlySet<unknown> = new Set(['text', 'thinking']);

/** One content block while it grows. The input of a tool call arrives as pieces of JSON text. */
interface Growing {
  readonly block: Json;
  input: string | undefined;
}

export class MessagesScanner extends DialectScanner {
  readonly #blocks = new Map<number, Growing>();
  /** Where the last piece of text went. */
  #last: { readonly block: Json; readonly key: 'text' | 'thinking' } | undefined;
  #begun = false;
  #finish: string | undefined;
  #usage: Json | undefined;
  /** `message_delta` brings the final count; before it, the output stated is a placeholder. */
  #counted = false;
  #observed: Observed = {};

  get finished(): boolean {
    return this.#finish !== undefined;
  }
  get counted(): boolean {
    return this.#counted;
  }

  protected override event(name: string, data: Json): Failure | undefined {
    switch (data.type ?? name) {
      case 'content_block_delta':
        this.#delta(data.index, data.delta);
        return undefined;
      case 'content_block_start':
        this.#start(data.index, data.content_block);
        return undefined;
      case 'message_start':
        this.#begin(object(data.message));
        return undefined;
      case 'message_delta':
        this.#finish = word(object(data.delta).stop_reason) ?? this.#finish;
        this.#count(data.usage);
        return undefined;
      case 'message_stop':
        this.ended = true;
        return undefined;
      case 'error':
        return anthropicInBand(data);
      default:
        return data.error ? anthropicInBand(data) : undefined;
    }
  }

  protected override reading(closed: boolean): Reading {
    const blocks: Json[] = [];
    let broken = false;
    let written = 0;
    for (const [, growing] of [...this.#blocks].sort(([a], [b]) => a - b)) {
      const { block, valid } = whole(growing);
      blocks.push(block);
      if (!valid && block.type === 'tool_use') broken = true;
      written += lengthOf(growing);
    }
    return read({
      blocks,
      any: this.#begun || blocks.length > 0,
      finish: this.#finish,
      broken,
      error: this.failure,
      usage: this.#usageSoFar(written),
      observed: this.#observed,
      closed,
    });
  }

  #begin(message: Json): void {
    this.#begun = true;
    this.#observed = observedOf(message);
    if (isObject(message.usage)) this.#usage = { ...message.usage };
    if (Array.isArray(message.content))
      (message.content as readonly unknown[]).forEach((block, index) => {
        this.#start(index, block);
      });
    this.#finish = word(message.stop_reason);
  }

  #start(index: unknown, content: unknown): void {
    if (!isObject(content)) return;
    const block: Json = { ...content };
    const known = typeof index === 'number' ? this.#blocks.get(index)?.block : undefined;
    // Announced late, or twice: what it said so far stays.
    if (known?.type === block.type && PLAIN.has(block.type) && !block.text && !block.thinking) return;
    this.#blocks.set(typeof index === 'number' ? index : this.#blocks.size, { block, input: undefined });
    // Text and thinking begin empty; every other kind of block is output by itself.
    if (PLAIN.has(block.type)) {
      if (word(block.text) ?? word(block.thinking)) this.outputs++;
    } else this.outputs++;
  }

  #delta(index: unknown, delta: unknown): void {
    if (!isObject(delta)) return;
    const growing = this.#blocks.get(index as number) ?? this.#unannounced(index, delta.type);
    if (!growing) return;
    const { block } = growing;
    switch (delta.type) {
      case 'text_delta':
        this.#piece(block, 'text', delta.text);
        return;
      case 'thinking_delta':
        this.#piece(block, 'thinking', delta.thinking);
        return;
      case 'input_json_delta':
        if (!word(delta.partial_json)) return;
        growing.input = (growing.input ?? '') + text(delta.partial_json);
        this.outputs++;
        return;
      case 'signature_delta':
        block.signature = delta.signature;
        return;
      case 'citations_delta':
        block.citations = Array.isArray(block.citations)
          ? [...(block.citations as readonly unknown[]), delta.citation]
          : [delta.citation];
        return;
      default:
        for (const key in delta) if (key !== 'type') mergeDelta(block, key, delta[key]);
    }
  }

  /** What a block of text is shows in its first piece, so that one whose announcement is missing is not lost. */
  #unannounced(index: unknown, delta: unknown): Growing | undefined {
    const type = delta === 'text_delta' ? 'text' : delta === 'thinking_delta' ? 'thinking' : undefined;
    if (type === undefined || typeof index !== 'number') return undefined;
    const growing = { block: { type, [type]: '' }, input: undefined };
    this.#blocks.set(index, growing);
    return growing;
  }

  protected override append(piece: string): void {
    if (this.#last) this.#piece(this.#last.block, this.#last.key, piece);
  }

  protected override shed(): void {
    for (const { block } of this.#blocks.values()) shorten(block);
  }

  #piece(block: Json, key: 'text' | 'thinking', piece: unknown): void {
    if (typeof piece !== 'string' || piece === '') return;
    const before = block[key];
    block[key] = typeof before === 'string' ? before + piece : piece;
    this.outputs++;
    this.#last = { block, key };
    this.appended = piece;
  }

  /** Counts in `message_delta` are totals, and null where there is nothing new to say. */
  #count(usage: unknown): void {
    if (!isObject(usage)) return;
    const total: Json = { ...this.#usage };
    for (const key in usage) if (usage[key] !== null) total[key] = usage[key];
    this.#usage = total;
    this.#counted = true;
    this.#observed = observedOf({ usage: total }, this.#observed);
  }

  #usageSoFar(written: number): Usage {
    const usage = anthropicUsage(this.#usage);
    if (this.#usage === undefined || this.#counted) return usage;
    return { ...usage, output: Math.max(usage.output, estimateOutput(written)), basis: 'estimated' };
  }
}

/** An input that is not JSON stays the text it is, so that a reader sees what the model wrote. */
function whole({ block, input }: Growing): { readonly block: Json; readonly valid: boolean } {
  if (input === undefined || input === '') return { block, valid: true };
  const parsed = parseJson(input);
  return { block: { ...block, input: parsed ? parsed.value : input }, valid: parsed !== undefined };
}

const lengthOf = ({ block, input }: Growing): number =>
  (word(block.text)?.length ?? 0) + (word(block.thinking)?.length ?? 0) + (input?.length ?? 0);
