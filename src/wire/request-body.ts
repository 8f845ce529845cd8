import type { BodyTrouble } from '#contracts';
import { ChunkedDecoder } from './chunked.ts';

/** Reserved at once; a caller that announces a gigabyte has to send it before it is given the room. */
const FIRST_RESERVE = 1024 * 1024;
const NOTHING = new Uint8Array(0);

/** Gathers the body of one request. Grows by doubling: a list of pieces would let one-byte packets cost a hundred bytes each. */
export class RequestBody {
  state: 'more' | 'whole' | BodyTrouble = 'more';
  /** Content still to come; undefined when that is not known. */
  left: number | undefined;
  private readonly decoder: ChunkedDecoder | undefined;
  private readonly max: number;
  private buffer: Buffer | undefined;
  private filled = 0;
  private dropping = false;

  /** @param length undefined: chunked. */
  constructor(length: number | undefined, max: number) {
    this.left = length;
    this.max = max;
    if (length === undefined) this.decoder = new ChunkedDecoder();
    else if (length > max) this.state = 'too_large';
    else if (length === 0) this.state = 'whole';
  }

  /** From now on only the end is looked for. */
  drop(): void {
    this.dropping = true;
    this.buffer = undefined;
  }

  bytes(): Uint8Array {
    return this.buffer === undefined ? NOTHING : this.buffer.subarray(0, this.filled);
  }

  /** Where reading stopped: behind the body when it is whole. */
  feed(bytes: Buffer, at: number): number {
    return this.decoder ? this.feedChunked(this.decoder, bytes, at) : this.feedSized(bytes, at);
  }

  private feedSized(bytes: Buffer, at: number): number {
    const left = this.left as number;
    const end = Math.min(bytes.length, at + left);
    // The usual case: head and body in one read, nothing copied.
    if (this.filled === 0 && end - at === left) {
      if (!this.dropping) this.buffer = bytes.subarray(at, end);
      this.filled = left;
    } else this.put(bytes, at, end, this.filled + left);
    this.left = left - (end - at);
    if (this.left === 0) this.state = 'whole';
    return end;
  }

  private feedChunked(decoder: ChunkedDecoder, bytes: Buffer, at: number): number {
    decoder.decode(bytes, at);
    const { begin, end } = decoder;
    if (end > begin) {
      if (this.filled + end - begin > this.max && !this.dropping) {
        this.state = 'too_large';
        return decoder.next;
      }
      this.put(bytes, begin, end, this.max);
    }
    if (decoder.state === 'done') this.state = 'whole';
    else if (decoder.state === 'bad') this.state = 'unreadable';
    return decoder.next;
  }

  private put(bytes: Buffer, from: number, to: number, most: number): void {
    const filled = this.filled + to - from;
    if (!this.dropping) {
      if (this.buffer === undefined || this.buffer.length < filled) {
        const room = most <= FIRST_RESERVE ? most : Math.min(most, Math.max(4096, filled * 2));
        const grown = Buffer.allocUnsafeSlow(room);
        if (this.buffer) this.buffer.copy(grown, 0, 0, this.filled);
        this.buffer = grown;
      }
      bytes.copy(this.buffer, this.filled, from, to);
    }
    this.filled = filled;
  }
}
