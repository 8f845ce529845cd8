import type { ChangeEvent, ExchangeFilter, ExchangeRow } from '@midwatch/contracts';
import { MidwatchError } from './error.ts';
import { eventReader, type ServerEvent } from './events.ts';
import { type CallOptions, type Http, search } from './http.ts';

export type LiveEvent =
  | { readonly type: 'exchange'; readonly row: ExchangeRow }
  | { readonly type: 'change'; readonly change: ChangeEvent }
  /** So many exchanges ended that are not shown, because they came faster than this client took them. */
  | { readonly type: 'skipped'; readonly count: number }
  /** The connection stands. `again` is true after a break: what ended in between is in the lists, not here. */
  | { readonly type: 'connected'; readonly again: boolean }
  /** The connection broke and is tried again after `retryMs`; `reason` is for people. */
  | { readonly type: 'disconnected'; readonly reason: string; readonly retryMs: number };

/** The server sends at least a comment every 10 s; two missed ones and the connection is dead without having said so. */
const SILENCE_MS = 25_000;
const FIRST_WAIT_MS = 250;
/** Short, because a watcher is a person: a Midwatch that is back should be seen to be back within two seconds. */
const LONGEST_WAIT_MS = 1_500;

/**
 * Events until `signal` aborts. A break is mended with growing pauses; what no retry can mend (no login, a wrong filter)
 * is thrown. Ends without an error when the signal aborts.
 */
export async function* live(
  http: Http,
  filter: ExchangeFilter,
  options: CallOptions,
): AsyncGenerator<LiveEvent> {
  const { signal } = options;
  let again = false;
  let wait = FIRST_WAIT_MS;
  while (!signal?.aborted) {
    let reason = 'Midwatch ended the stream.';
    try {
      for await (const event of connection(http, filter, signal)) {
        if (event.type === 'connected') {
          yield { type: 'connected', again };
          again = true;
          wait = FIRST_WAIT_MS;
        } else yield event;
      }
    } catch (error) {
      if (signal?.aborted) return;
      if (!(error instanceof MidwatchError) || !mendable(error)) throw error;
      wait = Math.max(wait, error.retryAfter ?? 0);
      reason = error.message;
    }
    if (signal?.aborted) return;
    yield { type: 'disconnected', reason, retryMs: wait };
    await pause(wait, signal);
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
  }
}

const mendable = (error: MidwatchError): boolean =>
  error.status === 0 || error.status === 429 || error.status >= 500;

async function* connection(
  http: Http,
  filter: ExchangeFilter,
  outer: AbortSignal | undefined,
): AsyncGenerator<LiveEvent> {
  const own = new AbortController();
  const forward = () => own.abort(outer?.reason);
  outer?.addEventListener('abort', forward, { once: true });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => own.abort(new DOMException('silence', 'TimeoutError')), SILENCE_MS);
  };
  try {
    heard();
    const response = await http.open('GET', `/live${search(filter)}`, {
      signal: own.signal,
      accept: 'text/event-stream',
    });
    yield { type: 'connected', again: false };
    const read = eventReader();
    const reader = response.body?.getReader();
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
      heard();
      for (const event of read(part.value)) {
        const known = understand(event);
        if (known) yield known;
      }
    }
  } catch (error) {
    if (error instanceof MidwatchError) throw error;
    // A reset while reading, or our own silence timer: both are a break like any other.
    throw new MidwatchError('The live connection broke.', {
      code: 'unreachable',
      hint: 'It is opened again by itself.',
      status: 0,
      cause: error,
    });
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener('abort', forward);
    // Also when the reader of this generator left the loop: the server must not keep sending.
    own.abort();
  }
}

/** Events of a newer server are passed over. */
function understand({ event, data }: ServerEvent): LiveEvent | undefined {
  if (event === 'exchange') return { type: 'exchange', row: JSON.parse(data) as ExchangeRow };
  if (event === 'change') return { type: 'change', change: JSON.parse(data) as ChangeEvent };
  if (event === 'skipped') return { type: 'skipped', count: (JSON.parse(data) as { count: number }).count };
  return undefined;
}

const pause = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
