import type { Clock, EpochMs, MicroUsd, Transport, TransportRequest, TransportTrouble } from '#contracts';

/** `live`: pass through and count. `record`: pass through and keep. `replay`: never the network. `auto`: replay if there, else record. */
export type Mode = 'live' | 'record' | 'replay' | 'auto';

/**
 * The folder of cassettes. Synchronous on purpose: a cassette is read at most once and written in batches, in tests and
 * development, and an answer that is ready at once keeps a replay deterministic.
 */
export interface CassetteFiles {
  /** Names in the folder; empty when it does not exist yet. */
  list(): readonly string[];
  /** Undefined when there is no such file. */
  read(name: string): string | undefined;
  /** Atomic: a reader sees the old text or the new, whole. */
  write(name: string, text: string): void;
  remove(name: string): void;
}

/** What one call cost, or what replaying it saved. */
export interface Bill {
  readonly tokens: number;
  readonly microUsd: MicroUsd;
}

/** An answer as it came, for pricing. */
export interface WholeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface CassettesOptions {
  readonly inner: Transport;
  readonly mode: Mode;
  readonly files: CassetteFiles;
  readonly clock: Clock;
  /** Masks secrets (and whatever else must not reach a file) in one text. Credentials in headers and URLs are never written anyway. */
  readonly mask: (text: string) => string;
  readonly match?: MatchOptions;
  /** What the call after the last recorded one of the same key gets: a miss, the last again, or the first again. */
  readonly exhausted?: 'miss' | 'last' | 'loop';
  /** `recorded` keeps the chunk times, `instant` gives the same chunks without waiting. */
  readonly speed?: 'recorded' | 'instant';
  /**
   * `whole`: answers that ended cleanly. `all`: also cut, refused, failed and given-up ones, marked as what they are. By default
   * all that is recorded on purpose, and of what `auto` asks only answers: a bad minute is not to be replayed for months.
   */
  readonly keep?: 'whole' | 'all';
  /** Age in milliseconds beyond which a recording is expired; never by default. */
  readonly maxAge?: number;
  /** Whether an expired recording is still served (and counted) or is a miss. */
  readonly expired?: 'serve' | 'miss';
  /** Tokens and price of an answer; without it the report has no money in it rather than a zero. */
  readonly bill?: (request: TransportRequest, answer: WholeAnswer) => Bill | undefined;
  /** Release under which a call is made, stored beside the recording. */
  readonly release?: (request: TransportRequest) => string | undefined;
  /** Bytes of one answer beyond which it is not kept; 32 MiB. */
  readonly maxBytes?: number;
}

export interface MatchOptions {
  /** Paths left out of the key beside the built-in ones: `metadata.run`, `messages[*].name`. */
  readonly ignore?: readonly string[];
  /** Request headers that belong to the key; by default those that select a version of the API. */
  readonly headers?: readonly string[];
  /** Name of a host for the key. By default the host itself, and `local` for every loopback address and port. */
  readonly hostClass?: (host: string) => string;
  /** Last word on the body before it is hashed and stored, for instance to fix a date in a prompt. */
  readonly rewrite?: (body: unknown) => unknown;
}

/** The normalised question that a cassette answers. */
export interface Question {
  /** First 32 hex digits of a SHA-256. */
  readonly key: string;
  readonly method: string;
  readonly host: string;
  /** With the query, sorted, credentials left out. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Without volatile fields; `{ $text }` or `{ $base64 }` when it is not JSON, null when there is none. */
  readonly body: unknown;
  readonly model?: string;
}

/** How a recorded answer ended. `left`: the asker gave it up; the provider might have gone on. */
export type Ending = 'whole' | 'unfinished' | 'failed' | 'left' | TransportTrouble['kind'];

/** One read of the answer: milliseconds since the call began, and bytes as text or, where they are no text, base64. */
export type Chunk =
  | { readonly at: number; readonly text: string }
  | { readonly at: number; readonly base64: string };

/** One recorded answer. */
export interface Take {
  /** Which of the identical calls it answers, from 0. Gaps are answers that were not kept; replay closes them. */
  readonly occurrence: number;
  readonly recordedAt: EpochMs;
  readonly release?: string;
  readonly ended: Ending;
  readonly trouble?: string;
  readonly bill?: Bill;
  readonly status?: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds since the call began. */
  readonly headAt?: number;
  readonly endAt: number;
  readonly chunks: readonly Chunk[];
}

/** A reviewer's word on replaced takes. */
export interface Acceptance {
  readonly at: EpochMs;
  readonly note: string;
  readonly occurrences: readonly number[];
}

/** One file: one question and its answers. */
export interface Cassette {
  readonly key: string;
  readonly request: Omit<Question, 'key' | 'model'>;
  readonly accepted: readonly Acceptance[];
  readonly takes: readonly Take[];
}

/** One JSON path in which two questions differ; values shortened. */
export interface Difference {
  readonly path: string;
  readonly recorded?: string;
  readonly asked?: string;
}

export interface Miss {
  readonly key: string;
  readonly path: string;
  readonly model?: string;
  readonly reason: 'unknown' | 'exhausted' | 'expired' | 'unreadable';
  readonly nearest?: string;
  readonly differences: readonly Difference[];
  /** Times it was asked for. */
  count: number;
}

export interface WasteReport {
  readonly mode: Mode;
  readonly calls: number;
  readonly replayed: number;
  readonly recorded: number;
  /** Different answers to questions already on file, put aside for a reviewer. */
  readonly proposed: number;
  /** Answers not kept because they were too large or, where only whole ones are kept, failed or given up. */
  readonly dropped: number;
  /** Replayed although older than `maxAge`. */
  readonly expired: number;
  readonly misses: number;
  readonly missed: readonly Miss[];
  /** Calls that went upstream although a cassette held the question, or this process had asked it before. */
  readonly repeats: number;
  /** Paid upstream, of that for repeats, and not paid thanks to replay. Absent without `bill`. */
  readonly money?: { readonly spent: Bill; readonly wasted: Bill; readonly saved: Bill };
  /** Upstream calls and replays for which `bill` had no answer: their money is in no sum above. */
  readonly unbilled: number;
  /** Why recordings could not be written, when the last try failed; they are kept in memory and tried again. */
  readonly unwritten?: string;
}

/** One cassette of a folder, for a list. */
export interface Shelved {
  readonly key: string;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly model?: string;
  readonly takes: number;
  /** Of them those that failed, broke off or were given up, and are replayed so. */
  readonly failures: number;
  /** Of the newest take. */
  readonly recordedAt?: EpochMs;
  /** Under which its takes were recorded. */
  readonly releases: readonly string[];
  /** Of all takes; absent where one has none. */
  readonly bill?: Bill;
  /** Another answer waits for a reviewer. */
  readonly proposed: boolean;
  readonly accepted: readonly Acceptance[];
  /** Why its file cannot be read. */
  readonly trouble?: string;
}

/** A question that misses, beside the recorded one that is most like it. */
export interface NearMiss {
  readonly key: string;
  /** It is on file as it is: nothing differs. */
  readonly hit: boolean;
  readonly nearest?: string;
  readonly differences: readonly Difference[];
}
