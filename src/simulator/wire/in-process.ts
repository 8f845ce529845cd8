import type { Clock } from '#contracts';
import type { Call } from '../call.ts';
import type { Script } from '../script.ts';
import type { Performer } from './listen.ts';
import { type Playing, play, type Stage } from './play.ts';

/** What a kernel's socket buffers would hold before a writer has to wait. */
const BUFFERED = 256 * 1024;

/** An error as fetch gives it when a peer tears the connection down. */
const connectionReset = (): Error =>
  Object.assign(new Error('The socket connection was closed unexpectedly.'), { code: 'ECONNRESET' });

/** Performs without a socket, on the given clock alone: what the network would do becomes what fetch would say. */
export async function fetchInProcess(
  request: Request,
  clock: Clock,
  performer: Performer,
): Promise<Response> {
  const call = await readCall(request);
  const { signal } = request;
  signal.throwIfAborted();
  const script = performer.respond(call);

  return new Promise<Response>((resolve, reject) => {
    let playing: Playing | undefined;
    const body = bodyQueue(
      () => playing?.resume(),
      () => {
        signal.removeEventListener('abort', leave);
        playing?.leave();
      },
    );
    const leave = () => {
      playing?.leave();
      reject(signal.reason);
      body.fail(signal.reason);
    };
    const stage: Stage = {
      head: (script) =>
        resolve(new Response(body.stream, { status: script.status, headers: headersOf(script) })),
      send: (data) => body.put(data),
      flush: () => body.waiting < BUFFERED,
      end(ending) {
        if (ending === 'silence') return;
        signal.removeEventListener('abort', leave);
        body.end(ending === 'clean' ? undefined : connectionReset());
      },
      refuse(opening) {
        if (opening !== 'reset') return;
        signal.removeEventListener('abort', leave);
        reject(connectionReset());
      },
    };
    signal.addEventListener('abort', leave, { once: true });
    playing = play(script, clock, stage, (played) => performer.settle(script, played));
  });
}

/**
 * A stream over a queue of our own. The controller's queue would be dropped by `error`, but bytes that arrived before a
 * reset can still be read from a socket, and so they must be here.
 */
function bodyQueue(room: () => void, cancelled: () => void) {
  const queue: Uint8Array[] = [];
  let waiting = 0;
  let ended: { readonly clean: true } | { readonly clean: false; readonly error: unknown } | undefined;
  let wake: (() => void) | undefined;
  let controller: ReadableStreamDefaultController<Uint8Array>;
  const awake = () => {
    wake?.();
    wake = undefined;
  };
  const stream = new ReadableStream<Uint8Array>(
    {
      start(c) {
        controller = c;
      },
      async pull(c) {
        if (queue.length === 0 && !ended)
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        const chunk = queue.shift();
        if (chunk) {
          waiting -= chunk.length;
          c.enqueue(chunk);
          room();
        } else if (ended?.clean) c.close();
        else if (ended) c.error(ended.error);
      },
      cancel: cancelled,
    },
    { highWaterMark: 0 },
  );
  return {
    stream,
    get waiting() {
      return waiting;
    },
    put(data: string | Uint8Array): void {
      // A copy, as a socket makes one: the same script may be played again.
      const chunk = typeof data === 'string' ? new TextEncoder().encode(data) : data.slice();
      if (chunk.length === 0) return;
      waiting += chunk.length;
      queue.push(chunk);
      awake();
    },
    end(error?: Error): void {
      ended = error ? { clean: false, error } : { clean: true };
      awake();
    },
    /** At once, whatever is still queued. */
    fail(reason: unknown): void {
      if (ended) return;
      queue.length = 0;
      ended = { clean: false, error: reason };
      controller.error(reason);
      awake();
    },
  };
}

async function readCall(request: Request): Promise<Call> {
  const url = new URL(request.url);
  const text = await request.text();
  return {
    method: request.method,
    path: url.pathname,
    query: url.search.slice(1),
    header: (name) => request.headers.get(name) ?? undefined,
    text,
  };
}

function headersOf(script: Script): Headers {
  const headers = new Headers(script.headers.map(([name, value]): [string, string] => [name, value]));
  if (script.length !== undefined) headers.set('content-length', String(script.length));
  return headers;
}
