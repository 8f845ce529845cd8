import type { Outcome } from '#contracts';
import { isObject, type Json, list, object, text, word } from '../../shared/json.ts';
import { openaiUsage } from '../../shared/openai-usage.ts';
import { outcomeOf } from '../../shared/outcomes.ts';
import type { Begin, Citation, EventReader, Sink } from '../neutral.ts';
import { Sequencer } from '../sequencer.ts';

const TEXT = 't';
const REFUSAL = 'f';
const THOUGHT = 'r';

/** What a stream of chunks or a whole completion says, told to a sink. Of several choices only the first: none asks for more. */
export class ChatReader implements EventReader {
  readonly #sink: Sink;
  readonly #parts: Sequencer;
  #begun = false;
  #over = false;
  #finish: string | undefined;
  #stop: string | undefined;
  #refused = false;
  /** Something was said in a choice nobody asked for, so what is told here is not the whole answer. */
  #strayed = false;
  #usage: unknown;
  #tier: string | undefined;
  /** By order of appearance, as the scanner tells pieces of calls apart. */
  readonly #calls: {
    id: string | undefined;
    index: unknown;
    readonly key: string;
    said: boolean;
  }[] = [];

  constructor(sink: Sink) {
    this.#sink = sink;
    this.#parts = new Sequencer(sink, true);
  }

  event(name: string, data: Json): void {
    if (this.#over) return;
    const choices = list(data.choices);
    if (data.error || name === 'error' || choices.some((choice) => object(choice).error)) {
      this.#over = true;
      return;
    }
    this.#around(data);
    for (const value of choices) {
      const choice = object(value);
      if (typeof choice.index === 'number' && choice.index !== 0) {
        this.#strayed = true;
        continue;
      }
      this.#begin(data);
      if (isObject(choice.delta)) this.#take(choice.delta, list(choice.delta.tool_calls));
      // In a whole message the calls are numbered by their places.
      else if (isObject(choice.message))
        this.#take(
          choice.message,
          list(choice.message.tool_calls).map((call, index) => (isObject(call) ? { ...call, index } : call)),
        );
      this.#ends(choice);
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
      ...(this.#stop === undefined ? {} : { stop: this.#stop }),
      ...(isObject(this.#usage) ? { usage: openaiUsage(this.#usage) } : {}),
      ...(this.#tier === undefined ? {} : { tier: this.#tier }),
    });
  }

  #around(data: Json): void {
    if (isObject(data.usage)) this.#usage = data.usage;
    else if (isObject(data.x_groq) && isObject(data.x_groq.usage)) this.#usage = data.x_groq.usage;
    this.#tier = word(data.service_tier) ?? this.#tier;
  }

  #begin(data: Json): void {
    if (this.#begun) return;
    this.#begun = true;
    const begin: Begin = {
      ...named('id', data.id),
      ...named('model', data.model),
      ...named('fingerprint', data.system_fingerprint),
      ...named('tier', data.service_tier),
    };
    this.#sink.begin(begin);
  }

  #take(delta: Json, calls: readonly unknown[]): void {
    this.#say(THOUGHT, 'reasoning', word(delta.reasoning_content) ?? word(delta.reasoning));
    if (typeof delta.content === 'string') this.#say(TEXT, 'text', delta.content);
    else for (const part of list(delta.content)) this.#part(object(part));
    if (word(delta.refusal)) {
      this.#refused = true;
      this.#say(REFUSAL, 'refusal', text(delta.refusal));
    }
    for (const value of list(delta.annotations)) {
      const citation = citationOf(object(object(value).url_citation));
      if (citation) this.#parts.cite(TEXT, citation);
    }
    for (const call of calls) if (isObject(call)) this.#call(call);
    if (isObject(delta.function_call)) this.#call({ index: 0, function: delta.function_call });
  }

  /** Mistral's content is a list of parts. */
  #part(part: Json): void {
    if (part.type === 'text') this.#say(TEXT, 'text', text(part.text));
    else if (part.type === 'refusal') {
      this.#refused = true;
      this.#say(REFUSAL, 'refusal', text(part.refusal));
    } else if (part.type === 'thinking')
      for (const inner of Array.isArray(part.thinking) ? list(part.thinking) : [{ text: part.thinking }])
        this.#say(THOUGHT, 'reasoning', text(object(inner).text));
  }

  #say(key: string, kind: 'text' | 'refusal' | 'reasoning', piece: string | undefined): void {
    if (piece === undefined || piece === '') return;
    if (!this.#parts.has(key)) this.#parts.open(key, { kind });
    this.#parts.piece(key, piece);
  }

  /** A new id starts a new call, whatever its index: Gemini gives all of them the index 0, some servers give none. */
  #call(piece: Json): void {
    const id = word(piece.id);
    const custom = isObject(piece.custom) ? piece.custom : undefined;
    const made = custom ?? object(piece.function);
    const sameId = id === undefined ? undefined : this.#calls.find((call) => call.id === id);
    const byIndex =
      typeof piece.index === 'number'
        ? this.#calls.findLast(({ index }) => index === piece.index)
        : this.#calls.at(-1);
    let call = sameId ?? (byIndex && (id === undefined || byIndex.id === undefined) ? byIndex : undefined);
    if (!call) {
      const n = this.#calls.length;
      call = { id, index: piece.index, key: `c${n}`, said: false };
      this.#calls.push(call);
      this.#parts.open(call.key, {
        kind: 'call',
        id: id ?? `call_${n}`,
        name: text(made.name),
        ...(custom ? { custom: true } : {}),
      });
    }
    if ('index' in piece) call.index = piece.index;
    call.id ??= id;
    const args = custom ? text(made.input) : text(made.arguments);
    if (args !== '' || custom) call.said = true;
    this.#parts.piece(call.key, args);
  }

  #ends(choice: Json): void {
    const finish = word(choice.finish_reason);
    if (finish === undefined) return;
    this.#finish = finish;
    this.#stop = word(choice.stop_reason) ?? word(choice.matched_stop);
  }

  /**
   * As the dialect's own reading judges it. Arguments that are not JSON show themselves to the caller's reader; none at
   * all, which is not JSON either, would pass at Anthropic for a call without arguments.
   */
  #outcome(finish: string): Outcome {
    if (this.#strayed) return 'invalid';
    const outcome = outcomeOf(finish);
    if (outcome === 'tool' || (outcome === 'complete' && this.#calls.length > 0))
      return this.#calls.length > 0 && this.#calls.every(({ said }) => said) ? 'tool' : 'invalid';
    if (outcome !== 'complete') return outcome;
    if (this.#refused) return 'refusal';
    return this.#stop === undefined ? 'complete' : 'stop';
  }
}

const named = (key: keyof Begin, value: unknown): Begin => (word(value) ? { [key]: value } : {});

export function citationOf(value: Json): Citation | undefined {
  const url = word(value.url);
  if (!url) return undefined;
  return {
    url,
    title: text(value.title),
    start: typeof value.start_index === 'number' ? value.start_index : 0,
    end: typeof value.end_index === 'number' ? value.end_index : 0,
  };
}
