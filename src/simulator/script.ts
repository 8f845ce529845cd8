/**
 * What goes back for one call: a plan on the clock, not yet bytes on a wire. The one central type of the simulator:
 * a dialect writes it, a fault is a function from one to another, a player performs it on a socket or as a Response.
 */
export interface Script {
  /** `reset` and `silence` never send a head: the connection is torn down, or nothing happens at all. */
  readonly opening: 'answer' | 'reset' | 'silence';
  /** Milliseconds from the end of the ask to the head (or the reset). */
  readonly before: number;
  readonly status: number;
  /** Without framing headers; the player adds those. */
  readonly headers: readonly Header[];
  /** Declared content-length; absent means chunked. May lie when a fault wants it to. */
  readonly length?: number;
  readonly parts: Iterable<Part>;
  readonly ending: Ending;
  /** Model that the caller named, for the ledger. */
  readonly model?: string;
  /** What this answer adds to the bill once it is played; absent when nothing is billed. */
  readonly bill?: TokenUsage;
  /** Told what was billed in the end, for limits that count it only then. */
  readonly answered?: (usage: TokenUsage) => void;
  /** The provider's own id of the call, as its headers say it. */
  readonly requestId?: string;
}

export type Header = readonly [name: string, value: string];

/**
 * `clean`: as HTTP ends. `reset`: RST. `close`: a FIN where more was promised. `framing`: a chunk size that is no number.
 * `silence`: the connection stays open and nothing more comes.
 */
export type Ending = 'clean' | 'reset' | 'close' | 'framing' | 'silence';

export interface Part {
  /** Milliseconds since the part before. */
  readonly after: number;
  readonly data: string | Uint8Array;
  readonly role: PartRole;
  /** Output tokens the part carries, reasoning included. */
  readonly tokens?: number;
}

/** `open`, `token`, `finish`, `usage`, `done` are steps of a stream; `body` is a whole unary answer. */
export type PartRole = 'body' | 'open' | 'token' | 'finish' | 'usage' | 'done' | 'noise';

/** Disjoint counts: their sum is everything billed. */
export interface TokenUsage {
  readonly input: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly cacheWriteLong: number;
  readonly audioIn: number;
  readonly imageIn: number;
  readonly output: number;
  readonly reasoning: number;
}

export const sizeOf = (data: string | Uint8Array): number =>
  typeof data === 'string' ? Buffer.byteLength(data) : data.length;

/** A whole answer in one piece. */
export function whole(status: number, headers: readonly Header[], body: string): Script {
  return {
    opening: 'answer',
    before: 0,
    status,
    headers,
    length: Buffer.byteLength(body),
    parts: [{ after: 0, data: body, role: 'body' }],
    ending: 'clean',
  };
}
