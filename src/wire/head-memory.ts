import type { Fields } from '#contracts';
import { FieldBag, readLength } from './fields.ts';

/** What a head memory needs to know of a head. */
export interface Remembered {
  readonly headers: Fields;
  readonly length: number | undefined;
}

/** An idle connection is not to hold on to much. */
const LONGEST = 8 * 1024;

/**
 * The last head of a connection. A client writes the same one for every call but for the length of its body, and comparing
 * is ten times cheaper than reading. What is given out twice is frozen, since two calls then share it.
 */
export class HeadMemory<Head extends Remembered> {
  private text = '';
  private head: Head | undefined;
  /** Around the digits of `content-length`; undefined: not looked for yet. */
  private before: string | undefined;
  private after = '';
  private readonly withLength: (head: Head, headers: Fields, length: number) => Head;

  constructor(withLength: (head: Head, headers: Fields, length: number) => Head) {
    this.withLength = withLength;
  }

  /** What was recalled last is this one, but for its length. */
  get base(): Head | undefined {
    return this.head;
  }

  keep(text: string, head: Head): void {
    if (text.length > LONGEST) return;
    this.text = text;
    this.head = head;
    this.before = undefined;
    Object.freeze(head.headers);
  }

  recall(text: string): Head | undefined {
    const { head } = this;
    if (head === undefined) return undefined;
    if (text === this.text) return head;
    if (head.length === undefined || head.headers['content-length'] === undefined) return undefined;
    if (this.before === undefined) this.split(head);
    const before = this.before as string;
    if (!text.startsWith(before) || !text.endsWith(this.after)) return undefined;
    // The two must not overlap, and what is between them must be a length and nothing else.
    const digits = text.slice(before.length, text.length - this.after.length);
    const length = before.length + this.after.length < text.length ? readLength(digits) : undefined;
    if (length === undefined) return undefined;
    const headers = Object.assign(new FieldBag(), head.headers);
    headers['content-length'] = digits;
    return this.withLength(head, headers, length);
  }

  /** Leaves both sides impossible to match when the field is not written as everybody writes it. */
  private split(head: Head): void {
    const { text } = this;
    const digits = head.headers['content-length'] as string;
    const written = `: ${digits}`;
    let at = text.indexOf(written);
    // Another field may have the same value, and to mistake it for the length would be to lose the message's end.
    while (at >= 0 && !isLength(text, at, at + written.length)) at = text.indexOf(written, at + 1);
    this.before = at < 0 ? text : text.slice(0, at + 2);
    this.after = at < 0 ? text : text.slice(at + 2 + digits.length);
  }
}

const LABEL = '\r\ncontent-length';
const CR = 13;

const isLength = (text: string, colon: number, end: number): boolean =>
  (end === text.length || text.charCodeAt(end) === CR) &&
  text.slice(colon - LABEL.length, colon).toLowerCase() === LABEL;
