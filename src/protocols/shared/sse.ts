import { asBuffer } from './json.ts';

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const SPACE = 0x20;
const NONE = Number.POSITIVE_INFINITY;

/**
 * Server-sent events (WHATWG HTML, section 9.2) out of byte chunks cut anywhere. Works on bytes and decodes whole lines
 * only, so a UTF-8 sequence split between chunks needs no state, and a comment is never decoded at all.
 *
 * Memory is bounded by `maxEventBytes`: an event above it sets `overflow`, and nothing is read after that.
 */
export class SseReader {
  /** Blocks of lines ended by a blank line, comments included. */
  events = 0;
  overflow = false;
  /** Bytes of the last `push` that were not read, since reading had been stopped. */
  unread = 0;
  #stopped = false;
  readonly #emit: (name: string, data: string) => void;
  readonly #dataless: ((name: string, line: string) => void) | undefined;
  readonly maxEventBytes: number;
  /** The line begun in earlier chunks. Grows by doubling: a stream that drips single bytes must not cost n². */
  #line: Buffer = Buffer.alloc(0);
  #lineLength = 0;
  #afterCr = false;
  #atStart = true;
  #name = '';
  #data: string | undefined;
  /** The first line of the event that is no field of an event, or what is left of one. */
  #strange = '';
  /** Bytes of the whole lines of the event being read. */
  #bytes = 0;
  /** While events are read: the chunk, where in it the present event began (−1: before it), and where that ended. */
  #chunk: Buffer | undefined;
  #begin = 0;
  #end = 0;

  /** @param dataless told of what ends like an event and has no data, but a name or a line that is no field */
  constructor(
    emit: (name: string, data: string) => void,
    maxEventBytes: number,
    dataless?: (name: string, line: string) => void,
  ) {
    this.#emit = emit;
    this.#dataless = dataless;
    this.maxEventBytes = maxEventBytes;
  }

  get pending(): number {
    return this.#bytes + this.#lineLength;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    const bytes = asBuffer(chunk);
    let at = this.#afterCr && bytes[0] === LF ? 1 : 0;
    this.#afterCr = false;
    if (this.#stopped) {
      this.unread = bytes.length - at;
      return;
    }
    this.#chunk = bytes;
    this.#begin = this.pending > 0 ? -1 : at;
    let lf = -1;
    let cr = -1;
    while (at < bytes.length && !this.overflow) {
      if (lf < at) lf = find(bytes, LF, at);
      if (cr < at) cr = find(bytes, CR, at);
      const end = Math.min(lf, cr);
      if (end === NONE) {
        this.#keep(bytes, at, bytes.length);
        break;
      }
      this.#end = end + 1;
      if (this.#lineLength > 0) {
        this.#keep(bytes, at, end);
        const length = this.#lineLength;
        this.#lineLength = 0;
        if (!this.overflow) this.#take(this.#line, 0, length);
      } else this.#take(bytes, at, end);
      at = end + 1;
      if (end === cr) {
        if (bytes[at] === LF) at++;
        else if (at === bytes.length) this.#afterCr = true;
      }
      if (this.#bytes === 0) this.#begin = at;
      if (this.#stopped) {
        this.unread = bytes.length - at;
        break;
      }
    }
    this.#chunk = undefined;
  }

  /** Reads nothing behind the event that is being told. */
  stop(): void {
    this.#stopped = true;
  }

  /** While an event is told: its bytes from the first line to the blank one, where one chunk holds them all. */
  get block(): Buffer | undefined {
    return this.#begin < 0 ? undefined : this.#chunk?.subarray(this.#begin, this.#end);
  }

  /** What an upstream left without its blank line. Whether it is whole is for the caller to judge. */
  rest(): { readonly name: string; readonly data: string } | undefined {
    if (this.#lineLength > 0) {
      const length = this.#lineLength;
      this.#lineLength = 0;
      this.#take(this.#line, 0, length);
    }
    const { name, data } = { name: this.#name, data: this.#data };
    this.#clear();
    return data === undefined ? undefined : { name, data };
  }

  #keep(bytes: Buffer, from: number, to: number): void {
    const length = this.#lineLength + to - from;
    if (this.#bytes + length > this.maxEventBytes) {
      this.#giveUp();
      return;
    }
    if (this.#line.length < length) {
      const grown = Buffer.alloc(Math.max(length, this.#line.length * 2, 1024));
      this.#line.copy(grown, 0, 0, this.#lineLength);
      this.#line = grown;
    }
    bytes.copy(this.#line, this.#lineLength, from, to);
    this.#lineLength = length;
  }

  #take(bytes: Buffer, start: number, end: number): void {
    let from = start;
    if (this.#atStart) {
      this.#atStart = false;
      if (bytes[from] === 0xef && bytes[from + 1] === 0xbb && bytes[from + 2] === 0xbf && end - from >= 3)
        from += 3;
    }
    if (from === end) {
      this.#dispatch();
      return;
    }
    this.#bytes += end - start + 1;
    if (this.#bytes > this.maxEventBytes) {
      this.#giveUp();
      return;
    }
    if (isField(bytes, from, end, DATA)) {
      const value = this.#value(bytes, from + 4, end);
      this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`;
    } else if (isField(bytes, from, end, EVENT)) this.#name = this.#value(bytes, from + 5, end);
    else if (
      this.#strange === '' &&
      bytes[from] !== COLON &&
      !isField(bytes, from, end, ID) &&
      !isField(bytes, from, end, RETRY)
    )
      this.#strange = bytes.toString('utf8', from, Math.min(end, from + MOST_STRANGE));
  }

  #value(bytes: Buffer, colon: number, end: number): string {
    if (colon >= end) return '';
    return bytes.toString('utf8', bytes[colon + 1] === SPACE ? colon + 2 : colon + 1, end);
  }

  #dispatch(): void {
    if (this.#bytes === 0) return;
    const name = this.#name;
    const data = this.#data;
    const strange = this.#strange;
    this.#clear();
    this.events++;
    if (data !== undefined) this.#emit(name, data);
    else if (name !== '' || strange !== '') this.#dataless?.(name, strange);
  }

  #clear(): void {
    this.#name = '';
    this.#data = undefined;
    this.#strange = '';
    this.#bytes = 0;
  }

  #giveUp(): void {
    this.overflow = true;
    this.#clear();
    this.#line = Buffer.alloc(0);
    this.#lineLength = 0;
  }
}

const DATA = [0x64, 0x61, 0x74, 0x61];
const EVENT = [0x65, 0x76, 0x65, 0x6e, 0x74];
const ID = [0x69, 0x64];
const RETRY = [0x72, 0x65, 0x74, 0x72, 0x79];
const MOST_STRANGE = 1024;

function isField(bytes: Buffer, from: number, end: number, name: readonly number[]): boolean {
  const after = from + name.length;
  if (after > end || (after < end && bytes[after] !== COLON)) return false;
  for (let i = 0; i < name.length; i++) if (bytes[from + i] !== name[i]) return false;
  return true;
}

function find(bytes: Buffer, byte: number, from: number): number {
  const at = bytes.indexOf(byte, from);
  return at === -1 ? NONE : at;
}
