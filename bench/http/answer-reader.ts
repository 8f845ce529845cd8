/** What an answer is made of, as it comes. `body` shows a stretch of the socket's own buffer: copy what is to be kept. */
export interface AnswerSink {
  head(status: number): void;
  body(bytes: Buffer, from: number, to: number): void;
  end(): void;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const LINE_END = Buffer.from('\r\n');
const EMPTY = Buffer.alloc(0);

/**
 * Reads HTTP/1.1 answers off a keep-alive connection, cut anywhere. Written for this bench because `fetch` costs more than
 * what is measured: a generator that is slower than the proxy measures itself. Offsets instead of slices for the same
 * reason: a slice costs more than reading a chunk.
 */
export class AnswerReader {
  readonly sink: AnswerSink;
  #rest: Buffer = EMPTY;
  #state: 'head' | 'length' | 'size' | 'chunk' | 'after-chunk' | 'trailer' = 'head';
  #left = 0;

  constructor(sink: AnswerSink) {
    this.sink = sink;
  }

  /** @throws Error when the bytes are no HTTP answer with a length. */
  feed(data: Buffer): void {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, data]) : data;
    this.#rest = EMPTY;
    for (let at = 0; at < bytes.length; ) {
      const next = this.#step(bytes, at);
      if (next < 0) {
        // A copy: the socket may use its buffer again.
        this.#rest = Buffer.from(bytes.subarray(at));
        return;
      }
      at = next;
    }
  }

  /** Takes one piece from `at` and returns where the next begins; -1 when it is not whole yet. */
  #step(bytes: Buffer, at: number): number {
    switch (this.#state) {
      case 'head':
        return this.#head(bytes, at);
      case 'length':
      case 'chunk': {
        const to = Math.min(at + this.#left, bytes.length);
        this.#left -= to - at;
        this.sink.body(bytes, at, to);
        if (this.#left === 0) {
          if (this.#state === 'length') this.#finish();
          else this.#state = 'after-chunk';
        }
        return to;
      }
      case 'after-chunk':
        if (bytes.length - at < LINE_END.length) return -1;
        this.#state = 'size';
        return at + LINE_END.length;
      case 'size': {
        const end = bytes.indexOf(LINE_END, at);
        if (end < 0) return -1;
        this.#left = hexadecimal(bytes, at, end);
        this.#state = this.#left === 0 ? 'trailer' : 'chunk';
        return end + LINE_END.length;
      }
      case 'trailer': {
        const end = bytes.indexOf(LINE_END, at);
        if (end < 0) return -1;
        if (end === at) this.#finish();
        return end + LINE_END.length;
      }
    }
  }

  #head(bytes: Buffer, at: number): number {
    const end = bytes.indexOf(HEAD_END, at);
    if (end < 0) return -1;
    const head = bytes.toString('latin1', at, end);
    const status = Number(head.slice(9, 12));
    if (!(status >= 200)) throw new Error(`no HTTP answer: ${head.slice(0, 40)}`);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (length === undefined && !/\r\ntransfer-encoding: *chunked/i.test(head))
      throw new Error('an answer without a length');
    this.sink.head(status);
    this.#left = Number(length ?? 0);
    this.#state = length === undefined ? 'size' : 'length';
    if (length !== undefined && this.#left === 0) this.#finish();
    return end + HEAD_END.length;
  }

  #finish(): void {
    this.#state = 'head';
    this.sink.end();
  }
}

/** The size of a chunk; an extension after it, which nobody sends, is refused. */
function hexadecimal(bytes: Uint8Array, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i++) {
    const code = (bytes[i] as number) | 0x20;
    const digit = code <= 0x39 ? code - 0x30 : code - 0x57;
    if (digit < 0 || digit > 15) throw new Error('a chunk without a size');
    value = value * 16 + digit;
  }
  if (from === to) throw new Error('a chunk without a size');
  return value;
}
