import type { Socket } from 'bun';
import type { BodyTrouble, Clock, Fields, Handler, Incoming, Log, Peer } from '#contracts';
import { Answer, type Line } from './answer.ts';
import { HeadMemory } from './head-memory.ts';
import { BREAK_AFTER_MS, type Limits, MAX_HEAD, MAX_UNWANTED, MAX_WAITING } from './limits.ts';
import { Outbox, type Stage } from './outbox.ts';
import { RequestBody } from './request-body.ts';
import { type HeadFault, type RequestHead, readRequestHead } from './request-head.ts';

/** What all connections of one listener share. */
export interface House {
  readonly handler: Handler;
  readonly clock: Clock;
  readonly log: Log | undefined;
  readonly limits: Limits;
  readonly maxBody: number;
  readonly stage: Stage;
  /** Seconds since the listener opened, counted by its one timer. */
  tick: number;
  /** Bytes of answers that are not taken: of all connections looked at since the last tick, and as of that. */
  unread: number;
  crowded: boolean;
  /** No connection outlives its present request. */
  stopping: boolean;
}

/**
 * `head`: the next request is awaited or being received. `body`: its body is. `answer`: the request is here, its answer is
 * not over. `linger`: the last answer is written, the caller may read it. `closed`.
 */
type Phase = 'head' | 'body' | 'answer' | 'linger' | 'closed';

const HEAD_END = Buffer.from('\r\n\r\n');
const NO_BODY = new Uint8Array(0);
const CR = 13;
const LF = 10;

/** One caller's connection: requests in order, one answer at a time (RFC 9112 §9.3.2). */
export class Connection implements Line {
  readonly outbox: Outbox;
  private readonly socket: Socket<Connection>;
  private readonly house: House;
  private readonly peer: Peer;
  private readonly memory = new HeadMemory(withLength);
  private phase: Phase = 'head';
  /** The tick at which the phase began or last made progress. */
  private since: number;
  /** Received, not read yet. */
  private rest: Buffer | undefined;
  private head: RequestHead | undefined;
  private answer: Answer | undefined;
  private body: RequestBody | undefined;
  private takeBody: ((body: Uint8Array | BodyTrouble) => void) | undefined;
  private persistent = true;
  /** The caller has sent all it will. */
  private halfClosed = false;
  private advancing = false;
  private paused = false;
  private broken = false;
  /** Our side is shut down. */
  private departed = false;
  /** Bytes thrown away. */
  private drained = 0;
  /** Of `rest`, found to hold no end of a head. */
  private looked = 0;

  constructor(socket: Socket<Connection>, house: House, peer: Peer) {
    this.socket = socket;
    this.house = house;
    this.peer = peer;
    this.since = house.tick;
    this.outbox = new Outbox(house.stage, socket);
  }

  // What the socket says.

  received(bytes: Buffer) {
    if (this.phase === 'closed') return;
    if (this.phase === 'linger' || (this.body && this.body.state !== 'more' && this.body.state !== 'whole'))
      return this.discard(bytes.length);
    if (this.phase === 'head' && this.rest === undefined) this.since = this.house.tick;
    this.rest = this.rest === undefined ? bytes : Buffer.concat([this.rest, bytes]);
    this.advance();
    // What waits behind an answer that is not over, or not taken, is left to the caller's own buffers.
    if (this.phase !== 'body' && this.rest !== undefined && this.rest.length > MAX_WAITING) this.pause();
  }

  drain() {
    this.since = this.house.tick;
    if (this.outbox.empty || !this.outbox.drain()) return;
    if (this.phase === 'linger') return this.depart();
    this.guard(() => this.answer?.drained());
    if (this.phase === 'head') this.resume();
    this.advance();
  }

  /** The caller has shut its side down: it is gone, or it only has no more to ask. */
  finished() {
    this.halfClosed = true;
    if (this.phase === 'linger') {
      if (this.departed) this.close();
      return;
    }
    if (this.phase === 'body') {
      this.spoil('broken');
      if (this.answer !== undefined && this.answer.state !== 'over') this.leave();
      return;
    }
    if (this.phase === 'answer' && this.answer?.state !== 'over') {
      if (this.answer?.probe() !== true) this.leave();
      return;
    }
    this.advance();
  }

  closed() {
    if (this.phase === 'closed') return;
    const reading = this.phase === 'body';
    this.phase = 'closed';
    this.rest = undefined;
    this.outbox.drop();
    if (reading) this.tell('broken');
    const { answer } = this;
    this.answer = undefined;
    this.guard(() => answer?.leave());
  }

  // What the listener says.

  /** Once a second. */
  check() {
    const { limits, tick } = this.house;
    const quiet = tick - this.since;
    const unread = this.house.crowded ? limits.unreadCrowded : limits.unread;
    if (!this.outbox.empty) this.house.unread += this.outbox.waiting;
    switch (this.phase) {
      case 'head':
        if (!this.outbox.empty) {
          if (quiet > unread) this.socket.terminate();
        } else if (this.rest !== undefined) {
          if (quiet > limits.head)
            this.refuse({ status: 408, says: 'The head of the request took too long.' });
        } else if (quiet > (this.head === undefined ? limits.head : limits.idle)) this.close();
        return;
      case 'body':
        if (quiet <= limits.body) return;
        if (this.answer?.state === 'over') this.socket.terminate();
        else this.spoil('broken');
        return;
      case 'linger':
        if (quiet > limits.linger && this.outbox.empty) this.socket.terminate();
        else if (quiet > unread) this.socket.terminate();
        return;
      case 'answer':
        if (this.halfClosed) this.answer?.probe();
        return;
      default:
    }
  }

  /** Ends the connection now if nothing is going on, otherwise after the present answer. */
  retire() {
    if (this.phase === 'head' && this.rest === undefined && this.outbox.empty) this.close();
  }

  terminate() {
    this.socket.terminate();
  }

  // What the answer says.

  persists(): boolean {
    const { body, head } = this;
    if (this.house.stopping || !this.persistent || head === undefined || !head.keepAlive)
      this.persistent = false;
    else if (body !== undefined && body.state !== 'whole') {
      // A body that may never come (the caller was not told to go on) or takes long is not waited for.
      const near = body.state === 'more' && body.left !== undefined && body.left <= MAX_UNWANTED;
      if (!near || head.expectsContinue) this.persistent = false;
    }
    return this.persistent;
  }

  over(broken: boolean) {
    if (this.phase === 'closed') return;
    this.since = this.house.tick;
    this.broken = broken;
    if (broken || !this.persistent || this.house.stopping) {
      this.resume();
      return this.goodbye();
    }
    if (this.outbox.empty) this.resume();
    if (this.phase === 'body') {
      this.body?.drop();
      this.takeBody = undefined;
    } else this.phase = 'head';
    this.advance();
  }

  // Reading.

  /** Not re-entered by an answer that is given at once: a thousand pipelined requests would nest a thousand deep. */
  private advance() {
    if (this.advancing) return;
    this.advancing = true;
    while (this.rest !== undefined && this.step(this.rest));
    this.advancing = false;
    if (this.halfClosed && this.phase === 'head' && this.outbox.empty) this.close();
  }

  /** False when nothing more can be done with what is there. */
  private step(rest: Buffer): boolean {
    if (this.phase === 'head') return this.outbox.empty && this.readHead(rest);
    if (this.phase === 'body') return this.readBody(rest);
    return false;
  }

  private readHead(rest: Buffer): boolean {
    // An empty line before a request is forgiven (RFC 9112 §2.2).
    let from = 0;
    while (rest[from] === CR && rest[from + 1] === LF) from += 2;
    const end = rest.indexOf(HEAD_END, Math.max(from, this.looked - HEAD_END.length));
    if (end < 0 || end - from > MAX_HEAD) {
      const fault = unfinished(rest, from, end, this.looked);
      this.looked = rest.length;
      if (from === rest.length) {
        this.rest = undefined;
        this.looked = 0;
      }
      if (fault) this.refuse(fault);
      return false;
    }
    this.looked = 0;
    const text = rest.toString('latin1', from, end);
    const known = this.memory.recall(text);
    const head = known ?? readRequestHead(text);
    if ('says' in head) {
      this.refuse(head);
      return false;
    }
    if (known === undefined) this.memory.keep(text, head);
    const next = end + HEAD_END.length;
    this.rest = next === rest.length ? undefined : rest.subarray(next);
    this.take(head, known === undefined ? head : this.memory.base);
    return true;
  }

  private take(head: RequestHead, same: RequestHead | undefined) {
    this.head = head;
    const { length } = head;
    const body = length === 0 ? undefined : new RequestBody(length, this.house.maxBody);
    this.body = body;
    this.phase = body === undefined ? 'answer' : 'body';
    const answer = new Answer(this, head);
    this.answer = answer;
    const { method, path, query, headers } = head;
    const incoming: Incoming = { method, path, query, headers, same, peer: this.peer };
    let takeBody: ReturnType<Handler>;
    try {
      takeBody = this.house.handler(incoming, answer);
    } catch (error) {
      this.fail(error);
    }
    if (answer.state === 'over') return;
    this.takeBody = takeBody;
    if (body === undefined) this.tell(NO_BODY);
    else if (body.state === 'too_large') this.spoil('too_large');
    else if (takeBody === undefined) body.drop();
    else if (head.expectsContinue && this.rest === undefined && answer.state === 'due') {
      this.outbox.latin1('HTTP/1.1 100 Continue\r\n\r\n');
      this.outbox.flush();
    }
  }

  private readBody(rest: Buffer): boolean {
    const body = this.body as RequestBody;
    const next = body.feed(rest, 0);
    this.rest = next === rest.length ? undefined : rest.subarray(next);
    this.since = this.house.tick;
    if (body.state === 'more') return false;
    if (body.state !== 'whole') {
      this.rest = undefined;
      this.spoil(body.state);
      return false;
    }
    this.body = undefined;
    if (this.answer?.state === 'over') {
      this.phase = 'head';
      return true;
    }
    this.phase = 'answer';
    this.tell(body.bytes());
    return true;
  }

  /** There will be no whole body. What else arrives is thrown away, and the connection ends with the answer. */
  private spoil(why: BodyTrouble) {
    this.persistent = false;
    if (this.body) {
      this.body.drop();
      this.body.state = why;
    }
    this.rest = undefined;
    if (this.answer?.state === 'over') return this.goodbye();
    this.phase = 'answer';
    this.tell(why);
  }

  private tell(body: Uint8Array | BodyTrouble) {
    const { takeBody } = this;
    this.takeBody = undefined;
    if (takeBody && this.answer?.state !== 'over') this.guard(() => takeBody(body));
  }

  private guard(fn: () => void) {
    try {
      fn();
    } catch (error) {
      this.fail(error);
    }
  }

  private fail(error: unknown) {
    this.house.log?.('error', 'wire.handler', {
      message: error instanceof Error ? error.message : String(error),
    });
    const { answer } = this;
    this.persistent = false;
    if (answer?.state === 'due') answer.send(500, PLAIN, 'Internal error.\n');
    else answer?.break();
  }

  /** What is not HTTP is not shown to the handler: nobody can say where the next request would begin. */
  private refuse(fault: HeadFault | { readonly status: 408; readonly says: string }) {
    this.persistent = false;
    this.rest = undefined;
    this.phase = 'answer';
    this.answer = new Answer(this, REFUSED);
    this.answer.send(fault.status, PLAIN, `${fault.says}\n`);
  }

  // Ending.

  private goodbye() {
    this.phase = 'linger';
    this.takeBody = undefined;
    this.rest = undefined;
    if (this.outbox.empty) this.depart();
  }

  /** Everything was sent. */
  private depart() {
    if (!this.broken) return this.shut();
    this.house.clock.after(BREAK_AFTER_MS, () => {
      if (this.phase === 'closed') return;
      if (this.answer?.endsWithConnection) this.socket.terminate();
      else this.shut();
    });
  }

  /** Closes our side, and keeps reading for a while: closing with unread bytes would reset what we have just said. */
  private shut() {
    this.departed = true;
    if (this.halfClosed) this.close();
    else this.socket.shutdown();
  }

  private discard(n: number) {
    this.drained += n;
    if (this.drained <= this.house.limits.drain) return;
    if (this.phase === 'linger') this.socket.terminate();
    else this.pause();
  }

  private leave() {
    this.terminate();
    this.closed();
  }

  private close() {
    this.socket.end();
  }

  private pause() {
    if (this.paused) return;
    this.paused = true;
    this.socket.pause();
  }

  private resume() {
    if (!this.paused) return;
    this.paused = false;
    this.socket.resume();
  }
}

const withLength = (head: RequestHead, headers: Fields, length: number): RequestHead => ({
  ...head,
  headers,
  length,
});

const PLAIN = { 'content-type': 'text/plain; charset=utf-8' };
const REFUSED = { method: '', minor: 1 } as const;

/** Whether what has arrived can still become a head. */
function unfinished(rest: Buffer, from: number, end: number, looked: number): HeadFault | undefined {
  if (rest.length - from > MAX_HEAD || end >= 0)
    return { status: 431, says: 'The head of the request is too large.' };
  const first = rest[from];
  // Say at once what would otherwise come out only when the patience for heads is over.
  if (first !== undefined && first !== CR && (first < 33 || first > 126))
    return { status: 400, says: 'This is not HTTP.' };
  for (let at = rest.indexOf(LF, Math.max(from, looked)); at >= 0; at = rest.indexOf(LF, at + 1))
    if (at === from || rest[at - 1] !== CR) return { status: 400, says: 'A line does not end in CRLF.' };
  return undefined;
}
