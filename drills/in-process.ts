import type { AnswerTaker, Fields, Handler, Outgoing, Transport } from '#contracts';

/** What a caller got, whole. */
export interface Got {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  /** The connection broke before the body was over. */
  readonly broken: boolean;
}

/** A caller who does not wait for the end. */
export interface Leaving {
  /** Is handed what closes the connection, for whoever has a clock. */
  readonly when?: (leave: () => void) => void;
  /** Closes it when so many have come; those of the last read are taken whole. */
  readonly afterBytes?: number;
}

const LOOPBACK = { address: '127.0.0.1', loopback: true } as const;
const encoder = new TextEncoder();

/** Calls a handler as a listener would, without a socket, as a caller that takes whatever it is given. */
export function callHandler(
  handler: Handler,
  call: { readonly path: string; readonly headers: Fields; readonly body: string },
  leaving: Leaving = {},
): Promise<Got> {
  return new Promise((resolve) => {
    const decoder = new TextDecoder();
    let head: { readonly status: number; readonly headers: Fields } = { status: 0, headers: {} };
    let body = '';
    let left = false;
    const put = (part: Uint8Array | string) => {
      if (left) return;
      body += typeof part === 'string' ? part : decoder.decode(part, { stream: true });
      if (leaving.afterBytes !== undefined && body.length >= leaving.afterBytes) leave();
    };
    const over = (broken: boolean) =>
      resolve({ status: head.status, headers: new Headers(head.headers), body, broken });
    const leave = () => {
      left = true;
      outgoing.onLeft?.();
      over(true);
    };
    const outgoing: Outgoing = {
      onLeft: undefined,
      onDrain: undefined,
      send(status, headers, bytes) {
        head = { status, headers };
        put(bytes);
        over(false);
      },
      begin(status, headers) {
        head = { status, headers };
      },
      write(bytes) {
        put(bytes);
        return true;
      },
      end: () => over(false),
      break: () => over(true),
    };
    leaving.when?.(leave);
    const { path, headers } = call;
    handler(
      { method: 'POST', path, query: '', headers, peer: LOOPBACK },
      outgoing,
    )?.(encoder.encode(call.body));
  });
}

/** A transport over whatever answers requests with responses: the simulator in this process, on its own clock. */
export const transportOver =
  (answer: (request: Request) => Promise<Response>): Transport =>
  ({ url, method, headers, body }, taker) => {
    const abort = new AbortController();
    const reading = new Gate();
    const request = new Request(url, {
      method,
      headers,
      signal: abort.signal,
      ...(body && { body: body as Uint8Array<ArrayBuffer> }),
    });
    taker.connected();
    answer(request).then(
      (response) => hand(response, taker, reading, abort.signal),
      () => {
        if (!abort.signal.aborted) taker.fail({ kind: 'reset', detail: 'ECONNRESET' });
      },
    );
    return {
      cancel() {
        abort.abort();
        reading.open();
      },
      pause: () => reading.close(),
      resume: () => reading.open(),
    };
  };

async function hand(response: Response, taker: AnswerTaker, gate: Gate, left: AbortSignal): Promise<void> {
  taker.head(response.status, Object.fromEntries(response.headers));
  try {
    for await (const chunk of response.body ?? []) {
      await gate.passed;
      if (left.aborted) return;
      taker.data(chunk);
    }
  } catch {
    if (!left.aborted) taker.fail({ kind: 'cut', detail: 'ECONNRESET' });
    return;
  }
  if (!left.aborted) taker.end();
}

class Gate {
  passed: Promise<void> = Promise.resolve();
  private release: (() => void) | undefined;

  close(): void {
    if (this.release) return;
    this.passed = new Promise((resolve) => {
      this.release = resolve;
    });
  }

  open(): void {
    this.release?.();
    this.release = undefined;
  }
}

/** A taker that has been told already that it is connected. */
export const onceConnected = (taker: AnswerTaker): AnswerTaker => ({
  connected: () => undefined,
  head: (status, fields) => taker.head(status, fields),
  data: (bytes) => taker.data(bytes),
  end: () => taker.end(),
  fail: (trouble) => taker.fail(trouble),
});
