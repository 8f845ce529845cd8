/** What the next byte belongs to. */
type Step =
  | 'size'
  | 'extension'
  | 'size-end'
  | 'data'
  | 'data-cr'
  | 'data-lf'
  | 'trailer'
  | 'trailer-line'
  | 'trailer-end'
  | 'last';

const CR = 13;
const LF = 10;
const SEMICOLON = 59;
const MAX_DIGITS = 16;
const PLAIN_DIGITS = 6;
/** Of extensions in one size line, and of all trailers: both are thrown away. */
const MAX_IGNORED = 16 * 1024;

export type DecodeState = 'more' | 'done' | 'bad';

/**
 * Takes the framing off a chunked body (RFC 9112 §7.1). Content is moved together in place, so that however many chunks
 * one read holds, they come out as one piece and without a copy. Lines end in CRLF and in nothing else: a bare LF in an
 * extension is how requests are smuggled.
 */
export class ChunkedDecoder {
  /** `bad`: what was found up to there is content, what follows is not known. */
  state: DecodeState = 'more';
  /** Content of the last `decode`: from `begin` to `end` in its buffer. */
  begin = 0;
  end = 0;
  /** Where `decode` stopped reading: behind the body when it is done. */
  next = 0;
  /** Where the content behind a plain size line begins. */
  private content = 0;
  private step: Step = 'size';
  private left = 0;
  private digits = 0;
  private ignored = 0;

  reset(): void {
    this.state = 'more';
    this.step = 'size';
    this.left = 0;
    this.digits = 0;
    this.ignored = 0;
  }

  decode(bytes: Uint8Array, at = 0): void {
    const { length } = bytes;
    let begin = at;
    let end = at;
    while (at < length && this.state === 'more') {
      if (this.step === 'data') {
        const n = Math.min(this.left, length - at);
        if (begin === end) {
          begin = at;
          end = at + n;
        } else {
          bytes.copyWithin(end, at, at + n);
          end += n;
        }
        at += n;
        this.left -= n;
        if (this.left === 0) this.step = 'data-cr';
      } else if (this.step === 'size' && this.digits === 0 && this.plain(bytes, at)) at = this.content;
      else this.take(bytes[at++] as number);
    }
    this.begin = begin;
    this.end = end;
    this.next = at;
  }

  /** Takes a size line that has nothing but a size above zero, as most have. False: look at it byte by byte. */
  private plain(bytes: Uint8Array, at: number): boolean {
    let size = 0;
    let i = at;
    for (; i < at + PLAIN_DIGITS; i++) {
      const digit = hex(bytes[i] ?? 0);
      if (digit < 0) break;
      size = size * 16 + digit;
    }
    if (size === 0 || bytes[i] !== CR || bytes[i + 1] !== LF) return false;
    this.left = size;
    this.step = 'data';
    this.content = i + 2;
    return true;
  }

  private take(c: number): void {
    switch (this.step) {
      case 'size': {
        const digit = hex(c);
        if (digit >= 0) {
          this.left = this.left * 16 + digit;
          if (++this.digits > MAX_DIGITS || this.left > Number.MAX_SAFE_INTEGER) this.state = 'bad';
        } else if (this.digits === 0) this.state = 'bad';
        else if (c === CR) this.step = 'size-end';
        else if (c === SEMICOLON) this.step = 'extension';
        else this.state = 'bad';
        return;
      }
      case 'extension':
        if (c === CR) this.step = 'size-end';
        else if (c === LF || ++this.ignored > MAX_IGNORED) this.state = 'bad';
        return;
      case 'size-end':
        if (c !== LF) this.state = 'bad';
        else if (this.left > 0) this.step = 'data';
        else {
          this.step = 'trailer';
          this.ignored = 0;
        }
        return;
      case 'data-cr':
        if (c !== CR) this.state = 'bad';
        this.step = 'data-lf';
        return;
      case 'data-lf':
        if (c !== LF) this.state = 'bad';
        this.step = 'size';
        this.digits = 0;
        this.ignored = 0;
        return;
      case 'trailer':
        if (c === CR) this.step = 'last';
        else if (c === LF || ++this.ignored > MAX_IGNORED) this.state = 'bad';
        else this.step = 'trailer-line';
        return;
      case 'trailer-line':
        if (c === CR) this.step = 'trailer-end';
        else if (c === LF || ++this.ignored > MAX_IGNORED) this.state = 'bad';
        return;
      case 'trailer-end':
        if (c !== LF) this.state = 'bad';
        this.step = 'trailer';
        return;
      case 'last':
        this.state = c === LF ? 'done' : 'bad';
        return;
      default:
        this.state = 'bad';
    }
  }
}

/** −1: no hexadecimal digit. */
function hex(c: number): number {
  if (c >= 48 && c <= 57) return c - 48;
  const lower = c | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}
