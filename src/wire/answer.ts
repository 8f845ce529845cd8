import type { Fields, Outgoing } from '#contracts';
import { fieldLines, readLength } from './fields.ts';
import type { Outbox } from './outbox.ts';
import { statusLine } from './status.ts';

/** What an answer needs of the connection it goes out on. */
export interface Line {
  readonly outbox: Outbox;
  /** Decided when the head is written: may another request follow on this connection? */
  persists(): boolean;
  /** The answer has been written. `broken`: the connection has to end without its end. */
  over(broken: boolean): void;
}

export interface Asked {
  readonly method: string;
  readonly minor: 0 | 1;
}

const LAST_CHUNK = '0\r\n\r\n';

/** The answer to one request. What is called after its end is of no effect, whoever answers by then. */
export class Answer implements Outgoing {
  onLeft: (() => void) | undefined;
  onDrain: (() => void) | undefined;
  state: 'due' | 'begun' | 'over' = 'due';
  private readonly line: Line;
  private readonly asked: Asked;
  private framing: 'none' | 'sized' | 'chunked' | 'close' = 'none';
  /** Of a sized body, still to be written. */
  private left = 0;
  /** A `write` returned false and nobody was told yet that there is room again. */
  private waiting = false;
  private probes = 0;
  /** A probe was written that is to become part of a chunk's size. */
  private probed = false;

  constructor(line: Line, asked: Asked) {
    this.line = line;
    this.asked = asked;
  }

  send(status: number, headers: Fields, body: Uint8Array | string) {
    if (this.state !== 'due') return;
    this.state = 'over';
    const { line, asked } = this;
    const { outbox } = line;
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    const bodiless = status === 204 || status === 304;
    outbox.latin1(
      `${statusLine(status)}${fieldLines(headers)}${bodiless ? '' : `content-length: ${bytes.length}\r\n`}${line.persists() ? '\r\n' : CLOSE}`,
    );
    if (!bodiless && asked.method !== 'HEAD') outbox.bytes(bytes);
    outbox.flush();
    line.over(false);
  }

  begin(status: number, headers: Fields) {
    if (this.state !== 'due') return;
    this.state = 'begun';
    const { line, asked } = this;
    const declared = headers['content-length'];
    const length = declared === undefined ? undefined : readLength(declared);
    let lines = fieldLines(headers);
    let close = false;
    if (status === 204 || status === 304) this.framing = 'none';
    else if (length !== undefined) {
      this.framing = 'sized';
      this.left = length;
      lines += `content-length: ${length}\r\n`;
    } else if (asked.minor === 1) {
      this.framing = 'chunked';
      lines += 'transfer-encoding: chunked\r\n';
    } else {
      this.framing = 'close';
      close = true;
    }
    if (asked.method === 'HEAD') this.framing = 'none';
    const persists = line.persists() && !close;
    line.outbox.latin1(`${statusLine(status)}${lines}${persists ? '\r\n' : CLOSE}`);
    line.outbox.later();
  }

  write(part: Uint8Array | string): boolean {
    const { line } = this;
    const { outbox } = line;
    if (this.state !== 'begun') return true;
    const bytes = typeof part === 'string' ? Buffer.from(part) : part;
    const { length } = bytes;
    // A chunk of size 0 would be the end.
    if (length > 0 && this.framing !== 'none') {
      if (this.framing === 'chunked') {
        this.probed = false;
        outbox.chunk(bytes);
      } else if (this.framing === 'close') outbox.bytes(bytes);
      else if (length > this.left) return this.overrun();
      else {
        this.left -= length;
        outbox.bytes(bytes);
      }
      outbox.later();
    }
    if (outbox.empty) return true;
    this.waiting = true;
    return false;
  }

  end() {
    if (this.state !== 'begun') return;
    // Less than was promised is a cut answer, not a short one.
    if (this.framing === 'sized' && this.left > 0) return this.break();
    this.state = 'over';
    if (this.framing === 'chunked') this.line.outbox.latin1(LAST_CHUNK);
    this.line.outbox.flush();
    this.line.over(false);
  }

  break() {
    if (this.state === 'over') return;
    this.state = 'over';
    // A lone zero before the end of a connection is taken for the last chunk by lenient readers.
    if (this.probed && this.framing === 'chunked') this.line.outbox.latin1('f\r\n');
    this.line.outbox.flush();
    this.line.over(true);
  }

  /** True when an answer without its end looks like a whole one unless the connection is reset. */
  get endsWithConnection(): boolean {
    return this.framing === 'close';
  }

  /**
   * Asks the caller, who has stopped sending, whether it still listens: one that is gone answers a byte with a reset. The
   * byte has to mean nothing: before the answer an interim response, within it a leading zero of the next chunk's size.
   * False when there is no such byte. More than one is needed where something between us takes the first for a caller that
   * is gone; more than a few would make a size that some readers take for an attack.
   */
  probe(): boolean {
    const { outbox } = this.line;
    if (this.asked.minor === 0) return false;
    if (++this.probes > MAX_PROBES) return true;
    if (this.state === 'due') outbox.latin1('HTTP/1.1 100 Continue\r\n\r\n');
    else if (this.framing === 'chunked') {
      this.probed = true;
      outbox.latin1('0');
    } else return false;
    outbox.flush();
    return true;
  }

  /** The connection is gone. */
  leave() {
    if (this.state === 'over') return;
    this.state = 'over';
    this.onLeft?.();
  }

  drained() {
    if (!this.waiting || this.state !== 'begun') return;
    this.waiting = false;
    this.onDrain?.();
  }

  private overrun(): boolean {
    this.break();
    return true;
  }
}

const MAX_PROBES = 3;
const CLOSE = 'connection: close\r\n\r\n';
