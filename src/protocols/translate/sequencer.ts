import { isJson } from '../shared/json.ts';
import type { Citation, Open, Seal, Sink } from './neutral.ts';

interface Slot {
  readonly key: string;
  readonly part: Open;
  /** What was said so far, of a call only: to see whether it is whole. */
  text: string;
  done: boolean;
  seal: Seal | undefined;
}

/**
 * Puts parts that overlap in a stream one after another, as every writer and Anthropic's grammar want them. The part that
 * is open goes out live; another that begins meanwhile waits until the first is over.
 *
 * Chat never says that a part is over. There (`implicit`) a text ends with the next part, and a call when its arguments
 * are whole JSON: so calls that follow each other stream live, and only those that really interleave wait.
 */
export class Sequencer {
  readonly #sink: Sink;
  readonly #implicit: boolean;
  #current: Slot | undefined;
  readonly #waiting: Slot[] = [];

  constructor(sink: Sink, implicit: boolean) {
    this.#sink = sink;
    this.#implicit = implicit;
  }

  has(key: string): boolean {
    return this.#find(key) !== undefined;
  }

  open(key: string, part: Open): void {
    const slot: Slot = { key, part, text: '', done: false, seal: undefined };
    if (this.#current && this.#mayClose(this.#current)) this.#closeCurrent();
    if (this.#current) this.#waiting.push(slot);
    else {
      this.#current = slot;
      this.#sink.open(part);
    }
  }

  piece(key: string, text: string): void {
    if (text === '') return;
    const slot = this.#find(key);
    if (!slot) return;
    if (slot !== this.#current) {
      slot.text += text;
      return;
    }
    if (slot.part.kind === 'call') slot.text += text;
    this.#sink.piece(text);
    if (this.#waiting.length > 0 && this.#mayClose(slot)) this.#closeCurrent();
  }

  /** Only while its text is the part that is open; later nobody could place it. */
  cite(key: string, citation: Citation): void {
    if (this.#current?.key === key && this.#current.part.kind === 'text') this.#sink.cite(citation);
  }

  close(key: string, seal?: Seal): void {
    const slot = this.#find(key);
    if (!slot) return;
    slot.done = true;
    slot.seal = seal;
    if (slot === this.#current) this.#closeCurrent();
  }

  finish(): void {
    for (const slot of this.#waiting) slot.done = true;
    if (this.#current) this.#closeCurrent();
  }

  #find(key: string): Slot | undefined {
    if (this.#current?.key === key) return this.#current;
    return this.#waiting.length === 0 ? undefined : this.#waiting.find((slot) => slot.key === key);
  }

  #mayClose({ part, text }: Slot): boolean {
    // Arguments are an object; looking at the last letter first keeps long ones from being parsed again for every piece.
    return this.#implicit && (part.kind !== 'call' || (text.endsWith('}') && isJson(text)));
  }

  #closeCurrent(): void {
    this.#sink.close(this.#current?.seal);
    this.#current = undefined;
    for (let slot = this.#waiting.shift(); slot; slot = this.#waiting.shift()) {
      this.#sink.open(slot.part);
      if (slot.text !== '') this.#sink.piece(slot.text);
      if (slot.done || (this.#waiting.length > 0 && this.#mayClose(slot))) this.#sink.close(slot.seal);
      else {
        this.#current = slot;
        return;
      }
    }
  }
}
