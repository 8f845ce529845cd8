/**
 * Header fields of one message, names in lower case. A field sent more than once has its values joined by `, `
 * (RFC 9110 §5.3); those of `set-cookie`, which a comma would corrupt, by a line break, and are written as lines of their own.
 * A plain object: building a `Headers` object and reading it again costs several microseconds a call. It may be shared with
 * another call and is never changed; what was not sent is not there, not even by way of a prototype.
 */
export type Fields = Readonly<Record<string, string>>;

/** Who is at the other end of a caller's connection. */
export interface Peer {
  readonly address: string;
  readonly loopback: boolean;
}

/** A request whose head has been read; its body follows. */
export interface Incoming {
  readonly method: string;
  /** As it was sent, without the query. */
  readonly path: string;
  /** Without the question mark; empty when there is none. */
  readonly query: string;
  readonly headers: Fields;
  /**
   * The same object for heads of one connection that differ in nothing but the length of the body: whatever was made of one can be
   * remembered under it for the next. Absent: nothing can.
   */
  readonly same?: object;
  readonly peer: Peer;
}

/** Where the answer to one request goes: either one `send`, or `begin`, any number of `write` and then `end` or `break`. */
export interface Outgoing {
  send(status: number, headers: Fields, body: Uint8Array | string): void;
  begin(status: number, headers: Fields): void;
  /** False when the caller has not taken everything yet: what is written before `onDrain` piles up in memory. */
  write(bytes: Uint8Array | string): boolean;
  end(): void;
  /** Ends the connection without ending the answer, so that no client takes what it got for the whole; what was written before is sent. */
  break(): void;
  /** Told once when the caller leaves before the answer is over. */
  onLeft: (() => void) | undefined;
  /** Told when everything written so far has been taken, after a `write` that returned false. */
  onDrain: (() => void) | undefined;
}

/** Why a request has no whole body. `broken`: it ended before its end; `unreadable`: its chunks are none (RFC 9112 §7.1). */
export type BodyTrouble = 'too_large' | 'broken' | 'unreadable';

/**
 * Takes a request at its head, so that a caller without a key is refused before a byte of its body is read. What it
 * returns is told once, unless an answer was given before: the body, whole, or why there is none.
 */
export type Handler = (
  incoming: Incoming,
  outgoing: Outgoing,
) => ((body: Uint8Array | BodyTrouble) => void) | undefined;

export interface TransportRequest {
  readonly url: string;
  readonly method: string;
  /** Frozen fields are taken to be given again, and their lines are remembered. */
  readonly headers: Fields;
  readonly body?: Uint8Array;
  /** Over a new connection: kept ones to this place are found closed. */
  readonly fresh?: true;
}

/** Why a call has no whole answer. `connect`: never got through. `reset`: closed before a head. `cut`: closed within the body. */
export interface TransportTrouble {
  readonly kind: 'connect' | 'reset' | 'cut' | 'malformed';
  /** For a person: the system's code or what was wrong with the framing. Never contains a credential. */
  readonly detail: string;
}

/** Is told what becomes of one call, in this order: `connected`, `head`, any number of `data`, then one `end` or `fail`. */
export interface AnswerTaker {
  /** The request is on its way on an open connection; a pooled one is open at once. */
  connected(): void;
  /** Its kept connection had been closed, so it was sent again on a new one. */
  resent?(): void;
  head(status: number, headers: Fields): void;
  /** Content, unframed and uncompressed. The bytes are the taker's to keep. */
  data(bytes: Uint8Array): void;
  end(): void;
  fail(trouble: TransportTrouble): void;
}

export interface TransportCall {
  /** Gives the call up; its connection is closed unless the answer was over. Nothing is told after it. */
  cancel(): void;
  /** Stops reading, so that a slow caller slows the provider down and nothing piles up between. */
  pause(): void;
  resume(): void;
}

/**
 * Makes one upstream call. Real ones go over a socket; a drill hands in the simulator itself. Callbacks rather than promises
 * and streams: a chunk that passes through a `ReadableStream` costs more than everything else that is done with it.
 * The taker may be told synchronously, before this returns.
 */
export type Transport = (request: TransportRequest, taker: AnswerTaker) => TransportCall;
