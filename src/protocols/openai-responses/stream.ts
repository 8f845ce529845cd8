import type { Failure, Observed, Reading, StreamLimits } from '#contracts';
import { isObject, type Json, list, object, shorten, text, word } from '../shared/json.ts';
import { openaiInBand } from '../shared/openai-errors.ts';
import { openaiUsage } from '../shared/openai-usage.ts';
import { DialectScanner } from '../shared/scanner.ts';
import { errorOf, finishOf, observedOf, read } from './answer.ts';

/**
 * The last event repeats the whole response, and pictures come whole in one event: here one event may be as large as the
 * largest unary answer.
 */
const MAX_EVENT_BYTES = 32 * 1024 * 1024;

/** Where the `delta` of an event belongs, and the kind of item it makes when the event that adds the item was missed. */
interface Place {
  readonly item: string;
  /** The list of parts in the item, and the type of its parts; absent for a member of the item itself. */
  readonly parts?: readonly ['content' | 'summary', string];
  readonly member: string;
}
const DELTAS: ReadonlyMap<string, Place> = new Map<string, Place>([
  ['response.output_text.delta', { item: 'message', parts: ['content', 'output_text'], member: 'text' }],
  ['response.refusal.delta', { item: 'message', parts: ['content', 'refusal'], member: 'refusal' }],
  [
    'response.reasoning_text.delta',
    { item: 'reasoning', parts: ['content', 'reasoning_text'], member: 'text' },
  ],
  [
    'response.reasoning_summary_text.delta',
    { item: 'reasoning', parts: ['summary', 'summary_text'], member: 'text' },
  ],
  ['response.function_call_arguments.delta', { item: 'function_call', member: 'arguments' }],
  ['response.mcp_call_arguments.delta', { item: 'mcp_call', member: 'arguments' }],
  ['response.custom_tool_call_input.delta', { item: 'custom_tool_call', member: 'input' }],
  ['response.code_interpreter_call_code.delta', { item: 'code_interpreter_call', member: 'code' }],
]);

export class ResponsesScanner extends DialectScanner {
  readonly #items = new Map<number, Json>();
  /** Where the last delta went. */
  #last: { readonly target: Json; readonly member: string } | undefined;
  #transcript = '';
  /** Characters of text and of arguments that came in pieces. */
  #inPieces = 0;
  #finish: string | undefined;
  /** The output as the last event repeats it. */
  #final: readonly Json[] | undefined;
  #usage: unknown;
  #observed: Observed = {};

  constructor(limits: StreamLimits | undefined) {
    super(limits, MAX_EVENT_BYTES);
  }

  get finished(): boolean {
    return this.#finish !== undefined;
  }

  get counted(): boolean {
    return this.#usage !== undefined;
  }

  protected override matchesWhole(): boolean | undefined {
    // Some servers send an item at once when it is done.
    if (this.#final === undefined || this.#inPieces === 0) return undefined;
    let whole = 0;
    for (const item of this.#final) {
      whole += text(item.arguments).length;
      for (const part of [...list(item.content), ...list(item.summary)])
        whole += (text(object(part).text) + text(object(part).refusal)).length;
    }
    return this.#inPieces >= whole;
  }

  /** Servers that end every stream with `[DONE]` do so behind the last event too. */
  protected override closes(bytes: Buffer, at: number): boolean {
    return bytes.length - at <= LONGEST_CLOSE && CLOSE.test(bytes.toString('latin1', at));
  }

  /** OpenAI sends none here, some servers do. */
  protected override isTerminator(data: string): boolean {
    return data.charCodeAt(0) === 0x5b && data.trim() === '[DONE]';
  }

  protected override event(name: string, data: Json): Failure | undefined {
    const type = word(data.type) ?? name;
    const place = DELTAS.get(type);
    if (place) {
      this.#delta(place, data);
      return undefined;
    }
    switch (type) {
      case 'response.output_item.added':
        return this.#item(data, false);
      case 'response.output_item.done':
        return this.#item(data, true);
      case 'response.output_text.annotation.added':
        return this.#annotation(data);
      case 'response.audio.transcript.delta':
        this.#transcript += text(data.delta);
        if (word(data.delta)) this.outputs++;
        return undefined;
      case 'response.audio.delta':
      case 'response.image_generation_call.partial_image':
        this.outputs++;
        return undefined;
      case 'response.completed':
      case 'response.incomplete':
      case 'response.cancelled':
      case 'response.failed':
        return this.#end(type, object(data.response));
      case 'error':
        return openaiInBand(isObject(data.error) ? data.error : { ...data, type: '' });
      default:
        if (data.error) return openaiInBand(data.error);
        if (isObject(data.response)) this.#observed = { ...this.#observed, ...observedOf(data.response) };
        return undefined;
    }
  }

  protected override reading(closed: boolean): Reading {
    const items = this.#final ?? this.#assembled();
    return read({
      items,
      any: this.#final !== undefined || items.length > 0,
      finish: this.#finish,
      error: this.failure,
      usage: openaiUsage(this.#usage),
      observed: this.#observed,
      closed,
    });
  }

  #assembled(): Json[] {
    const items = [...this.#items].sort(([a], [b]) => a - b).map(([, item]) => item);
    if (this.#transcript === '') return items;
    const spoken = { type: 'output_audio', transcript: this.#transcript };
    return [...items, { type: 'message', role: 'assistant', content: [spoken] }];
  }

  #end(type: string, response: Json): Failure | undefined {
    this.ended = true;
    this.#finish = finishOf(response) ?? type.slice('response.'.length);
    this.#usage = response.usage;
    this.#observed = { ...this.#observed, ...observedOf(response) };
    const output = list(response.output).map(object);
    // Some servers leave the output out of the last event; what the stream added up to is then the answer.
    if (output.length > 0 || this.#items.size === 0) this.#final = output;
    return type === 'response.failed' ? (errorOf(response) ?? openaiInBand({})) : undefined;
  }

  #item(data: Json, done: boolean): undefined {
    if (!isObject(data.item)) return undefined;
    const index = typeof data.output_index === 'number' ? data.output_index : this.#items.size;
    const before = this.#items.get(index);
    if (done || !before) this.#items.set(index, copy(data.item));
    // A message and a reasoning item begin empty; every other kind is output by itself.
    if (done || (data.item.type !== 'message' && data.item.type !== 'reasoning')) this.outputs++;
    return undefined;
  }

  #delta({ item: kind, parts, member }: Place, data: Json): void {
    if (typeof data.delta !== 'string' || data.delta === '') return;
    this.outputs++;
    if (COMPARED.has(member)) this.#inPieces += data.delta.length;
    const item = this.#at(data.output_index, kind);
    const index = parts?.[0] === 'summary' ? data.summary_index : data.content_index;
    const target = parts ? partAt(item, parts[0], index, parts[1]) : item;
    target[member] = text(target[member]) + data.delta;
    this.#last = { target, member };
    this.appended = data.delta;
  }

  protected override append(piece: string): void {
    if (!this.#last) return;
    const { target, member } = this.#last;
    if (COMPARED.has(member)) this.#inPieces += piece.length;
    target[member] = text(target[member]) + piece;
  }

  protected override shed(): void {
    for (const item of this.#items.values()) shorten(item);
    shorten(this.#final);
    this.#transcript = this.#transcript.slice(0, 1);
  }

  #annotation(data: Json): undefined {
    const part = partAt(this.#at(data.output_index, 'message'), 'content', data.content_index, 'output_text');
    part.annotations = [...list(part.annotations), data.annotation];
    return undefined;
  }

  #at(outputIndex: unknown, type: string): Json {
    const index = typeof outputIndex === 'number' ? outputIndex : 0;
    let item = this.#items.get(index);
    if (!item) {
      item = type === 'message' ? { type, role: 'assistant' } : { type };
      this.#items.set(index, item);
    }
    return item;
  }
}

/** Members that pieces add up to and the whole answer repeats. */
const COMPARED: ReadonlySet<string> = new Set(['text', 'refusal', 'arguments']);
const CLOSE = /^data: ?\[DONE\]\s*$/;
const LONGEST_CLOSE = 32;

/** Parts are written to while the stream goes on, so the item must not share them with the event. */
const copy = (item: Json): Json => ({
  ...item,
  ...(Array.isArray(item.content)
    ? { content: item.content.map((part: unknown) => ({ ...object(part) })) }
    : {}),
  ...(Array.isArray(item.summary)
    ? { summary: item.summary.map((part: unknown) => ({ ...object(part) })) }
    : {}),
});

/** A gap in the indices is filled, but only a plausible one: an index from outside must not size a list. */
const MAX_PARTS = 10_000;

function partAt(item: Json, name: 'content' | 'summary', index: unknown, type: string): Json {
  const parts: Json[] = Array.isArray(item[name]) ? item[name] : [];
  item[name] = parts;
  const at = typeof index === 'number' && index >= 0 && index < MAX_PARTS ? index : 0;
  while (parts.length <= at) parts.push({ type });
  return parts[at] ?? {};
}
