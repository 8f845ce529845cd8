import type { Failure, Observed, Reading, StreamLimits } from '#contracts';
import { isObject, type Json, list, object, shorten, word } from '../shared/json.ts';
import { mergeDelta } from '../shared/merge.ts';
import { openaiInBand } from '../shared/openai-errors.ts';
import { openaiUsage } from '../shared/openai-usage.ts';
import { DialectScanner } from '../shared/scanner.ts';
import { type Choice, errorOf, matchedStop, observedOf, read } from './answer.ts';

/** One choice while it grows. The two members that change in nearly every event stand apart as plain strings. */
interface Growing {
  readonly index: number;
  content: string | undefined;
  finish: string | undefined;
  matchedStop: boolean;
  readonly calls: Json[];
  readonly rest: Json;
}

export class ChatScanner extends DialectScanner {
  readonly #choices: Growing[] = [];
  #last: Growing | undefined;
  #usage: unknown;
  #observed: Observed = {};
  readonly #asked: number;

  constructor(limits: StreamLimits | undefined) {
    super(limits);
    this.#asked = limits?.choices ?? 1;
  }

  get finished(): boolean {
    return !this.#missing && this.#choices.every(({ finish }) => finish !== undefined);
  }
  get counted(): boolean {
    return this.#usage !== undefined;
  }

  /** A choice is still to come: some servers write one after the other. One that says that it is done knows of no more, as those that ignore `n`. */
  get #missing(): boolean {
    const { length } = this.#choices;
    return length === 0 || (length < this.#asked && !this.ended);
  }

  protected override isTerminator(data: string): boolean {
    return data.charCodeAt(0) === 0x5b && data.trim() === '[DONE]';
  }

  protected override event(name: string, data: Json): Failure | undefined {
    if (name === 'error' && !data.error) return openaiInBand(data);
    const error = errorOf(data);
    if (error) return error;
    if (isObject(data.usage)) this.#usage = data.usage;
    else if (isObject(data.x_groq) && isObject(data.x_groq.usage)) this.#usage = data.x_groq.usage;
    this.#observe(data);
    const choices = list(data.choices);
    for (const choice of choices) if (isObject(choice)) this.#grow(choice);
    const only = choices.length === 1 ? object(choices[0]) : undefined;
    if (only && !word(only.finish_reason)) this.appended = onlyContent(only.delta);
    return undefined;
  }

  protected override reading(closed: boolean): Reading {
    const choices = [...this.#choices].sort((a, b) => a.index - b.index).map(whole);
    const around = {
      error: this.failure,
      usage: openaiUsage(this.#usage),
      observed: this.#observed,
      closed,
    };
    const reading = read(choices, around);
    if (choices.length === 0 || !this.#missing) return reading;
    return { ...read([...choices, NOT_COME], around), message: reading.message };
  }

  protected override append(content: string): void {
    if (this.#last) this.#add(this.#last, 'content', content);
  }

  protected override shed(): void {
    for (const growing of this.#choices) shorten(growing);
  }

  /** A served model that changes mid-stream is as the last chunk says; Azure's first chunk names none. */
  #observe(data: Json): void {
    const { model, fingerprint, serviceTier } = this.#observed;
    if (
      (word(data.model) ?? model) !== model ||
      (word(data.system_fingerprint) ?? fingerprint) !== fingerprint ||
      (word(data.service_tier) ?? serviceTier) !== serviceTier
    )
      this.#observed = observedOf(data, this.#observed);
  }

  #grow(choice: Json): void {
    const growing = this.#choice(typeof choice.index === 'number' ? choice.index : 0);
    this.#last = growing;
    const delta = isObject(choice.delta) ? choice.delta : choice.message;
    if (isObject(delta)) for (const key in delta) this.#add(growing, key, delta[key]);
    const finish = word(choice.finish_reason);
    if (finish === undefined) return;
    growing.finish = finish;
    growing.matchedStop = matchedStop(choice);
  }

  #choice(index: number): Growing {
    let growing = this.#choices.find((choice) => choice.index === index);
    if (!growing) {
      growing = { index, content: undefined, finish: undefined, matchedStop: false, calls: [], rest: {} };
      this.#choices.push(growing);
    }
    return growing;
  }

  #add(growing: Growing, key: string, value: unknown): void {
    if (value === null || value === undefined) return;
    if (key === 'content' && typeof value === 'string') {
      growing.content = (growing.content ?? '') + value;
      if (value !== '') this.outputs++;
    } else if (key === 'tool_calls') {
      for (const call of list(value)) {
        if (!isObject(call)) continue;
        addCall(growing.calls, call);
        this.outputs++;
      }
    } else {
      mergeDelta(growing.rest, key, value);
      if (key !== 'role' && !isBlank(value)) this.outputs++;
    }
  }
}

/** A choice of which nothing has come. */
const NOT_COME: Choice = { message: {}, finish: undefined, matchedStop: false };

/** The text of a delta that brings nothing else. */
function onlyContent(delta: unknown): string | undefined {
  if (!isObject(delta)) return undefined;
  for (const key in delta) if (key !== 'content') return undefined;
  return word(delta.content);
}

const isBlank = (value: unknown): boolean =>
  value === '' ||
  (Array.isArray(value) && value.length === 0) ||
  (isObject(value) && Object.keys(value).length === 0);

/**
 * Pieces of a call belong together by index; Gemini gives every parallel call the index 0 and an id of its own, and some
 * servers send no index at all, so a new id starts a new call.
 */
function addCall(calls: Json[], piece: Json): void {
  const id = word(piece.id);
  const sameId = id === undefined ? undefined : calls.find((call) => call.id === id);
  const byIndex =
    typeof piece.index === 'number' ? calls.findLast((call) => call.index === piece.index) : calls.at(-1);
  const fits = byIndex && (id === undefined || byIndex.id === undefined) ? byIndex : undefined;
  let call = sameId ?? fits;
  if (!call) {
    call = {};
    calls.push(call);
  }
  for (const key in piece) {
    if (key === 'index') call.index = piece.index;
    else mergeDelta(call, key, piece[key]);
  }
}

function whole({ content, finish, matchedStop, calls, rest }: Growing): Choice {
  const message: Json = { role: 'assistant' };
  if (content !== undefined) message.content = content;
  Object.assign(message, rest);
  if (calls.length > 0) message.tool_calls = calls.map(({ index: _, ...call }) => call);
  return { message, finish, matchedStop };
}
