import type { Outcome } from '#contracts';
import { NO_USAGE } from '#contracts';
import { errorOf, finishOf, read } from '../../openai-responses/answer.ts';
import { isObject, type Json, keyOf, list, object, text, word } from '../../shared/json.ts';
import { openaiUsage } from '../../shared/openai-usage.ts';
import { outcomeOf } from '../../shared/outcomes.ts';
import { citationOf } from '../chat/read-answer.ts';
import type { EventReader, Open, Seal, Sink } from '../neutral.ts';
import { Sequencer } from '../sequencer.ts';

export class ResponsesReader implements EventReader {
  readonly #sink: Sink;
  readonly #parts: Sequencer;
  #begun = false;
  #over = false;
  #items = 0;
  #calls = 0;
  #refused = false;
  #finish: string | undefined;
  #usage: unknown;
  #final: readonly Json[] = [];
  #tier: string | undefined;
  /** Parts that have been opened, and those of them that said something. */
  readonly #opened = new Set<string>();
  readonly #said = new Set<string>();
  /** The part of a summary that each thought is at. */
  readonly #summaries = new Map<string, unknown>();

  constructor(sink: Sink) {
    this.#sink = sink;
    this.#parts = new Sequencer(sink, false);
  }

  event(name: string, data: Json): void {
    if (this.#over) return;
    const type = word(data.type) ?? name;
    const item = keyOf(data.output_index ?? 0);
    const part = `${item}.${keyOf(data.content_index ?? 0)}`;
    switch (type) {
      case 'response.output_text.delta':
        this.#say(part, { kind: 'text' }, data.delta);
        return;
      case 'response.refusal.delta':
        this.#say(part, { kind: 'refusal' }, data.delta);
        return;
      case 'response.reasoning_summary_text.delta':
        this.#think(item, `s${keyOf(data.summary_index)}`, data.delta);
        return;
      case 'response.reasoning_text.delta':
        this.#think(item, `c${keyOf(data.content_index)}`, data.delta);
        return;
      case 'response.function_call_arguments.delta':
      case 'response.custom_tool_call_input.delta':
        this.#piece(item, data.delta);
        return;
      case 'response.output_text.annotation.added': {
        const citation = citationOf(object(data.annotation));
        if (citation) this.#parts.cite(part, citation);
        return;
      }
      case 'response.content_part.done':
        this.#close(part);
        return;
      case 'response.output_item.added':
        this.#begin({});
        this.#added(item, object(data.item));
        return;
      case 'response.output_item.done':
        this.#begin({});
        this.#done(item, object(data.item));
        return;
      case 'response.completed':
      case 'response.incomplete':
      case 'response.cancelled':
        this.#ends(object(data.response), type.slice('response.'.length));
        return;
      case 'response.created':
      case 'response.in_progress':
        this.#begin(object(data.response));
        return;
      case 'response.failed':
      case 'error':
        this.#over = true;
        return;
      default:
        if (data.error) this.#over = true;
    }
  }

  terminator(): void {
    this.finish();
  }

  finish(): void {
    if (this.#over || this.#finish === undefined) return;
    this.#over = true;
    this.#parts.finish();
    this.#sink.end({
      outcome: this.#outcome(this.#finish),
      word: this.#finish,
      ...(isObject(this.#usage) ? { usage: openaiUsage(this.#usage) } : {}),
      ...(this.#tier === undefined ? {} : { tier: this.#tier }),
    });
  }

  /** A whole response, or the last event, which repeats it. */
  #ends(response: Json, otherwise?: string): void {
    if (errorOf(response)) {
      this.#over = true;
      return;
    }
    this.#begin(response);
    // Some servers stream nothing but the last event.
    if (this.#items === 0)
      list(response.output).forEach((item, i) => {
        this.#done(String(i), object(item));
      });
    this.#final = list(response.output).map(object);
    this.#finish = finishOf(response) ?? otherwise;
    this.#usage = response.usage;
    this.#tier = word(response.service_tier);
    this.finish();
  }

  response(response: Json): void {
    this.#ends(response);
  }

  #begin(response: Json): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#sink.begin({
      ...(word(response.id) ? { id: text(response.id) } : {}),
      ...(word(response.model) ? { model: text(response.model) } : {}),
      ...(word(response.system_fingerprint) ? { fingerprint: text(response.system_fingerprint) } : {}),
      ...(word(response.service_tier) && response.service_tier !== 'auto'
        ? { tier: text(response.service_tier) }
        : {}),
    });
  }

  #added(key: string, item: Json): void {
    this.#items++;
    const call = callOf(item);
    if (call) {
      this.#open(key, call);
      this.#piece(key, item.arguments ?? item.input);
    } else if (item.type === 'reasoning') this.#open(key, { kind: 'reasoning' });
  }

  /** The whole item: whatever of it no event before it brought is said now. */
  #done(key: string, item: Json): void {
    if (!this.#opened.has(key) && item.type !== 'message') this.#added(key, item);
    else if (item.type === 'message') this.#items++;
    if (item.type === 'message') {
      list(item.content).forEach((value, i) => {
        this.#wholePart(`${key}.${i}`, object(value));
      });
    } else if (item.type === 'reasoning') {
      if (!this.#said.has(key)) {
        const texts = [...list(item.summary), ...list(item.content)].map((part) => text(object(part).text));
        this.#piece(key, texts.join('\n\n'));
      }
      const data = word(item.encrypted_content);
      const id = word(item.id);
      const seal: Seal | undefined = data
        ? { by: 'openai-responses', data, ...(id ? { id } : {}) }
        : undefined;
      this.#close(key, seal);
    } else if (callOf(item)) {
      if (!this.#said.has(key)) this.#piece(key, item.arguments ?? item.input);
      this.#close(key);
    }
  }

  #wholePart(key: string, part: Json): void {
    if (!this.#opened.has(key)) {
      if (part.type === 'refusal') this.#say(key, { kind: 'refusal' }, part.refusal);
      else if (part.type === 'output_text') {
        this.#say(key, { kind: 'text' }, part.text);
        for (const value of list(part.annotations)) {
          const citation = citationOf(object(value));
          if (citation) this.#parts.cite(key, citation);
        }
      }
    }
    this.#close(key);
  }

  #say(key: string, part: Open, piece: unknown): void {
    if (typeof piece !== 'string' || piece === '') return;
    if (!this.#opened.has(key)) this.#open(key, part);
    this.#piece(key, piece);
  }

  /** Several summaries of one thought are one text with blank lines between. */
  #think(key: string, place: string, piece: unknown): void {
    if (typeof piece !== 'string' || piece === '') return;
    if (!this.#opened.has(key)) this.#open(key, { kind: 'reasoning' });
    const before = this.#summaries.get(key);
    this.#summaries.set(key, place);
    this.#piece(key, before === undefined || before === place ? piece : `\n\n${piece}`);
  }

  #open(key: string, part: Open): void {
    this.#begin({});
    this.#opened.add(key);
    if (part.kind === 'call') this.#calls++;
    if (part.kind === 'refusal') this.#refused = true;
    this.#parts.open(key, part);
  }

  #piece(key: string, piece: unknown): void {
    if (typeof piece !== 'string' || piece === '') return;
    this.#said.add(key);
    this.#parts.piece(key, piece);
  }

  #close(key: string, seal?: Seal): void {
    this.#parts.close(key, seal);
  }

  /** The last event repeats the answer, and the dialect's own reading trusts it more than what was streamed. */
  #outcome(finish: string): Outcome {
    if (this.#final.length > 0)
      return read({
        items: this.#final,
        any: true,
        finish,
        error: undefined,
        usage: NO_USAGE,
        observed: {},
        closed: true,
      }).outcome;
    const outcome = finish === 'incomplete' ? 'cut' : outcomeOf(finish);
    if (outcome !== 'complete') return outcome;
    if (this.#calls > 0) return 'tool';
    return this.#refused ? 'refusal' : 'complete';
  }
}

function callOf(item: Json): Open | undefined {
  if (item.type !== 'function_call' && item.type !== 'custom_tool_call') return undefined;
  return {
    kind: 'call',
    id: word(item.call_id) ?? text(item.id),
    name: text(item.name),
    ...(item.type === 'custom_tool_call' ? { custom: true } : {}),
  };
}
