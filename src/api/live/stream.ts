import type { ChangeEvent, Clock, ExchangeFacts } from '#contracts';
import { rowOf } from './row.ts';

/** Comments keep proxies from closing a quiet stream and tell the client that a silence is not a death. */
export const HEARTBEAT_MS = 10_000;
/** Rows go out together this often: a burst costs one write a client, not one an exchange. */
const BATCH_MS = 100;
/** Most events a client is given per batch; what is beyond is counted and said. */
const BATCH_EVENTS = 256;
/** Bytes that may wait for a slow client. */
const BUFFER_BYTES = 256 * 1024;

export interface LiveStream {
  readonly body: ReadableStream<Uint8Array>;
  exchange(facts: ExchangeFacts): void;
  change(change: ChangeEvent): void;
  close(): void;
}

type Pending =
  | { readonly kind: 'exchange'; readonly facts: ExchangeFacts }
  | { readonly kind: 'change'; readonly change: ChangeEvent };

/**
 * One client's server-sent events. Runs on the thread that relays traffic, so a client that reads slowly or a storm of
 * exchanges may cost a bounded buffer and nothing else: the rest is dropped, and `event: skipped` says how many.
 */
export function liveStream(clock: Clock, onEnd: () => void): LiveStream {
  const encoder = new TextEncoder();
  let pending: Pending[] = [];
  let skipped = 0;
  let cancelFlush: (() => void) | undefined;
  let open = true;
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;

  const send = (text: string) => controller?.enqueue(encoder.encode(text));
  const roomy = () => (controller?.desiredSize ?? 0) > 0;

  const flush = () => {
    cancelFlush = undefined;
    if (!open || !roomy()) return;
    const batch = pending;
    pending = [];
    let text = batch.map(write).join('');
    if (skipped > 0) text += event('skipped', { count: skipped });
    skipped = 0;
    if (text) send(text);
  };
  const schedule = () => {
    cancelFlush ??= clock.after(BATCH_MS, flush);
  };
  const add = (item: Pending) => {
    // Dropping the newest keeps what is shown in one piece; the gap stands where `skipped` says so.
    if (pending.length >= BATCH_EVENTS) skipped++;
    else pending.push(item);
    schedule();
  };

  const stopHeartbeat = clock.every(HEARTBEAT_MS, () => {
    if (roomy()) send(': still here\n\n');
  });
  const end = () => {
    if (!open) return;
    open = false;
    stopHeartbeat();
    cancelFlush?.();
    pending = [];
    onEnd();
  };

  const body = new ReadableStream<Uint8Array>(
    {
      start(own) {
        controller = own;
        // Sent at once, so that a client knows that it listens before anything happens.
        send('retry: 1000\n: listening\n\n');
      },
      pull() {
        if (pending.length > 0 || skipped > 0) schedule();
      },
      cancel: end,
    },
    new ByteLengthQueuingStrategy({ highWaterMark: BUFFER_BYTES }),
  );

  return {
    body,
    exchange: (facts) => add({ kind: 'exchange', facts }),
    change: (change) => add({ kind: 'change', change }),
    close() {
      if (!open) return;
      end();
      controller?.close();
    },
  };
}

const write = (item: Pending): string =>
  item.kind === 'exchange' ? event('exchange', rowOf(item.facts)) : event('change', item.change);

const event = (name: string, data: unknown): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
