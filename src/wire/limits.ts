/** How long a caller may take, in seconds counted by one ticking timer, and how much may wait. Nothing here limits an answer. */
export interface Limits {
  /** From the first byte of a head, or from the opening of a connection, to its last. */
  readonly head: number;
  /** Between two requests. */
  readonly idle: number;
  /** Without a byte of a request body that is not over. */
  readonly body: number;
  /** After the last answer, for the caller to read it and close. */
  readonly linger: number;
  /** Without a byte taken of an answer that is over. */
  readonly unread: number;
  /** The same while such answers take more room than `unreadBytes`, all together. */
  readonly unreadCrowded: number;
  readonly unreadBytes: number;
  /** Bytes thrown away so that a caller who is still sending can read why it need not. */
  readonly drain: number;
}

export const LIMITS: Limits = {
  head: 30,
  idle: 75,
  body: 60,
  linger: 5,
  unread: 120,
  unreadCrowded: 5,
  unreadBytes: 256 * 1024 * 1024,
  drain: 64 * 1024 * 1024,
};

/** RFC 9112 §3 asks for 8,000 at least in the request line alone. */
export const MAX_HEAD = 64 * 1024;
/** Bytes behind an unanswered request beyond which reading stops. */
export const MAX_WAITING = 256 * 1024;
/** A body that nobody wants is read to its end when that is near; otherwise the connection is. */
export const MAX_UNWANTED = 256 * 1024;
/** A reader that is told of a broken connection may drop what it has not looked at yet. */
export const BREAK_AFTER_MS = 100;
