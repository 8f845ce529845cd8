/** What an answer is made of, as it comes. `body` gets slices of the socket's own buffer: copy what is to be kept. */
export interface AnswerSink {
  head(status: number): void;
  body(bytes: Buffer): void;
  end(): void;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const LINE_END = Buffer.from('\r\n');
const EMPTY = Buffer.alloc(0);

/**
 * Reads HTTP/1.1 answers off a keep-alive connection, cut anywhere. Written for this bench because `fetch` costs more than
 * what is measured: a generator that is slower than the proxy measures itself.
 */
export class AnswerReader {
  #rest: Buffer = EMPTY;
  #state: 'head' | 'length' | 'size' | 'chunk' | 'after-chunk' | 'trailer' = 'head';
  #left = 0;

  readonly sink: AnswerSink;

  constructor(sink: AnswerSink) {
    this.sink = sink;
  }

  /** @throws Error when the bytes are no HTTP answer with a length. */
  feed(data: Buffer): void {
    let bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, data]) : data;
    this.#rest = EMPTY;
    while (bytes.length > 0) {
      const used = this.#step(bytes);
      if (used < 0) {
        // A copy: the socket may use its buffer again.
        this.#rest = Buffer.from(bytes);
        return;
      }
      bytes = bytes.subarray(used);
    }
  }

  /** Takes one piece off the front and returns its length; -1 when it is not whole yet. */
  #step(bytes: Buffer): number {
    switch (this.#state) {
      case 'head':
        return this.#head(bytes);
      case 'length':
      case 'chunk': {
        const take = Math.min(this.#left, bytes.length);
        this.#left -= take;
        this.sink.body(take === bytes.length ? bytes : bytes.subarray(0, take));
        if (this.#left === 0) {
          if (this.#state === 'length') this.#finish();
          else this.#state = 'after-chunk';
        }
        return take;
      }
      case 'after-chunk':
        if (bytes.length < 2) return -1;
        this.#state = 'size';
        return 2;
      case 'size': {
        const end = bytes.indexOf(LINE_END);
        if (end < 0) return -1;
        this.#left = Number.parseInt(bytes.toString('latin1', 0, end), 16);
        if (Number.isNaN(this.#left)) throw new Error('a chunk without a size');
        this.#state = this.#left === 0 ? 'trailer' : 'chunk';
        return end + 2;
      }
      case 'trailer': {
        const end = bytes.indexOf(LINE_END);
        if (end < 0) return -1;
        if (end === 0) this.#finish();
        return end + 2;
      }
    }
  }

  #head(bytes: Buffer): number {
    const end = bytes.indexOf(HEAD_END);
    if (end < 0) return -1;
    const head = bytes.toString('latin1', 0, end);
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
