import type { Socket } from 'bun';
import type { Fields, TransportTrouble } from '#contracts';
import type { Call } from './call.ts';
import { ChunkedDecoder } from './chunked.ts';
import { decodingOf } from './decoding.ts';
import { dial } from './dial.ts';
import { HeadMemory } from './head-memory.ts';
import { MAX_HEAD } from './limits.ts';
import { Outbox } from './outbox.ts';
import { writeRequest } from './request-text.ts';
import { type Framing, type ResponseHead, readResponseHead } from './response-head.ts';
import type { Origin } from './route.ts';
import type { Pool } from './transport.ts';

/** `opening`: not usable yet. `idle`: no call. `head`: one was sent, its head is awaited. `body`: it is being read. */
type Phase = 'opening' | 'idle' | 'head' | 'body' | 'closed';

const HEAD_END = Buffer.from('\r\n\r\n');

/**
 * A kept connection that the server had closed is found out within a round trip. What ends later without a word was
 * working on the call, and to send that again could be to pay for it twice.
 */
const STALE_WITHIN_MS = 1_000;

/** One connection to a provider: one call at a time. */
export class Upstream {
  readonly origin: Origin;
  /** Tick at which it is too old to be used; the pool's business. */
  expires = 0;
  private readonly pool: Pool;
  private readonly outbox: Outbox;
  private readonly decoder = new ChunkedDecoder();
  private readonly memory = new HeadMemory(withLength);
  private socket: Socket<unknown> | undefined;
  private phase: Phase = 'opening';
  private call: Call | undefined;
  private reused = false;
  private sentAt = 0;
  /** Of a head that is not all there. */
  private rest: Buffer | undefined;
  private head: ResponseHead | undefined;
  private framing: Framing = 'none';
  private left = 0;

  constructor(pool: Pool, origin: Origin) {
    this.pool = pool;
    this.origin = origin;
    this.outbox = new Outbox(pool.stage);
    pool.open.add(this);
  }

  carry(call: Call) {
    this.call = call;
    call.upstream = this;
    if (this.phase === 'idle') {
      this.reused = true;
      this.begin(call);
    } else dial(this, this.origin, this.pool.ca);
  }

  // What the call says.

  pause() {
    this.socket?.pause();
  }

  resume() {
    this.socket?.resume();
  }

  /** At once, whatever it was doing. */
  terminate() {
    const { socket } = this;
    this.gone();
    socket?.terminate();
  }

  // What the socket says.

  /** There is a connection, though not always one that can be used yet. False: it is no longer wanted. */
  attached(socket: Socket<unknown>): boolean {
    if (this.phase === 'closed') return false;
    this.socket = socket;
    return true;
  }

  /** Told again by a server that renegotiates, long after the call was sent. */
  opened(socket: Socket<unknown>) {
    if (this.phase !== 'opening' || !this.attached(socket)) return;
    this.outbox.open(socket);
    const { call } = this;
    if (call !== undefined) this.begin(call);
  }

  refused(detail: string) {
    if (this.phase === 'opening') this.end({ kind: 'connect', detail });
    else this.closed(new Error(detail));
  }

  drain() {
    this.outbox.drain();
  }

  received(bytes: Buffer) {
    switch (this.phase) {
      case 'head':
        return this.readHead(this.rest === undefined ? bytes : Buffer.concat([this.rest, bytes]));
      case 'body':
        return this.readBody(bytes, 0);
      default:
        // Nobody asked. Usually a 408 to an idle connection, on its way out.
        this.terminate();
    }
  }

  closed(error: Error | undefined) {
    if (this.phase === 'closed') return;
    const { call } = this;
    const detail = error === undefined ? 'The provider closed the connection.' : codeOf(error);
    if (this.phase === 'opening') return this.end({ kind: 'connect', detail });
    if (this.phase === 'body') {
      if (this.framing === 'close' && error === undefined) return this.finish();
      return this.end({ kind: 'cut', detail });
    }
    if (call === undefined || this.phase === 'idle') return this.gone();
    const unanswered = this.rest === undefined && this.head === undefined;
    const stale = this.reused && this.pool.clock.monotonic() - this.sentAt < STALE_WITHIN_MS;
    if (!unanswered || !stale || call.retried) return this.end({ kind: 'reset', detail });
    this.call = undefined;
    this.gone();
    call.retried = true;
    call.taker.resent?.();
    this.pool.dispatch(call, true);
  }

  // One call.

  private begin(call: Call) {
    this.phase = 'head';
    this.head = undefined;
    this.sentAt = this.pool.clock.monotonic();
    if (call.held) this.socket?.pause();
    if (!call.retried) call.taker.connected();
    if (call.over) return;
    writeRequest(this.outbox, call.request, call.route);
  }

  private readHead(bytes: Buffer) {
    const call = this.call as Call;
    const end = bytes.indexOf(HEAD_END);
    // However many reads it took to come: a limit on what is not whole yet would let a large one pass that comes at once.
    if ((end < 0 ? bytes.length : end) > MAX_HEAD)
      return this.malformed('The head of the answer is too large.');
    if (end < 0) {
      this.rest = bytes;
      return;
    }
    this.rest = undefined;
    const text = bytes.toString('latin1', 0, end);
    const known = this.memory.recall(text);
    const head = known ?? readResponseHead(text);
    if (typeof head === 'string') return this.malformed(head);
    const next = end + HEAD_END.length;
    if (head.status < 200) {
      if (head.status === 101) return this.malformed('The provider switched to another protocol.');
      // It has answered: the connection was not stale.
      this.reused = false;
      if (next < bytes.length) this.readHead(bytes.subarray(next));
      return;
    }
    if (known === undefined) this.memory.keep(text, head);
    this.head = head;
    this.phase = 'body';
    const { status } = head;
    this.framing = call.request.method === 'HEAD' || status === 204 || status === 304 ? 'none' : head.framing;
    if (this.framing === 'sized') this.left = head.length as number;
    else if (this.framing === 'chunked') this.decoder.reset();
    const coding = head.headers['content-encoding'];
    const decoding = coding === undefined || this.framing === 'none' ? undefined : decodingOf(coding, call);
    call.decoding = decoding;
    call.taker.head(status, decoding ? decoding.headers(head.headers) : head.headers);
    if (call.over) return;
    if (this.framing === 'none' || (this.framing === 'sized' && this.left === 0)) this.complete(bytes, next);
    else if (next < bytes.length) this.readBody(bytes, next);
  }

  private readBody(bytes: Buffer, at: number) {
    switch (this.framing) {
      case 'sized': {
        const end = Math.min(bytes.length, at + this.left);
        this.left -= end - at;
        this.data(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
        if (this.left === 0) this.complete(bytes, end);
        return;
      }
      case 'chunked': {
        const { decoder } = this;
        decoder.decode(bytes, at);
        // Looked at before the taker is told, which may cancel.
        const { begin, end, next, state } = decoder;
        if (end > begin) this.data(bytes.subarray(begin, end));
        if (state === 'done') this.complete(bytes, next);
        else if (state === 'bad') this.malformed('The chunks of the answer cannot be read.');
        return;
      }
      default:
        this.data(at === 0 ? bytes : bytes.subarray(at));
    }
  }

  private data(bytes: Uint8Array) {
    const { call } = this;
    if (call === undefined || call.over) return;
    if (call.decoding) call.decoding.put(bytes);
    else call.taker.data(bytes);
  }

  /** The answer is over at `next`; nothing may stand behind it. */
  private complete(bytes: Buffer, next: number) {
    const { call, head } = this;
    if (call === undefined || head === undefined) return;
    this.call = undefined;
    call.upstream = undefined;
    if (next === bytes.length && head.keepAlive && this.outbox.empty) {
      if (call.held) this.socket?.resume();
      this.phase = 'idle';
      this.pool.giveBack(this, head.keepSeconds);
    } else this.terminate();
    over(call);
  }

  /** A body without a length ended with its connection. */
  private finish() {
    const { call } = this;
    this.call = undefined;
    this.gone();
    if (call !== undefined) over(call);
  }

  private malformed(detail: string) {
    this.end({ kind: 'malformed', detail });
  }

  /** The connection is of no more use, and the call, if there is one, has failed. */
  private end(trouble: TransportTrouble) {
    const { call } = this;
    this.call = undefined;
    this.terminate();
    if (call?.decoding) call.decoding.fail(trouble);
    else call?.fail(trouble);
  }

  private gone() {
    if (this.phase === 'closed') return;
    const { call, phase } = this;
    this.phase = 'closed';
    this.outbox.drop();
    this.pool.open.delete(this);
    if (phase === 'idle') this.pool.lose(this);
    this.call = undefined;
    if (call === undefined) return;
    call.upstream = undefined;
    call.fail({ kind: phase === 'opening' ? 'connect' : 'reset', detail: 'The transport was closed.' });
  }
}

const withLength = (head: ResponseHead, headers: Fields, length: number): ResponseHead => ({
  ...head,
  headers,
  length,
});

function over(call: Call): void {
  if (call.decoding) call.decoding.end();
  else call.end();
}

/** The system's code where there is one; messages may name more than a person needs. */
export const codeOf = (error: Error): string => (error as { code?: string }).code ?? error.message;
