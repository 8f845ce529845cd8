import { readDigits } from '../http/digits.ts';

const EVENT_END = Buffer.from('\n\n');
const CONTENT = Buffer.from('"content":"');
const DONE = Buffer.from('data: [DONE]');
const QUOTE = 0x22;
const EMPTY = Buffer.alloc(0);

/** Finds the stamped chunks of the bench's upstream in a stream cut anywhere. */
export class StampReader {
  readonly #width: number;
  readonly #onStamp: (stamp: number) => void;
  #rest: Buffer = EMPTY;
  chunks = 0;
  done = false;

  constructor(width: number, onStamp: (stamp: number) => void) {
    this.#width = width;
    this.#onStamp = onStamp;
  }

  feed(data: Buffer, from: number, to: number): void {
    if (this.#rest.length > 0) {
      const whole = Buffer.concat([this.#rest, data.subarray(from, to)]);
      this.#rest = EMPTY;
      this.#scan(whole, 0, whole.length);
    } else this.#scan(data, from, to);
  }

  #scan(bytes: Buffer, from: number, to: number): void {
    let at = from;
    while (at < to) {
      const end = bytes.indexOf(EVENT_END, at);
      if (end < 0 || end + EVENT_END.length > to) break;
      this.#event(bytes, at, end);
      at = end + EVENT_END.length;
    }
    if (at < to) this.#rest = Buffer.from(bytes.subarray(at, to));
  }

  #event(bytes: Buffer, from: number, to: number): void {
    const found = bytes.indexOf(CONTENT, from);
    if (found >= 0 && found < to) {
      const at = found + CONTENT.length;
      // The role's own chunk has an empty text and carries no stamp.
      if (bytes[at] === QUOTE) return;
      this.chunks++;
      this.#onStamp(readDigits(bytes, at, this.#width));
    } else if (bytes.compare(DONE, 0, DONE.length, from, to) === 0) this.done = true;
  }
}
