import { readDigits } from '../http/digits.ts';

const EVENT_END = Buffer.from('\n\n');
const CONTENT = Buffer.from('"content":"');
const DONE = Buffer.from('data: [DONE]');
const EMPTY = Buffer.alloc(0);

/** Finds the stamped chunks of the bench's upstream in a stream cut anywhere. */
export class StampReader {
  #rest: Buffer = EMPTY;
  chunks = 0;
  done = false;

  readonly #width: number;
  readonly #onStamp: (stamp: number) => void;

  constructor(width: number, onStamp: (stamp: number) => void) {
    this.#width = width;
    this.#onStamp = onStamp;
  }

  feed(data: Buffer): void {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, data]) : data;
    let from = 0;
    for (;;) {
      const end = bytes.indexOf(EVENT_END, from);
      if (end < 0) break;
      this.#event(bytes.subarray(from, end));
      from = end + EVENT_END.length;
    }
    this.#rest = from === bytes.length ? EMPTY : Buffer.from(bytes.subarray(from));
  }

  #event(event: Buffer): void {
    const at = event.indexOf(CONTENT) + CONTENT.length;
    if (at >= CONTENT.length) {
      // The role's own chunk has an empty text and carries no stamp.
      if (event[at] === 34) return;
      this.chunks++;
      this.#onStamp(readDigits(event, at, this.#width));
    } else if (event.equals(DONE)) this.done = true;
  }
}
