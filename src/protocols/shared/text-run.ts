/**
 * Pieces of text one after the other, copied. Joining them as strings would keep every piece, and with each the whole event
 * it was cut out of: a hundred kilobytes a stream for a page of text.
 */
export class TextRun {
  #bytes: Buffer = NONE;
  #length = 0;

  /** Takes a piece that is UTF-8 by itself from `from` to `to`. */
  add(bytes: Buffer, from: number, to: number): void {
    const needed = this.#length + to - from;
    if (needed > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length, 256));
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    bytes.copy(this.#bytes, this.#length, from, to);
    this.#length = needed;
  }

  /** All of it as one string, which is then forgotten here; undefined when nothing was added. */
  take(): string | undefined {
    if (this.#length === 0) return undefined;
    const text = this.#bytes.toString('utf8', 0, this.#length);
    this.#length = 0;
    return text;
  }
}

const NONE = Buffer.alloc(0);
