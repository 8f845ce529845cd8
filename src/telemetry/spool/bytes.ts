const START = 256 * 1024;
/** Above this the buffer is given back after a flush instead of being kept for the next one. */
const KEEP = 4 * 1024 * 1024;

/** First byte of a number; below `U16` it is the number itself, as most of a record's are. */
const U16 = 251;
const U32 = 252;
const U48 = 253;
const FLOAT = 254;
const ABSENT = 255;
/** Longest form of a number. */
const WIDEST = 9;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const ZERO = 0x30;

/**
 * The one growing buffer in which frames are made. What a record consists of is written into it piece by piece: an object,
 * a string or an array per piece would cost the gateway's thread twice as much as the writing.
 */
export class SpoolBytes {
  bytes = Buffer.allocUnsafeSlow(START);
  view = new DataView(this.bytes.buffer);
  /** Where the next byte goes. */
  at = 0;

  /** Makes room for `more` bytes behind `at`. */
  room(more: number): void {
    if (this.at + more <= this.bytes.length) return;
    let size = this.bytes.length * 2;
    while (size < this.at + more) size *= 2;
    const bigger = Buffer.allocUnsafeSlow(size);
    bigger.set(this.bytes.subarray(0, this.at));
    this.bytes = bigger;
    this.view = new DataView(bigger.buffer);
  }

  /** One byte for the small counts that most are, up to nine for anything else. Negative zero loses its sign, as in JSON. */
  number(value: number | undefined): void {
    // Short enough to be compiled into its callers, of whom a record has fifty.
    const whole = (value as number) | 0;
    if (whole === value && whole >>> 0 < U16 && this.at < this.bytes.length) this.bytes[this.at++] = whole;
    else this.#wide(value);
  }

  #wide(value: number | undefined): void {
    this.room(WIDEST);
    const { bytes, view, at } = this;
    if (value === undefined) {
      bytes[at] = ABSENT;
      this.at += 1;
    } else if (value >= 0 && value < 2 ** 48 && Number.isInteger(value)) {
      const high = Math.floor(value / 0x1_0000_0000);
      if (value < U16) {
        bytes[at] = value;
        this.at += 1;
      } else if (value < 0x1_0000) {
        bytes[at] = U16;
        view.setUint16(at + 1, value, true);
        this.at += 3;
      } else if (high === 0) {
        bytes[at] = U32;
        view.setUint32(at + 1, value, true);
        this.at += 5;
      } else {
        bytes[at] = U48;
        view.setUint32(at + 1, value - high * 0x1_0000_0000, true);
        view.setUint16(at + 5, high, true);
        this.at += 7;
      }
    } else {
      bytes[at] = FLOAT;
      view.setFloat64(at + 1, value, true);
      this.at += 9;
    }
  }

  /** An element of a JSON array and its comma; 0 for what is absent. */
  text(text: string | undefined): void {
    this.room(text === undefined ? 2 : text.length + 3);
    const { bytes } = this;
    let { at } = this;
    if (text === undefined) {
      bytes[at] = ZERO;
      bytes[at + 1] = COMMA;
      this.at = at + 2;
      return;
    }
    bytes[at++] = QUOTE;
    // Names are short: character by character they are written before a call of the engine's own writer has begun.
    for (let i = 0; i < text.length; i++) {
      const c = text.charCodeAt(i);
      if (c < 0x20 || c > 0x7e || c === QUOTE || c === BACKSLASH) {
        this.json(text);
        return;
      }
      bytes[at++] = c;
    }
    bytes[at++] = QUOTE;
    bytes[at++] = COMMA;
    this.at = at;
  }

  /** The same for any value. */
  json(value: unknown): void {
    if (value === undefined) {
      this.text(undefined);
      return;
    }
    const text = JSON.stringify(value);
    // A UTF-16 unit becomes at most three bytes of UTF-8.
    this.room(text.length * 3 + 1);
    this.at += this.bytes.write(text, this.at);
    this.bytes[this.at++] = COMMA;
  }

  put(bytes: Uint8Array): void {
    this.room(bytes.length);
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
  }

  clear(): void {
    this.at = 0;
    if (this.bytes.length <= KEEP) return;
    this.bytes = Buffer.allocUnsafeSlow(START);
    this.view = new DataView(this.bytes.buffer);
  }
}

/** Reads back what `SpoolBytes.number` wrote. @throws RangeError behind the end */
export class NumberReader {
  readonly #view: DataView;
  #at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = at;
  }

  /** A number that was certainly given. */
  next(): number {
    return this.maybe() as number;
  }

  maybe(): number | undefined {
    const view = this.#view;
    const at = this.#at + 1;
    const first = view.getUint8(this.#at);
    this.#at = at;
    switch (first) {
      case U16:
        this.#at += 2;
        return view.getUint16(at, true);
      case U32:
        this.#at += 4;
        return view.getUint32(at, true);
      case U48:
        this.#at += 6;
        return view.getUint32(at, true) + view.getUint16(at + 4, true) * 0x1_0000_0000;
      case FLOAT:
        this.#at += 8;
        return view.getFloat64(at, true);
      case ABSENT:
        return undefined;
      default:
        return first;
    }
  }
}
