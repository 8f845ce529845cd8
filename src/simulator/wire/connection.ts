import type { Socket } from 'bun';
import type { Clock } from '#contracts';
import { type Ending, sizeOf, whole } from '../script.ts';
import type { Performer } from './listen.ts';
import { type Playing, play, type Stage } from './play.ts';
import { MAX_BODY, requestParser, type WireCall } from './request-parser.ts';
import { headText } from './response-head.ts';

export interface Connection {
  data(bytes: Buffer): void;
  drain(): void;
  close(): void;
}

/** One client connection: requests in order, one answer at a time (RFC 9112 section 9.3.2). */
export function connection(
  socket: Pick<Socket<unknown>, 'write' | 'end' | 'terminate'>,
  clock: Clock,
  performer: Performer,
): Connection {
  const parser = requestParser();
  let playing: Playing | undefined;
  let busy = false;
  let gone = false;
  /** Sent but not yet flushed: text is gathered, so that a head and a small body cost one system call. */
  let text = '';
  /** Of `text` in UTF-8, counted as it grows: counting a joined text again would walk it once more for each chunk. */
  let bytes = 0;
  /** Flushed but not taken by the socket. */
  let queue: Uint8Array[] = [];
  let atDrain: (() => void) | undefined;

  /** True when the socket has taken everything. */
  const write = (data: string | Uint8Array, size: number): boolean => {
    if (gone) return true;
    if (queue.length > 0) {
      queue.push(typeof data === 'string' ? Buffer.from(data) : data);
      return false;
    }
    const written = Math.max(0, socket.write(data));
    if (written === size) return true;
    queue.push((typeof data === 'string' ? Buffer.from(data) : data).subarray(written));
    return false;
  };
  const flush = (): boolean => {
    if (text !== '') {
      const out = text;
      const size = bytes;
      text = '';
      bytes = 0;
      write(out, size);
    }
    return queue.length === 0;
  };
  const put = (data: string | Uint8Array, size = sizeOf(data)) => {
    if (typeof data === 'string') {
      text += data;
      bytes += size;
    } else {
      flush();
      write(data, size);
    }
  };
  /** Runs `then` once everything flushed has left. */
  const whenSent = (then: () => void) => {
    if (flush()) then();
    else atDrain = then;
  };

  /** One stage for the whole connection: answers follow one another, and a plain one should cost no closures. */
  let keepAlive = true;
  let chunked = false;
  const stage: Stage = {
    head(script) {
      chunked = script.length === undefined;
      put(headText(script, clock, keepAlive));
    },
    send(data) {
      const size = sizeOf(data);
      // A chunk of size 0 would be the end.
      if (size === 0) return;
      if (!chunked) return put(data, size);
      put(`${size.toString(16)}\r\n`);
      put(data, size);
      put('\r\n');
    },
    flush,
    end(ending) {
      if (ending === 'clean' && chunked) put('0\r\n\r\n');
      if (ending === 'framing') put('this is no chunk size\r\n');
      whenSent(() => finish(ending));
    },
    refuse(opening) {
      if (opening === 'reset') finish('reset');
    },
  };

  const finish = (ending: Ending) => {
    if (ending === 'silence' || gone) return;
    if (ending === 'reset') return socket.terminate();
    if (ending !== 'clean' || !keepAlive) {
      gone = true;
      socket.end();
      return;
    }
    busy = false;
    playing = undefined;
    advance();
  };

  const perform = (call: WireCall) => {
    busy = true;
    keepAlive = call.keepAlive;
    const script = performer.respond(call);
    playing = play(script, clock, stage, (played) => performer.settle(script, played));
  };

  /** What is not HTTP has no dialect to be answered in. */
  const refuse = (status: number, message: string) => {
    busy = true;
    const body = JSON.stringify({
      error: { message, type: 'invalid_request_error', param: null, code: null },
    });
    const script = whole(status, [['content-type', 'application/json']], body);
    keepAlive = false;
    put(headText(script, clock, keepAlive) + body);
    whenSent(() => finish('clean'));
  };

  /** Not re-entered by an answer that is over at once; a thousand pipelined ones would nest a thousand deep. */
  let advancing = false;
  const advance = () => {
    if (advancing) return;
    advancing = true;
    while (!busy && !gone) {
      const parsed = parser.next();
      if (parsed.kind === 'more') break;
      if (parsed.kind === 'call') perform(parsed.call);
      else if (parsed.kind === 'continue') {
        put('HTTP/1.1 100 Continue\r\n\r\n');
        flush();
      } else refuse(parsed.status, parsed.message);
    }
    advancing = false;
  };

  return {
    data(bytes) {
      parser.push(bytes);
      // Whoever sends this much behind an unanswered request is not pipelining but filling memory.
      if (busy && parser.waiting > MAX_BODY) socket.terminate();
      else advance();
    },
    drain() {
      while (queue.length > 0) {
        const first = queue[0] as Uint8Array;
        const written = Math.max(0, socket.write(first));
        if (written < first.length) {
          queue[0] = first.subarray(written);
          return;
        }
        queue.shift();
      }
      const then = atDrain;
      atDrain = undefined;
      if (then) then();
      else playing?.resume();
      advance();
    },
    close() {
      gone = true;
      queue = [];
      playing?.leave();
    },
  };
}
