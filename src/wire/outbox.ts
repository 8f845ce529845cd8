import type { Socket } from 'bun';
import { atEndOfTurn } from './turn.ts';

const ROOM = 64 * 1024;
/** What is larger is handed to the socket as it is: copying it would cost more than a second system call. */
const COPIED = 32 * 1024;
const HEX = '0123456789abcdef';
const CR = 13;
const LF = 10;
/** Four digits at most, and two ends of lines. */
const CHUNK_FRAME = 8;

/**
 * Where messages are put together before they are written, one for all connections of a listener or a transport: a head
 * and its body, or all that one turn of the event loop adds to a stream, cost one system call and no allocation. It
 * belongs to one outbox at a time; whoever comes next sends off what the one before has left.
 */
export class Stage {
  readonly bytes = Buffer.allocUnsafeSlow(ROOM);
  filled = 0;
  private owner: Outbox | undefined;
  private scheduled = false;
  private readonly settle = () => {
    this.scheduled = false;
    this.flush();
  };

  /** Makes room for `n` bytes of `owner` at `filled`. `n` ≤ the stage. */
  claim(owner: Outbox, n: number) {
    if (this.owner !== owner) {
      this.flush();
      this.owner = owner;
    } else if (this.filled + n > ROOM) {
      this.flush();
      this.owner = owner;
    }
  }

  belongsTo(owner: Outbox): boolean {
    return this.owner === owner;
  }

  flush() {
    const { owner, filled } = this;
    this.owner = undefined;
    this.filled = 0;
    if (owner !== undefined && filled > 0) owner.push(this.bytes, filled, true);
  }

  /** Flushes when the present turn is over. */
  later() {
    if (this.scheduled) return;
    this.scheduled = true;
    atEndOfTurn(this.settle);
  }
}

/** What is written to one socket, in order, whatever the socket takes at a time. */
export class Outbox {
  private readonly stage: Stage;
  private socket: Pick<Socket<unknown>, 'write'> | undefined;
  /** Not taken by the socket yet. */
  private readonly queue: Uint8Array[] = [];

  constructor(stage: Stage, socket?: Pick<Socket<unknown>, 'write'>) {
    this.stage = stage;
    this.socket = socket;
  }

  open(socket: Pick<Socket<unknown>, 'write'>) {
    this.socket = socket;
  }

  /** True when the socket has taken all that was flushed. */
  get empty(): boolean {
    return this.queue.length === 0;
  }

  /** Bytes not taken yet. */
  get waiting(): number {
    return this.queue.reduce((sum, { length }) => sum + length, 0);
  }

  latin1(text: string) {
    const { stage } = this;
    if (text.length > ROOM) return this.direct(Buffer.from(text, 'latin1'));
    stage.claim(this, text.length);
    stage.filled += stage.bytes.write(text, stage.filled, 'latin1');
  }

  bytes(bytes: Uint8Array) {
    if (bytes.length > COPIED) return this.direct(bytes);
    const { stage } = this;
    stage.claim(this, bytes.length);
    stage.bytes.set(bytes, stage.filled);
    stage.filled += bytes.length;
  }

  /** One chunk of a chunked body (RFC 9112 §7.1). */
  chunk(bytes: Uint8Array) {
    const { stage } = this;
    const { length } = bytes;
    if (length > COPIED) {
      this.latin1(`${length.toString(16)}\r\n`);
      this.direct(bytes);
      this.latin1('\r\n');
      return;
    }
    stage.claim(this, length + CHUNK_FRAME);
    const out = stage.bytes;
    let at = stage.filled;
    // No zeros in front: after a probe they would make a size that some readers take for an attack.
    for (let shift = length > 0xfff ? 12 : length > 0xff ? 8 : length > 0xf ? 4 : 0; shift >= 0; shift -= 4)
      out[at++] = HEX.charCodeAt((length >> shift) & 15);
    out[at++] = CR;
    out[at++] = LF;
    out.set(bytes, at);
    at += length;
    out[at++] = CR;
    out[at++] = LF;
    stage.filled = at;
  }

  flush() {
    if (this.stage.belongsTo(this)) this.stage.flush();
  }

  /** Sends what was written in this turn of the event loop when it is over. */
  later() {
    this.stage.later();
  }

  private direct(bytes: Uint8Array) {
    this.stage.claim(this, 0);
    this.stage.flush();
    this.push(bytes, bytes.length, false);
  }

  /** @param lent `bytes` belongs to somebody else after this returns. */
  push(bytes: Uint8Array, length: number, lent: boolean) {
    if (this.socket === undefined) return;
    let taken = 0;
    if (this.queue.length === 0) {
      taken = this.socket.write(bytes, 0, length);
      if (taken >= length) return;
      if (taken < 0) taken = 0;
    }
    this.queue.push(lent ? Buffer.from(bytes.subarray(taken, length)) : bytes.subarray(taken, length));
  }

  /** The socket has room again. True when it has taken everything. */
  drain(): boolean {
    const { queue, socket } = this;
    if (socket === undefined) return false;
    let sent = 0;
    while (sent < queue.length) {
      const first = queue[sent] as Uint8Array;
      const taken = Math.max(0, socket.write(first));
      if (taken < first.length) {
        queue[sent] = first.subarray(taken);
        break;
      }
      sent++;
    }
    if (sent > 0) queue.splice(0, sent);
    return queue.length === 0;
  }

  /** The socket is gone, and with it what was not sent. */
  drop() {
    if (this.stage.belongsTo(this)) {
      this.stage.filled = 0;
      this.stage.flush();
    }
    this.socket = undefined;
    this.queue.length = 0;
  }
}
