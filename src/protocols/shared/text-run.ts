/**
 * Pieces of text one after the other, copied. Joining them as strings would keep every piece, and with each the whole event
 * it was cut out of: a hundred kilobytes a stream for a page of text.
 */
export class TextRun {
  /** Full ones: what is long is not copied again to grow. */
  #slabs: Buffer[] = [];
  #bytes: Buffer = NONE;
  #filled = 0;
  length = 0;

  /** Takes a piece that is UTF-8 by itself from `from` to `to`. */
  add(bytes: Buffer, from: number, to: number): void {
    const needed = this.#filled + to - from;
    if (needed > this.#bytes.length) this.#grow(needed, to - from);
    bytes.copy(this.#bytes, this.#filled, from, to);
    this.#filled += to - from;
    this.length += to - from;
  }

  /** All of it as one string, which is then forgotten here; undefined when nothing was added. */
  take(): string | undefined {
    if (this.length === 0) return undefined;
    let text = '';
    // A slab ends with a piece, so none of them ends within a character.
    for (const slab of this.#slabs) text += slab.toString('utf8');
    text += this.#bytes.toString('utf8', 0, this.#filled);
    if (this.#slabs.length > 0) this.#bytes = NONE;
    this.#slabs = [];
    this.#filled = 0;
    this.length = 0;
    return text;
  }

  #grow(needed: number, piece: number): void {
    if (needed <= SLAB) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, Math.min(SLAB, 2 * this.#bytes.length), 256));
      this.#bytes.copy(grown, 0, 0, this.#filled);
      this.#bytes = grown;
      return;
    }
    if (this.#filled > 0) this.#slabs.push(this.#bytes.subarray(0, this.#filled));
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(piece, SLAB));
    this.#filled = 0;
  }
}

const SLAB = 256 * 1024;
const NONE = Buffer.alloc(0);
