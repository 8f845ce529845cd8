import type { Fields, Handler, Incoming, Outgoing, Peer } from '#contracts';
import { FieldBag } from './fields.ts';

/** A program in the shape the web platform gives it; `peer` is what a `Request` cannot say. */
export type Program = (request: Request, peer: Peer) => Response | Promise<Response>;

/**
 * Serves a Request-to-Response program from the listener. The request's signal aborts when the caller leaves; the body of
 * the response is read no faster than the caller takes it, and cancelled when the caller is gone. What the program throws
 * goes to `onError`, whose response is sent instead if nothing was sent yet.
 */
export function bridge(program: Program, onError: (error: unknown) => Response): Handler {
  return (incoming, outgoing) => (body) => {
    if (typeof body === 'string') {
      if (body === 'too_large') outgoing.send(413, PLAIN, 'The request body is too large.\n');
      else outgoing.send(400, PLAIN, 'The request body is not whole.\n');
      return;
    }
    const leaving = new AbortController();
    const request = requestOf(incoming, body, leaving.signal);
    if (request === undefined) {
      outgoing.send(400, PLAIN, 'The request has a host or a method that cannot be served.\n');
      return;
    }
    outgoing.onLeft = () => leaving.abort(new DOMException('The caller left.', 'AbortError'));
    void answer(program, onError, request, incoming.peer, outgoing, leaving);
  };
}

const PLAIN = { 'content-type': 'text/plain; charset=utf-8' };

async function answer(
  program: Program,
  onError: (error: unknown) => Response,
  request: Request,
  peer: Peer,
  outgoing: Outgoing,
  leaving: AbortController,
): Promise<void> {
  let response: Response;
  try {
    response = await program(request, peer);
  } catch (error) {
    if (leaving.signal.aborted) return;
    response = onError(error);
  }
  if (leaving.signal.aborted) {
    await response.body?.cancel().catch(() => undefined);
    return;
  }
  const headers = fieldsOf(response.headers);
  if (response.body === null) {
    outgoing.send(response.status, headers, '');
    return;
  }
  if (request.method === 'HEAD') {
    await response.body.cancel().catch(() => undefined);
    outgoing.begin(response.status, headers);
    outgoing.end();
    return;
  }
  await relay(response.status, headers, response.body, outgoing, leaving, onError);
}

async function relay(
  status: number,
  headers: Fields,
  body: ReadableStream<Uint8Array>,
  outgoing: Outgoing,
  leaving: AbortController,
  onError: (error: unknown) => Response,
): Promise<void> {
  const reader = body.getReader();
  let room: (() => void) | undefined;
  const told = outgoing.onLeft;
  outgoing.onLeft = () => {
    told?.();
    room?.();
    reader.cancel(leaving.signal.reason).catch(() => undefined);
  };
  outgoing.onDrain = () => room?.();
  outgoing.begin(status, headers);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (leaving.signal.aborted) return;
      if (done) break;
      if (outgoing.write(value)) continue;
      await new Promise<void>((resolve) => {
        room = resolve;
      });
      room = undefined;
      if (leaving.signal.aborted) return;
    }
  } catch (error) {
    onError(error);
    outgoing.break();
    return;
  }
  outgoing.end();
}

/** Undefined for what the web platform has no request for, some hosts among them. */
function requestOf(
  { method, path, query, headers }: Incoming,
  body: Uint8Array,
  signal: AbortSignal,
): Request | undefined {
  const url = `http://${headers.host || 'localhost'}${path === '*' ? '/' : path}${query === '' ? '' : `?${query}`}`;
  const hasBody = method !== 'GET' && method !== 'HEAD' && body.length > 0;
  try {
    return new Request(url, {
      method,
      headers: headers as Record<string, string>,
      signal,
      ...(hasBody && { body }),
    });
  } catch {
    return undefined;
  }
}

function fieldsOf(headers: Headers): Fields {
  const fields = new FieldBag();
  headers.forEach((value, name) => {
    if (name !== 'set-cookie') fields[name] = value;
  });
  const cookies = headers.getSetCookie();
  if (cookies.length > 0) fields['set-cookie'] = cookies.join('\n');
  return fields;
}
