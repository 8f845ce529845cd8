import type { Digest } from './ask.ts';
import type { ProviderConfig } from './config.ts';
import type { Cost, Exchange, ExchangeFacts, Usage } from './exchange.ts';
import type { Protocol } from './protocol.ts';
import type { Provider } from './provider.ts';
import type { Axes } from './release.ts';
import type { RouteConfig, TargetConfig } from './route-config.ts';

/** Ports: what a room needs of the world, given to it by `app`. */

/** What the gateway leaves when an exchange ends. Bodies are raw; the recorder masks them before anything is kept. */
export interface Finished {
  readonly facts: ExchangeFacts;
  /** Axes the caller declared by header (`x-midwatch-prompt`, …) and the route adds (harness, policy). */
  readonly declared: Axes;
  readonly ask?: Uint8Array;
  /** `Reading.message()`: assembled answer, or undefined when there was none. */
  readonly answer?: Uint8Array;
}

/** Takes finished exchanges; never blocks, never throws. */
export interface Recorder {
  record(finished: Finished): void;
  /** Everything handed over so far is in the spool file when this resolves. */
  flush(): Promise<void>;
  stats(): SpoolStats;
}

export interface SpoolStats {
  /** Handed over since start. */
  readonly taken: number;
  /** In the spool, not yet in the database. */
  readonly waiting: number;
  readonly bytes: number;
  readonly segments: number;
  readonly maxBytes: number;
  /** Not kept because the spool was at its bound or could not be written. Never silent: an alarm goes with it. */
  readonly dropped: number;
  /** The last reason why the spool could not be written, until it can again. */
  readonly trouble?: string;
  /** Bytes and age of what the scribe has not yet moved. */
  readonly lagMs: number;
}

/** What comes out of the spool: already masked. */
export interface SpooledExchange {
  readonly facts: ExchangeFacts;
  readonly declared: Axes;
  readonly ask?: Uint8Array;
  readonly answer?: Uint8Array;
  /** Present when bodies were dropped before spooling and hashes had to be taken first. */
  readonly digest?: { readonly axes: Axes; readonly release: string };
}

/** Where the scribe writes. One transaction a batch, idempotent on exchange id. */
export interface ExchangeWriter {
  /** Returns how many were new. Rejects when the database cannot take them; nothing is then kept. */
  write(batch: readonly DigestedExchange[]): Promise<{ readonly inserted: number }>;
}

export interface DigestedExchange {
  readonly exchange: Exchange;
  readonly digest: Digest;
}

/** Masks secrets (always) and personal data (when asked) in a text; `count` is the number of places. */
export interface Redactor {
  secrets(text: string): { readonly text: string; readonly count: number };
  personal(text: string): { readonly text: string; readonly count: number };
}

/** A key as the gateway holds it: never the key itself. */
export interface KeyRecord {
  readonly id: string;
  readonly name: string;
  readonly owner?: string;
  /** SHA-256, 64 hex digits. */
  readonly hash: string;
  /** Route names; absent means all. */
  readonly routes?: readonly string[];
  readonly tenant?: string;
  readonly createdAt: number;
  readonly expiresAt?: number;
  readonly revokedAt?: number;
  /** First characters, to recognise it: `mw_ab12…`. */
  readonly hint: string;
}

/** Known keys; in memory, refreshed from the store, kept in a snapshot for a start without database. */
export interface KeyRing {
  /** True until the first key was ever created. */
  readonly empty: boolean;
  /** False while a start has read neither the database nor the snapshot: nobody can be told apart yet. Left out, true. */
  readonly known?: boolean;
  /** `sha256Hex` of the presented key. Expired and revoked keys come back too: the caller says why it refuses. */
  find(sha256Hex: string): KeyRecord | undefined;
}

export interface Pricer {
  /** Pure; `at` chooses the price list of that day. */
  price(call: {
    readonly provider: string;
    readonly model: string;
    readonly usage: Usage;
    readonly at: number;
  }): Cost;
  readonly version: string;
}

/** A route made ready: names resolved, providers bound. */
export interface Route {
  readonly name: string;
  readonly config: RouteConfig;
  readonly tiers: readonly Tier[];
  /** Version of its policy while it is frozen: nothing may move it by itself. */
  readonly frozen?: string;
  /** Where copies of its asks go, if anywhere. */
  readonly shadow?: Tier;
}
export interface Tier {
  readonly name: string;
  readonly targets: readonly Target[];
  /** They share its traffic by how fast each is at this hour. */
  readonly byHour?: boolean;
  readonly reply?: string;
}
export interface Target {
  /** Name under `providers` in the configuration. */
  readonly provider: string;
  readonly kind: Provider;
  readonly model?: string;
  /** How it goes on from the beginning of an answer, where that was declared. */
  readonly prefill?: TargetConfig['prefill'];
  /** Tokens it can hold, where that was declared. */
  readonly contextWindow?: number;
  readonly baseUrl: Readonly<Record<string, string | undefined>>;
  readonly apiKey?: string;
  /** IANA zone in which its load lives. */
  readonly zone: string;
  /** It is told how long the caller will still wait. */
  readonly passDeadline?: boolean;
  /** Limits of the calls under way; absent: they are not counted. */
  readonly concurrency?: ProviderConfig['concurrency'];
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Finds the route of an ask. Compiled once per configuration. */
export interface RouteTable {
  readonly routes: readonly Route[];
  match(ask: {
    readonly model: string;
    readonly protocol: Protocol;
    readonly feature?: string;
    readonly route?: string;
  }): Route | undefined;
}

/** A line of the product's own log: an event name and plain data; values are masked before they are written. */
export type Log = (
  level: 'debug' | 'info' | 'warn' | 'error',
  event: string,
  data?: Readonly<Record<string, unknown>>,
) => void;

/** Watches exchanges as they end, in process, for `tail`, live pages and health; best effort, never a record. */
export interface LiveFeed {
  publish(exchange: ExchangeFacts): void;
  subscribe(listener: (exchange: ExchangeFacts) => void): () => void;
}
