import type { Fields } from '#contracts';
import { FieldBag, readLength } from './fields.ts';

/** What a head memory needs to know of a head. */
export interface Remembered {
  readonly headers: Fields;
  readonly length: number | undefined;
}

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

  keep(text: string, head: Head): Head {
    this.text = text;
    this.head = head;
    this.before = undefined;
    Object.freeze(head.headers);
    return head;
  }

  recall(text: string): Head | undefined {
    const { head } = this;
    if (head === undefined) return undefined;
    if (text === this.text) return head;
    if (head.length === undefined || head.headers['content-length'] === undefined) return undefined;
    if (this.before === undefined) this.split();
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

  private split(): void {
    const { text } = this;
    const at = text.search(/\r\ncontent-length:[ \t]*[0-9]/i);
    const from = text.indexOf(':', at) + 1;
    const start = from + text.slice(from).search(/[0-9]/);
    let end = start;
    while (end < text.length && isDigit(text.charCodeAt(end))) end++;
    this.before = text.slice(0, start);
    this.after = text.slice(end);
  }
}

const isDigit = (c: number): boolean => c >= 48 && c <= 57;
