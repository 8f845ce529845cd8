import type { Call } from '../call.ts';

/** Real providers take less; a simulator that refuses earlier than the gateway would hide the gateway's own limit. */
export const MAX_BODY = 64 * 1024 * 1024;
const MAX_HEAD = 256 * 1024;

export interface WireCall extends Call {
  /** False when the connection ends with this answer. */
  readonly keepAlive: boolean;
}

export type Parsed =
  | { readonly kind: 'more' }
  /** The head is read and its sender waits for `100 Continue` before it sends the body. */
  | { readonly kind: 'continue' }
  | { readonly kind: 'call'; readonly call: WireCall }
  | { readonly kind: 'bad'; readonly status: 400 | 413 | 431 | 505; readonly message: string };

interface Head {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly header: Call['header'];
  readonly keepAlive: boolean;
}

type Stage =
  | { readonly at: 'head' }
  | { readonly at: 'sized'; readonly head: Head; readonly body: Buffer; filled: number }
  | {
      readonly at: 'chunked';
      readonly head: Head;
      readonly chunks: Buffer[];
      total: number;
      /** Next comes a size line, data, the line break behind it, or trailers. */
      expects: 'size' | 'data' | 'break' | 'trailer';
      left: number;
    };

const MORE: Parsed = Object.freeze({ kind: 'more' });
const AT_HEAD: Stage = Object.freeze({ at: 'head' });
const BROKEN: Parsed = Object.freeze({ kind: 'bad', status: 400, message: 'The chunked body is broken.' });
const EMPTY = Buffer.alloc(0);

/**
 * Incremental HTTP/1.1 request reader (RFC 9112) for one connection. `push` gives it bytes, `next` takes one request at a
 * time, so pipelined requests wait where they are until the answer before them is out.
 */
export function requestParser(maxBody = MAX_BODY) {
  let buffer: Buffer = EMPTY;
  let stage: Stage = AT_HEAD;

  const finish = ({ method, path, query, header, keepAlive }: Head, text: string): Parsed => {
    stage = AT_HEAD;
    return { kind: 'call', call: { method, path, query, header, text, keepAlive } };
  };

  const readHead = (): Parsed => {
    // Some clients send an empty line after a body; RFC 9112 section 2.2 asks servers to skip it.
    while (buffer[0] === 0x0d && buffer[1] === 0x0a) buffer = buffer.subarray(2);
    const end = buffer.indexOf('\r\n\r\n');
    if (end < 0)
      return buffer.length > MAX_HEAD
        ? { kind: 'bad', status: 431, message: 'The request head is larger than 256 KiB.' }
        : MORE;
    const head = parseHead(buffer.toString('latin1', 0, end));
    if (typeof head === 'string') return { kind: 'bad', status: 400, message: head };
    const from = end + 4;
    const coding = head.header('transfer-encoding');
    const length = head.header('content-length');
    if (coding !== undefined) {
      // Both at once is how requests are smuggled (RFC 9112 section 6.3).
      if (length !== undefined || coding.toLowerCase() !== 'chunked')
        return { kind: 'bad', status: 400, message: 'Ambiguous or unknown transfer-encoding.' };
      stage = { at: 'chunked', head, chunks: [], total: 0, expects: 'size', left: 0 };
    } else {
      const size = length === undefined ? 0 : /^\d+$/.test(length) ? Number(length) : Number.NaN;
      if (Number.isNaN(size)) return { kind: 'bad', status: 400, message: 'content-length is not a number.' };
      if (size > maxBody) return tooLarge(maxBody);
      const to = from + size;
      // The usual case, one whole request in one read, without a copy of its bytes.
      if (buffer.length >= to) {
        const text = buffer.toString('utf8', from, to);
        buffer = buffer.length === to ? EMPTY : buffer.subarray(to);
        return finish(head, text);
      }
      stage = { at: 'sized', head, body: Buffer.allocUnsafe(size), filled: 0 };
    }
    buffer = buffer.subarray(from);
    return buffer.length === 0 && head.header('expect')?.toLowerCase() === '100-continue'
      ? { kind: 'continue' }
      : next();
  };

  const readSized = (at: Extract<Stage, { at: 'sized' }>): Parsed => {
    const take = Math.min(buffer.length, at.body.length - at.filled);
    buffer.copy(at.body, at.filled, 0, take);
    at.filled += take;
    buffer = take === buffer.length ? EMPTY : buffer.subarray(take);
    return at.filled === at.body.length ? finish(at.head, at.body.toString()) : MORE;
  };

  const readChunked = (at: Extract<Stage, { at: 'chunked' }>): Parsed => {
    while (buffer.length > 0) {
      if (at.expects === 'data') {
        const take = Math.min(at.left, buffer.length);
        at.chunks.push(buffer.subarray(0, take));
        buffer = buffer.subarray(take);
        at.left -= take;
        if (at.left === 0) at.expects = 'break';
        continue;
      }
      const end = buffer.indexOf('\r\n');
      if (end < 0) return buffer.length > MAX_HEAD ? BROKEN : MORE;
      const line = buffer.toString('latin1', 0, end);
      buffer = buffer.subarray(end + 2);
      if (at.expects === 'break') {
        if (line !== '') return BROKEN;
        at.expects = 'size';
      } else if (at.expects === 'trailer') {
        if (line === '') return finish(at.head, Buffer.concat(at.chunks).toString());
      } else {
        const digits = /^([0-9a-f]{1,8})[ \t]*(?:;.*)?$/i.exec(line);
        if (!digits) return BROKEN;
        at.left = Number.parseInt(digits[1] as string, 16);
        at.total += at.left;
        if (at.total > maxBody) return tooLarge(maxBody);
        at.expects = at.left === 0 ? 'trailer' : 'data';
      }
    }
    return MORE;
  };

  const next = (): Parsed => {
    if (stage.at === 'head') return buffer.length === 0 ? MORE : readHead();
    return stage.at === 'sized' ? readSized(stage) : readChunked(stage);
  };

  return {
    push(bytes: Buffer): void {
      buffer = buffer.length === 0 ? bytes : Buffer.concat([buffer, bytes]);
    },
    next,
    /** Bytes not yet read as part of a request. */
    get waiting(): number {
      return buffer.length;
    },
  };
}

const tooLarge = (max: number): Parsed => ({
  kind: 'bad',
  status: 413,
  message: `The request body is larger than ${Math.floor(max / 1024 / 1024)} MB.`,
});

/** A string is the reason why the head cannot be read. */
function parseHead(text: string): Head | string {
  const end = text.indexOf('\r\n');
  const start = (end < 0 ? text : text.slice(0, end)).split(' ');
  const [method, target, version] = start;
  if (start.length !== 3 || !method || !target) return 'The request line cannot be read.';
  if (version !== 'HTTP/1.1' && version !== 'HTTP/1.0') return 'Only HTTP/1.1 is spoken here.';
  const header = headerReader(end < 0 ? '' : text.slice(end));
  const mark = target.indexOf('?');
  const connection = header('connection')?.toLowerCase();
  return {
    method,
    path: mark < 0 ? target : target.slice(0, mark),
    query: mark < 0 ? '' : target.slice(mark + 1),
    header,
    keepAlive: version === 'HTTP/1.1' ? connection !== 'close' : connection === 'keep-alive',
  };
}

/**
 * Looks headers up in the text itself: a dozen are sent, a handful is asked for, and a map of them all would be the
 * largest allocation of a plain call. A header given twice is joined by a comma (RFC 9110 section 5.3).
 */
function headerReader(lines: string): Call['header'] {
  const lower = lines.toLowerCase();
  return (name) => {
    const label = `\r\n${name}:`;
    let value: string | undefined;
    for (let at = lower.indexOf(label); at >= 0; at = lower.indexOf(label, at + 2)) {
      const from = at + label.length;
      const to = lines.indexOf('\r\n', from);
      const one = lines.slice(from, to < 0 ? undefined : to).trim();
      value = value === undefined ? one : `${value}, ${one}`;
    }
    return value;
  };
}
