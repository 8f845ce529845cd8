import type { ActStore } from './acts.ts';
import type {
  AuditEntry,
  AuditFilter,
  AuditPage,
  ChangePage,
  ExchangeFilter,
  ExchangePage,
  PageQuery,
  Role,
  SystemView,
  TokenView,
  WatchPoint,
  WatchTotals,
} from './api.ts';
import type { AnswerRecord, AskRecord } from './ask.ts';
import type { CassetteStore } from './cassettes.ts';
import type { Exchange } from './exchange.ts';
import type { FreezeStore } from './freeze.ts';
import type { ExchangeId } from './ids.ts';
import type { TierCount } from './mix.ts';
import type { ExchangeWriter, KeyRecord } from './ports.ts';
import type { Axes } from './release.ts';
import type { RunStore } from './runs.ts';
import type { ShadowPair } from './shadow.ts';
import type { SpendBy, SpendReport } from './traffic.ts';
import type { Development, WasteReport } from './waste.ts';

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
      /** Rejects with a `RangeError` where so many tenants and features were named that the rarest are not counted apart. */
      readonly tenant?: string;
      readonly feature?: string;
    }): Promise<RollupWindow>;
    /** Money over [from, to), which is widened to whole minutes, or to whole hours where retention has dropped those. */
    spend(query: { readonly from: number; readonly to: number; readonly by: SpendBy }): Promise<SpendReport>;
  };
  /** The tier mix over [from, to), which is widened to whole hours. */
  tiers: TierCounts;
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
    /** Moves the expiry of one that exists. */
    createSession(
      session: StoredSession & { readonly hash: string; readonly expiresAt: number },
    ): Promise<void>;
    /** Undefined also when the token it was opened with is revoked or expired. */
    session(hash: string, now: number): Promise<StoredSession | undefined>;
    endSession(hash: string): Promise<void>;
    audit(entry: AuditEntry): Promise<void>;
    /** Newest first. */
    audited(filter: AuditFilter, page: PageQuery): Promise<AuditPage>;
  };
  /** Tokens of the control plane beside the admin token. */
  tokens: {
    all(): Promise<readonly TokenView[]>;
    /** By SHA-256, revoked and expired ones too. */
    find(hash: string): Promise<TokenView | undefined>;
    /** False when a token that is not revoked has this name. */
    create(token: TokenView & { readonly hash: string }): Promise<boolean>;
    /** The token as it then is; undefined when there is none. Revoking twice keeps the first time. */
    revoke(id: string, at: number): Promise<TokenView | undefined>;
  };
  runs: RunStore;
  freezes: FreezeStore;
  acts: ActStore;
  cassettes: CassetteStore;
  waste: {
    /** By route and model, the dearest repeats first. */
    read(query: {
      readonly from: number;
      readonly to: number;
      readonly whose: Development;
    }): Promise<WasteReport['rows']>;
  };
  shadows: {
    /** Newest first, at most `limit`. */
    pairs(query: {
      readonly from: number;
      readonly to: number;
      readonly route?: string;
      readonly limit: number;
    }): Promise<readonly ShadowPair[]>;
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
    describe(): Promise<
      Omit<SystemView['database'], 'kind' | 'state' | 'trouble'> & {
        readonly dropped?: SystemView['retention']['dropped'];
      }
    >;
    ping(): Promise<void>;
  };
  close(): Promise<void>;
}

interface TierWindow {
  readonly from: number;
  readonly to: number;
  readonly route?: string;
}
/** Whoever serves by which tier, from rollups alone. */
export interface TierCounts {
  /** With `step`, whole hours of milliseconds, counts of so long each. */
  hours(window: TierWindow & { readonly step?: number }): Promise<readonly TierCount[]>;
  tenants(window: TierWindow): Promise<readonly TenantTiers[]>;
  /** Users of a fair sample, and those of them with more than half of their exchanges demoted; whole days. */
  users(window: TierWindow): Promise<readonly UserTiers[]>;
}
export interface TenantTiers {
  readonly route: string;
  /** Absent: what names none. */
  readonly name?: string;
  readonly rest?: true;
  readonly exchanges: number;
  readonly demoted: number;
}
export interface UserTiers {
  readonly route: string;
  readonly users: number;
  readonly mostlyDemoted: number;
}

export interface StoredSession {
  readonly role: Role;
  readonly name: string;
  /** Id of the token it was opened with; absent for the admin token. */
  readonly token?: string;
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

/** The database is away, silent, full, locked, or refuses us: time or whoever administers it may mend that. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
  /** It answers, and refuses this user, this password, this database, or what the user may do there. */
  readonly refused: boolean;
  constructor(message: string, options: ErrorOptions & { readonly refused?: boolean } = {}) {
    super(message, options);
    this.refused = options.refused ?? false;
  }
}
