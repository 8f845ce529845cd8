import type { StreamTranslator } from '#contracts';
import { encode, isObject, parseJson } from '../shared/json.ts';
import { SseReader } from '../shared/sse.ts';
import type { EventReader } from './neutral.ts';
import type { StreamWriter } from './writer.ts';

/** Bytes of the target in, events of the caller out. */
export class Relay implements StreamTranslator {
  readonly #reader: EventReader;
  readonly #writer: StreamWriter;
  readonly #sse: SseReader;

  constructor(reader: EventReader, writer: StreamWriter, maxEventBytes: number) {
    this.#reader = reader;
    this.#writer = writer;
    this.#sse = new SseReader((name, data) => this.#take(name, data), maxEventBytes);
  }

  get ended(): boolean {
    return this.#writer.ended;
  }

  push(chunk: Uint8Array): Uint8Array | undefined {
    if (this.ended) return undefined;
    this.#sse.push(chunk);
    return this.#flush();
  }

  end(): Uint8Array | undefined {
    if (this.ended) return undefined;
    const rest = this.#sse.rest();
    if (rest) this.#take(rest.name, rest.data);
    if (!this.ended) this.#reader.finish();
    return this.#flush();
  }

  #flush(): Uint8Array | undefined {
    const out = this.#writer.take();
    return out === '' ? undefined : encode(out);
  }

  /** An event that is not JSON is dropped: the scanner beside this has seen it, and judges. */
  #take(name: string, data: string): void {
    if (this.ended || data === '') return;
    if (data.charCodeAt(0) === 0x5b && data.trim() === '[DONE]') {
      this.#reader.terminator();
      return;
    }
    const parsed = parseJson(data)?.value;
    if (isObject(parsed)) this.#reader.event(name, parsed);
  }
}
