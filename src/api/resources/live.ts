import { type ExchangeFilter, exchangeFilterSchema, type LiveFeed } from '#contracts';
import { endpoint } from '../http/endpoint.ts';
import { badRequest, Refusal } from '../http/refusal.ts';
import { matches } from '../live/row.ts';
import { type LiveStream, liveStream } from '../live/stream.ts';

export const liveEndpoints = [
  endpoint({
    method: 'GET',
    path: '/live',
    access: 'viewer',
    summary:
      'Exchanges as they end and change events as they are found, as server-sent events; a comment every 10 s. A client that reads too slowly is told `event: skipped` with a count.',
    query: exchangeFilterSchema,
    answer: {
      type: 'text/event-stream',
      says: '`event: exchange` (ExchangeRow), `event: change` (ChangeEvent), `event: skipped` ({ count }).',
    },
    handle({ query, request }, { services, changes, streams }) {
      if (query.release !== undefined)
        throw badRequest(
          'Live exchanges cannot be filtered by release.',
          'The release is derived after recording; filter the list of exchanges instead.',
        );
      // Nobody to stream to: subscribing would only be undone.
      if (request.method === 'HEAD') return eventStream(null);
      const stops: (() => void)[] = [];
      const stream = liveStream(services.clock, () => {
        streams.delete(stream);
        for (const stop of stops) stop();
      });
      streams.add(stream);
      stops.push(
        subscribe(services.live, stream, query),
        changes.subscribe((change) => {
          if (query.route === undefined || query.route === change.route) stream.change(change);
        }),
      );
      request.signal.addEventListener('abort', () => stream.close(), { once: true });
      return eventStream(stream.body);
    },
  }),
];

function subscribe(feed: LiveFeed, stream: LiveStream, filter: ExchangeFilter): () => void {
  try {
    return feed.subscribe((facts) => {
      if (matches(filter, facts)) stream.exchange(facts);
    });
  } catch (error) {
    stream.close();
    throw new Refusal(
      503,
      'too_many_watchers',
      `This cannot be watched now: ${error instanceof Error ? error.message : error}.`,
      'Close another live page or `midwatch tail`; lists answer as ever.',
      { 'retry-after': '5' },
    );
  }
}

const eventStream = (body: ReadableStream<Uint8Array> | null): Response =>
  new Response(body as ReadableStream<Uint8Array<ArrayBuffer>> | null, {
    // Without the last header nginx holds events back until its buffer is full.
    headers: { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' },
  });
