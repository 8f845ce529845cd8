import type { AskFacets, Digest, Message } from './ask.ts';
import type { Usage } from './exchange.ts';
import type { Failure, Result } from './failure.ts';
import type { Member } from './family.ts';
import type { EpochMs, ExchangeId } from './ids.ts';
import type { Outcome } from './outcome.ts';
import type { Axes, Observed } from './release.ts';
import type { Fields } from './wire.ts';

/**
 * One dialect, both directions. Values in, values out: no socket, no clock.
 * A body of the own dialect passes through untouched; a protocol only reads it.
 */
export interface Protocol extends Member {
  /** Which family of errors and credentials it belongs to. */
  readonly dialect: Dialect;
  /** Path of the endpoint below the base URL of the dialect, for instance `/chat/completions`. */
  readonly path: string;
  /** Reads and checks an ask without changing it. The failure's hint names the field and what it should be. */
  readAsk(body: Uint8Array): Result<ReadAsk>;
  /** Reads a whole unary answer (status 200). Never throws: what cannot be read is `invalid`. */
  readAnswer(body: Uint8Array): Reading;
  /** A fresh scanner for one stream. An event larger than `maxEventBytes` is `malformed`, so that no stream can fill the memory. */
  scanStream(limits?: StreamLimits): StreamScanner;
  /** Where a stream reports usage only on request; absent where it does so by itself, or never. */
  readonly usageWish?: UsageWish;
  /** The same ask, whose caller named none, with a limit on its answer, in the word that the provider has for it; undefined where that cannot be. Absent: there is none to set. */
  limit?(body: Uint8Array, tokens: number, word: 'max_completion_tokens' | undefined): Uint8Array | undefined;
  /** Classifies an answer whose HTTP status was not 2xx. `now`: when it came, for waits that are told as a date. */
  readError(status: number, headers: Fields, body: Uint8Array, now: EpochMs): Failure;
  /** What ends a stream after its reason for the end; absent where the reason itself does. */
  readonly terminator?: string;
  /** An error body of this dialect. `hint` is shown to the caller; the exchange is named in it. */
  writeError(failure: Failure, exchange: ExchangeId): { readonly status: number; readonly body: string };
  /** The same as an event inside a stream that has begun. */
  writeStreamError(failure: Failure, exchange: ExchangeId): string;
  /**
   * Would the dialect's clients take this event of a provider, which says that the stream has failed, for an error? Some servers
   * write errors as no client of the dialect reads them. Absent: always.
   */
  tellsError?(event: string): boolean;
  /** A finished answer of this dialect with a text of ours in it; absent where an answer is not text. */
  writeReply?(reply: Reply): string;
  /** Hashes bodies and axes. `answer` is the assembled answer body of `Reading.message`. */
  digest(ask: Uint8Array, answer: Uint8Array | undefined, declared: Axes): Digest;
  /** One stored message (a body named by a chain or an answer) as a reader sees it. */
  readMessage(body: Uint8Array): readonly Message[];
}

export interface UsageWish {
  /** The same ask with the wish in it; undefined when the caller has it already. */
  ask(body: Uint8Array): Uint8Array | undefined;
  /** Is this one event what the wish brings, and nothing else? */
  brings(event: Uint8Array): boolean;
}

/** A canned answer, given in place of a model's. */
export interface Reply {
  readonly text: string;
  readonly exchange: ExchangeId;
  /** What the caller asked for. */
  readonly model: string;
  readonly at: EpochMs;
  /** As one event stream instead of one body. */
  readonly stream: boolean;
}

export type Dialect = 'openai' | 'anthropic';

export interface ReadAsk {
  readonly facets: AskFacets;
  /** A stream is to tell its usage, in a dialect in which that is a matter of asking. */
  readonly asksUsage?: boolean;
  /** Position of the JSON value of the top-level `model`, quotes included, so that mapping a model changes these bytes only. */
  readonly modelSpan?: { readonly start: number; readonly end: number };
}

/** What was read from an answer, whole or so far. */
export interface Reading {
  readonly outcome: Outcome;
  /** Set when the answer itself reports an error or cannot be read. */
  readonly failure?: Failure;
  readonly usage: Usage;
  readonly observed: Observed;
  /** The provider's word for the end, as it came. */
  readonly finish?: string;
  /** Characters of visible text, for estimates. */
  readonly textLength: number;
  readonly toolCalls: number;
  /** Events of the stream that could not be read and were left out. */
  readonly malformed?: number;
  /** Its text was too much to keep: there is no `message`. */
  readonly forgotten?: boolean;
  /** The assembled answer: JSON array of messages in the shape in which a client sends them back, one per choice. */
  readonly message: () => Uint8Array | undefined;
}

export interface StreamLimits {
  readonly maxEventBytes?: number;
  /** Choices asked for, where that is more than one: a stream in which one of them is done is not. */
  readonly choices?: number;
}

/**
 * Reads a stream in one pass, whatever the boundaries of its chunks, without re-serialising.
 * Chunk bytes may be kept only until the next `push`.
 */
export interface StreamScanner {
  push(chunk: Uint8Array): void;
  /** First real output has been seen: text, tool-call or refusal delta; not a ping, a role, an empty delta. */
  readonly started: boolean;
  /** Pieces of real output seen so far; what is no output to `started` does not count here either. */
  readonly outputs: number;
  /** The dialect's own end has been seen (`[DONE]`, `message_stop`, `response.completed`, …). */
  readonly ended: boolean;
  /** A reason for the end has been seen on every choice, so only usage and the terminator may follow. */
  readonly finished: boolean;
  /** What the whole answer costs has been told. */
  readonly counted: boolean;
  /** Bytes of the last `push` that stand behind the dialect's own end: nothing of the stream, and nobody's to pass on. */
  readonly spare: number;
  /** An in-band error event, or an event that cannot be read. */
  readonly failure: Failure | undefined;
  /** Events that say nothing, and those after the first output that could not be read: left out, and whoever relays leaves them out too. */
  readonly malformed: number;
  /** Characters that it keeps for `message`, about. */
  readonly kept: number;
  /** Keeps no text from here on, nor what it has: there is no `message`, everything else is as it would be. */
  forget(): void;
  /** Number of complete events seen so far, comments included. */
  readonly events: number;
  /**
   * Bytes seen since the last complete event. A relay that holds these back until they are complete can end a cut stream
   * with an error event that the caller's parser still reads.
   */
  readonly pending: number;
  /** Reading so far; `closed` says the upstream closed (true) or that we stopped listening (false). Without a reason for the end it is `cut`. */
  read(closed: boolean): Reading;
}
