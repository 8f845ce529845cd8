import type { Fields, TransportRequest } from '#contracts';
import { fieldLines } from './fields.ts';
import type { Outbox } from './outbox.ts';
import type { Route } from './route.ts';

/** Writes a request; a small body leaves with its head. */
export function writeRequest(outbox: Outbox, request: TransportRequest, route: Route): void {
  const { method, body } = request;
  outbox.latin1(
    `${method} ${route.target} HTTP/1.1\r\nhost: ${route.hostHeader}\r\n${route.proxyLines}${linesOf(request.headers)}${lengthLine(method, body)}\r\n`,
  );
  if (body !== undefined && body.length > 0) outbox.bytes(body);
  outbox.flush();
}

const remembered = new WeakMap<Fields, string>();

/** Fields that cannot change are given again and again; looking their lines up costs a twentieth of writing them. */
function linesOf(fields: Fields): string {
  if (!Object.isFrozen(fields)) return fieldLines(fields, 'host');
  const known = remembered.get(fields);
  if (known !== undefined) return known;
  const text = fieldLines(fields, 'host');
  remembered.set(fields, text);
  return text;
}

/** Without a length, a server waits for the body of a POST, or refuses it. */
function lengthLine(method: string, body: Uint8Array | undefined): string {
  if (body !== undefined) return `content-length: ${body.length}\r\n`;
  return method === 'GET' || method === 'HEAD' ? '' : 'content-length: 0\r\n';
}
