import type {
  ChangePage,
  ExchangeFilter,
  ExchangePage,
  PageQuery,
  SystemView,
  WatchPoint,
  WatchTotals,
} from './api.ts';
import type { AnswerRecord, AskRecord } from './ask.ts';
import type { Exchange } from './exchange.ts';
import type { ExchangeId } from './ids.ts';
import type { ExchangeWriter, KeyRecord } from './ports.ts';
import type { Axes } from './release.ts';

/** What the rest of the house asks of Postgres. Every method may reject with `StoreUnavailable`; callers say so, nobody waits. */
export interface Store extends ExchangeWriter {
  exchanges: {
    list(filter: ExchangeFilter, page: PageQuery): Promise<ExchangePage>;
    get(id: ExchangeId): Promise<{ readonly exchange: Exchange; readonly axes: Axes } | undefined>;
    neighbours(id: ExchangeId, page: PageQuery): Promise<ExchangePage>;
    /** Stored messages of an ask in order, and the other bodies it names; undefined once retention has dropped them. */
    askBodies(at: number, ask: AskRecord): Promise<StoredAsk | undefined>;
    answerBodies(at: number, answer: AnswerRecord): Promise<readonly Uint8Array[] | undefined>;
  };
  rollups: {
    /** Points of `step` ms over [from, to), and totals by group. Reads rollups only. */
    window(query: {
      readonly from: number;
      readonly to: number;
      readonly step: number;
      readonly route?: string;
    }): Promise<RollupWindow>;
  };
  changes: {
    list(
      filter: { readonly from?: number; readonly to?: number; readonly route?: string },
      page: PageQuery,
    ): Promise<ChangePage>;
  };
  keys: {
    all(): Promise<readonly (KeyRecord & { readonly lastUsedAt?: number })[]>;
    create(key: KeyRecord): Promise<void>;
    revoke(id: string, at: number): Promise<boolean>;
    /** Grows with every change; cheap to poll. */
    version(): Promise<number>;
    touched(lastUsed: ReadonlyMap<string, number>): Promise<void>;
  };
  admin: {
    /** argon2id of the admin token; undefined before the first start has made one. */
    tokenHash(): Promise<string | undefined>;
    /** Sets it unless one exists; returns whether this call set it. */
    setTokenHash(hash: string): Promise<boolean>;
    replaceTokenHash(hash: string): Promise<void>;
    createSession(session: {
      readonly hash: string;
      readonly role: string;
      readonly name: string;
      readonly expiresAt: number;
    }): Promise<void>;
    session(hash: string, now: number): Promise<{ readonly role: string; readonly name: string } | undefined>;
    endSession(hash: string): Promise<void>;
    audit(entry: {
      readonly at: number;
      readonly who: string;
      readonly what: string;
      readonly subject?: string;
      readonly detail?: unknown;
    }): Promise<void>;
  };
  upkeep: {
    migrate(): Promise<{ readonly from: number; readonly to: number }>;
    /** Creates coming partitions, drops what retention and the disk budget no longer cover; says what it dropped. */
    enforce(limits: {
      readonly now: number;
      readonly exchangesMs: number;
      readonly bodiesMs: number;
      readonly rollupsMs: number;
      readonly diskBytes: number;
    }): Promise<readonly string[]>;
    describe(): Promise<Omit<SystemView['database'], 'kind' | 'state' | 'trouble'>>;
    ping(): Promise<void>;
  };
  close(): Promise<void>;
}

export interface StoredAsk {
  readonly messages: readonly Uint8Array[];
  readonly tools?: Uint8Array;
  readonly schema?: Uint8Array;
  readonly envelope: Uint8Array;
}

export interface RollupWindow {
  readonly points: readonly WatchPoint[];
  readonly totals: WatchTotals;
  readonly byRoute: readonly (WatchTotals & { readonly route: string })[];
  readonly byTarget: readonly (WatchTotals & { readonly target: string })[];
}

export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}
