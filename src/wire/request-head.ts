import type { Fields } from '#contracts';
import { isToken, lists, readFields, readLength, TOO_MANY } from './fields.ts';

export interface RequestHead {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Fields;
  /** Of HTTP/1. */
  readonly minor: 0 | 1;
  readonly keepAlive: boolean;
  /** Of the body; undefined: chunked. */
  readonly length: number | undefined;
  readonly expectsContinue: boolean;
}

/** A head that is not one. Nothing after it on the connection can be trusted. */
export interface HeadFault {
  readonly status: 400 | 431 | 505;
  readonly says: string;
}

const bad = (says: string, status: HeadFault['status'] = 400): HeadFault => ({ status, says });

/** `text` is the head without the empty line, one character a byte. */
export function readRequestHead(text: string): RequestHead | HeadFault {
  let end = text.indexOf('\r\n');
  if (end < 0) end = text.length;
  const first = text.indexOf(' ');
  const second = text.indexOf(' ', first + 1);
  if (first <= 0 || second < 0 || second > end) return bad('The request line cannot be read.');
  const method = text.slice(0, first);
  if (!isToken(method)) return bad('The method cannot be read.');
  const version = text.slice(second + 1, end);
  if (version !== 'HTTP/1.1' && version !== 'HTTP/1.0')
    return /^HTTP\/[0-9](\.[0-9])?$/.test(version)
      ? bad('Only HTTP/1.1 is spoken here.', 505)
      : bad('The request line cannot be read.');
  const minor = version === 'HTTP/1.1' ? 1 : 0;
  const target = readTarget(method, text.slice(first + 1, second));
  if (typeof target === 'string') return bad(target);

  const headers = readFields(text, end + 2);
  if (typeof headers === 'string') return bad(headers, headers === TOO_MANY ? 431 : 400);
  const { host } = headers;
  if (host === undefined ? minor === 1 : !HOST.test(host))
    return bad('The request needs one Host header with one name.');
  const length = bodyLength(headers, minor);
  if (typeof length === 'string') return bad(length);
  const connection = headers.connection;
  return {
    method,
    path: target.path,
    query: target.query,
    headers,
    minor,
    // A caller that speaks 1.0 is served, not humoured: its connection ends with the answer.
    keepAlive: minor === 1 && !lists(connection, 'close'),
    length: length.bytes,
    expectsContinue: minor === 1 && headers.expect?.toLowerCase() === '100-continue',
  };
}

/** Two Host headers are joined by a comma, which none has. */
const HOST = /^[^\s,/?#@\\]*$/;
const TARGET = /^[^\0-\x20\x7f]+$/;

function readTarget(
  method: string,
  target: string,
): { readonly path: string; readonly query: string } | string {
  if (!TARGET.test(target)) return 'The request target cannot be read.';
  let from = 0;
  if (target.charCodeAt(0) !== 47) {
    if (target === '*' && method === 'OPTIONS') return { path: '*', query: '' };
    const scheme = /^https?:\/\/[^/?#]+/i.exec(target);
    if (!scheme) return 'The request target is neither a path nor a URL.';
    from = scheme[0].length;
  }
  const hash = target.indexOf('#', from);
  const to = hash < 0 ? target.length : hash;
  const mark = target.indexOf('?', from);
  const pathEnd = mark < 0 || mark > to ? to : mark;
  return {
    path: target.slice(from, pathEnd) || '/',
    query: pathEnd < to ? target.slice(pathEnd + 1, to) : '',
  };
}

/** RFC 9112 §6.3 for requests, refusing whatever two readers have been known to read in two ways (§11.2). */
function bodyLength(headers: Fields, minor: 0 | 1): { readonly bytes: number | undefined } | string {
  const coding = headers['transfer-encoding'];
  const declared = headers['content-length'];
  if (coding !== undefined) {
    if (declared !== undefined) return 'A request cannot have both Content-Length and Transfer-Encoding.';
    if (minor === 0) return 'HTTP/1.0 has no Transfer-Encoding.';
    if (coding.toLowerCase() !== 'chunked') return 'The only transfer coding understood is chunked.';
    return CHUNKED;
  }
  if (declared === undefined) return NO_BODY;
  const bytes = readLength(declared);
  return bytes === undefined ? 'Content-Length is not one number.' : { bytes };
}
const CHUNKED = { bytes: undefined };
const NO_BODY = { bytes: 0 };
