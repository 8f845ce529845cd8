import type {
  AnswerTaker,
  Clock,
  Fields,
  Transport,
  TransportCall,
  TransportRequest,
  TransportTrouble,
} from '#contracts';
import type { Read } from './mask.ts';

/** An answer as it went by. Times are milliseconds since the call began. */
export interface Observed {
  readonly status?: number;
  readonly headers: Fields;
  readonly headAt?: number;
  readonly endAt: number;
  /** Undefined when it was larger than allowed. */
  readonly reads?: readonly Read[];
  readonly trouble?: TransportTrouble;
  /** The taker gave the call up; what it had got by then is here. */
  readonly cancelled: boolean;
}

/**
 * Passes a call through unchanged and tells `over` what went by, just before the taker is told of the end, so that
 * whoever is told next already finds it recorded. A call that is given up is told too: clients hang up on a stream as soon
 * as they have seen its last event, before the connection says that it is over.
 */
export function observe(
  inner: Transport,
  request: TransportRequest,
  taker: AnswerTaker,
  { clock, maxBytes }: { readonly clock: Clock; readonly maxBytes: number },
  over: (observed: Observed) => void,
): TransportCall {
  const began = clock.monotonic();
  const since = () => Math.round((clock.monotonic() - began) * 10) / 10;
  let status: number | undefined;
  let headers: Fields = {};
  let headAt: number | undefined;
  let reads: Read[] | undefined = [];
  let size = 0;
  let told = false;
  const tell = (trouble?: TransportTrouble, cancelled = false) => {
    if (told) return;
    told = true;
    over({ status, headers, headAt, endAt: since(), reads, trouble, cancelled });
  };
  const call = inner(request, {
    connected: () => taker.connected(),
    head(s, h) {
      status = s;
      headers = h;
      headAt = since();
      taker.head(s, h);
    },
    data(bytes) {
      size += bytes.length;
      // A copy: the bytes are the taker's to keep, and so to change.
      if (size > maxBytes) reads = undefined;
      else reads?.push({ at: since(), bytes: bytes.slice() });
      taker.data(bytes);
    },
    end() {
      // Whatever goes wrong with the recording, the caller gets its end.
      try {
        tell();
      } finally {
        taker.end();
      }
    },
    fail(trouble) {
      try {
        tell(trouble);
      } finally {
        taker.fail(trouble);
      }
    },
  });
  return {
    cancel() {
      call.cancel();
      tell(undefined, true);
    },
    pause: () => call.pause(),
    resume: () => call.resume(),
  };
}
