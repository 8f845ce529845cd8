import type { Outcome } from '#contracts';
import { anthropicUsage } from '../../anthropic-messages/usage.ts';
import { isObject, type Json, keyOf, list, object, text, word } from '../../shared/json.ts';
import { outcomeOf } from '../../shared/outcomes.ts';
import type { EventReader, Seal, Sink } from '../neutral.ts';
import { Sequencer } from '../sequencer.ts';

interface Block {
  readonly type: unknown;
  /** The input of a call as it stood in the block's start, for servers that send no pieces of it. */
  readonly input?: unknown;
  said: boolean;
  signature: string;
  /** Its first piece came before it was announced. */
  unannounced?: boolean;
}

export class MessagesReader implements EventReader {
  readonly #sink: Sink;
  readonly #parts: Sequencer;
  readonly #blocks = new Map<string, Block>();
  #begun = false;
  #over = false;
  #calls = 0;
  #finish: string | undefined;
  #stop: string | undefined;
  #explanation: string | undefined;
  #usage: Json | undefined;

  constructor(sink: Sink) {
    this.#sink = sink;
    this.#parts = new Sequencer(sink, false);
  }

  event(name: string, data: Json): void {
    if (this.#over) return;
    switch (data.type ?? name) {
      case 'content_block_delta':
        this.#delta(keyOf(data.index), object(data.delta));
        return;
      case 'content_block_start':
        this.#start(keyOf(data.index), object(data.content_block));
        return;
      case 'content_block_stop':
        this.#close(keyOf(data.index));
        return;
      case 'message_start':
        this.#begin(object(data.message));
        return;
      case 'message_delta':
        this.#ends(object(data.delta));
        this.#count(data.usage);
        return;
      case 'message_stop':
        this.finish();
        return;
      case 'error':
        this.#over = true;
        return;
    }
  }

  /** This dialect has none. */
  terminator(): void {}

  /** A whole message, read as the stream it could have been. */
  message(message: Json): void {
    this.#begin({ ...message, content: [] });
    list(message.content).forEach((value, i) => {
      const block = object(value);
      this.#start(String(i), block);
      this.#close(String(i));
    });
    this.#ends(message);
    this.finish();
  }

  finish(): void {
    if (this.#over || this.#finish === undefined) return;
    this.#over = true;
    this.#begin({});
    this.#parts.finish();
    this.#sink.end({
      outcome: this.#outcome(this.#finish),
      word: this.#finish,
      ...(this.#stop === undefined ? {} : { stop: this.#stop }),
      ...(this.#explanation === undefined ? {} : { explanation: this.#explanation }),
      ...(this.#usage ? { usage: anthropicUsage(this.#usage) } : {}),
      ...tierOf(this.#usage),
    });
  }

  #begin(message: Json): void {
    if (this.#begun) return;
    this.#begun = true;
    if (isObject(message.usage)) this.#usage = { ...message.usage };
    this.#sink.begin({
      ...(word(message.id) ? { id: text(message.id) } : {}),
      ...(word(message.model) ? { model: text(message.model) } : {}),
      ...tierOf(this.#usage),
      ...(this.#usage ? { usage: anthropicUsage(this.#usage) } : {}),
    });
  }

  #start(key: string, block: Json): void {
    this.#begin({});
    const { type } = block;
    // It began without being announced, and is announced late.
    if (this.#blocks.get(key)?.type === type && this.#blocks.get(key)?.unannounced) return;
    this.#blocks.set(key, { type, input: block.input, said: false, signature: '' });
    if (type === 'text') {
      this.#parts.open(key, { kind: 'text' });
      this.#piece(key, block.text);
    } else if (type === 'thinking') {
      this.#parts.open(key, { kind: 'reasoning' });
      this.#piece(key, block.thinking);
      this.#sign(key, text(block.signature));
    } else if (type === 'redacted_thinking') {
      this.#parts.open(key, { kind: 'reasoning' });
      this.#sign(key, text(block.data));
    } else if (type === 'tool_use') {
      this.#calls++;
      this.#parts.open(key, { kind: 'call', id: text(block.id), name: text(block.name) });
    }
  }

  #delta(key: string, delta: Json): void {
    switch (delta.type) {
      case 'text_delta':
        this.#unannounced(key, 'text');
        this.#piece(key, delta.text);
        return;
      case 'thinking_delta':
        this.#unannounced(key, 'thinking');
        this.#piece(key, delta.thinking);
        return;
      case 'input_json_delta':
        this.#piece(key, delta.partial_json);
        return;
      case 'signature_delta':
        this.#sign(key, text(delta.signature));
        return;
    }
  }

  /** What a block of text is shows in its first piece, so that one whose announcement is missing is not lost. */
  #unannounced(key: string, type: 'text' | 'thinking'): void {
    if (this.#blocks.has(key)) return;
    this.#start(key, { type });
    const block = this.#blocks.get(key);
    if (block) block.unannounced = true;
  }

  #piece(key: string, piece: unknown): void {
    const block = this.#blocks.get(key);
    if (typeof piece !== 'string' || piece === '' || !block) return;
    block.said = true;
    this.#parts.piece(key, piece);
  }

  #sign(key: string, signature: string): void {
    const block = this.#blocks.get(key);
    if (block) block.signature = signature;
  }

  #close(key: string): void {
    const block = this.#blocks.get(key);
    if (!block) return;
    // A call without arguments says nothing at all; elsewhere that would not be JSON.
    if (block.type === 'tool_use' && !block.said)
      this.#parts.piece(
        key,
        typeof block.input === 'string' ? block.input : JSON.stringify(block.input ?? {}),
      );
    const seal: Seal | undefined =
      block.signature === ''
        ? undefined
        : {
            by: 'anthropic-messages',
            data: block.signature,
            ...(block.type === 'redacted_thinking' ? { redacted: true } : {}),
          };
    this.#parts.close(key, seal);
  }

  #ends(delta: Json): void {
    this.#finish = word(delta.stop_reason) ?? this.#finish;
    this.#stop = word(delta.stop_sequence) ?? this.#stop;
    this.#explanation = word(object(delta.stop_details).explanation) ?? this.#explanation;
  }

  /** Counts are totals, and null where there is nothing new to say. */
  #count(usage: unknown): void {
    if (!isObject(usage)) return;
    const total: Json = { ...this.#usage };
    for (const key in usage) if (usage[key] !== null) total[key] = usage[key];
    this.#usage = total;
  }

  #outcome(finish: string): Outcome {
    const outcome = outcomeOf(finish);
    if (outcome === 'tool' || (outcome === 'complete' && this.#calls > 0))
      return this.#calls > 0 ? 'tool' : 'invalid';
    return outcome;
  }
}

/** Into OpenAI's words. */
function tierOf(usage: Json | undefined): { readonly tier?: string } {
  const tier = word(usage?.service_tier);
  if (tier === undefined) return {};
  return { tier: tier === 'standard' ? 'default' : tier };
}
