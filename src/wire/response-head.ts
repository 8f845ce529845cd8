import type { Fields } from '#contracts';
import { lists, readFields, readLength } from './fields.ts';

/** How the end of an answer is known. */
export type Framing = 'none' | 'sized' | 'chunked' | 'close';

export interface ResponseHead {
  readonly status: number;
  readonly headers: Fields;
  readonly framing: Exclude<Framing, 'none'>;
  readonly length: number | undefined;
  readonly keepAlive: boolean;
  /** How long the server keeps an idle connection, if it said so. Seconds. */
  readonly keepSeconds: number | undefined;
}

/** A string says what is wrong. `text` is the head without the empty line, one character a byte. */
export function readResponseHead(text: string): ResponseHead | string {
  let end = text.indexOf('\r\n');
  if (end < 0) end = text.length;
  const line = /^HTTP\/1\.([01]) ([1-9][0-9]{2})(?: [^\n]*)?$/.exec(text.slice(0, end));
  if (!line) return 'The status line cannot be read.';
  const status = Number(line[2]);
  const minor = line[1] === '1' ? 1 : 0;
  const headers = readFields(text, end + 2);
  if (typeof headers === 'string') return headers;

  const coding = headers['transfer-encoding'];
  const declared = headers['content-length'];
  let framing: ResponseHead['framing'] = 'close';
  let length: number | undefined;
  if (coding !== undefined && coding.toLowerCase() !== 'identity') {
    if (coding.toLowerCase() !== 'chunked')
      return `The transfer coding ${coding.slice(0, 40)} is not understood.`;
    // One of the two is a lie, and believing the wrong one makes the next answer part of this one.
    if (declared !== undefined) return 'The answer has both Content-Length and Transfer-Encoding.';
    framing = 'chunked';
  } else if (declared !== undefined) {
    length = readLength(declared);
    if (length === undefined) return 'Content-Length is not one number.';
    framing = 'sized';
  }
  const connection = headers.connection;
  const seconds = /(?:^|[\s,;])timeout=([0-9]{1,9})/i.exec(headers['keep-alive'] ?? '')?.[1];
  return {
    status,
    headers,
    framing,
    length,
    keepAlive: minor === 1 ? !lists(connection, 'close') : lists(connection, 'keep-alive'),
    keepSeconds: seconds === undefined ? undefined : Number(seconds),
  };
}
