import { z } from 'zod';
import type { Message } from './ask.ts';
import type { Exchange } from './exchange.ts';
import type { FreezeMark } from './freeze.ts';
import { OUTCOMES } from './outcome.ts';
import type { Axes, ChangeEvent } from './release.ts';

/**
 * The control plane under `/api/v1`, spoken by console, SDK and command line. Requests are zod schemas (the OpenAPI
 * document is made from them), answers are the types below. Errors: `{ error: { code, message, hint } }`.
 * Roles: a viewer reads everything, an operator also revokes keys and reloads the
 * configuration, an admin does everything.
 *
 *   GET    /status                                  Status (no login needed; says nothing secret)
 *   POST   /login {token}  · POST /logout · GET /me cookie session for the console; Bearer token for programs
 *   GET    /watch?from&to&route&tenant&feature      Watch
 *   GET    /exchanges?…filters…&cursor&limit        ExchangePage
 *   GET    /exchanges/:id                           ExchangeDetail
 *   GET    /exchanges/:id/ask  · /answer            the raw body as stored, application/json
 *   GET    /exchanges/:id/neighbours                ExchangePage (same task, else thread, else key)
 *   GET    /live?…filters…                          SSE: `event: exchange`, data ExchangeRow; `event: change`, data ChangeEvent; comment every 10 s
 *   GET    /routes · /routes/:name                  RouteView[] · RouteView
 *   GET    /changes?from&to&route&cursor&limit      ChangePage
 *   GET    /runs?state&key&cursor&limit · /runs/:id  RunPage · RunDetail
 *   GET    /runs/:id/events?after&limit             RunEvents
 *   POST   /runs/:id/cancel · /runs/:id/resample     Run
 *   GET    /keys · POST /keys · POST /keys/:id/revoke   KeyView[] · KeyCreated · KeyView
 *   GET    /tokens · POST /tokens · POST /tokens/:id/revoke   TokenView[] · TokenCreated · TokenView
 *   GET    /audit?actor&action&subject&from&to&cursor&limit   AuditPage
 *   GET    /providers · /quotas · /budgets          ProviderView[] · QuotaView[] · BudgetView[]
 *   GET    /providers/hours?provider&model          HoursView[]
 *   GET    /fallbacks                               FallbackView[]
 *   POST   /fallbacks/drill {route, …}              FallbackDrill
 *   GET    /spend?from&to&by                        SpendReport
 *   GET    /tiers?from&to&route&by                  TiersReport
 *   GET    /demotions · POST /demotions/:route/:id/approve · /end   DemotionView[] · DemotionView
 *   POST   /reload                                  ReloadView; 409 when the configuration cannot be used, which changes nothing
 *   GET    /system                                  SystemView
 *   GET    /openapi.json
 */

export const exchangeFilterSchema = z.object({
  from: z.coerce.number().optional(),
  to: z.coerce.number().optional(),
  route: z.string().optional(),
  provider: z.string().optional(),
  model: z.string().optional(),
  outcome: z.union([z.enum(OUTCOMES), z.literal('good'), z.literal('bad')]).optional(),
  key: z.string().optional(),
  tenant: z.string().optional(),
  user: z.string().optional(),
  feature: z.string().optional(),
  task: z.string().optional(),
  thread: z.string().optional(),
  release: z.string().optional(),
  /** Without it, traffic alone (`isTraffic`); `all`: whatever it is. */
  source: z.string().optional(),
  /** At least so many attempts. */
  attempts: z.coerce.number().int().optional(),
  /** At least so long, milliseconds. */
  slower: z.coerce.number().optional(),
  /** At least so dear, micro-dollars. */
  dearer: z.coerce.number().optional(),
});
export type ExchangeFilter = z.output<typeof exchangeFilterSchema>;

export const pageSchema = z.object({
  cursor: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});
export type PageQuery = z.output<typeof pageSchema>;

/** One line of a list. */
export interface ExchangeRow {
  readonly id: string;
  readonly at: number;
  readonly route: string;
  readonly protocol: string;
  readonly source: string;
  /** Asked for, and served. */
  readonly model: string;
  readonly servedModel?: string;
  readonly provider?: string;
  /** Tier that served, and who led there where it is not the intended one. */
  readonly tier: string;
  readonly demotedBy?: string;
  readonly outcome: string;
  readonly failure?: string;
  readonly status: number;
  readonly stream: boolean;
  readonly attempts: number;
  readonly totalMs: number;
  readonly firstTokenMs?: number;
  readonly overheadMs: number;
  readonly tokensIn: number;
  readonly tokensOut: number;
  readonly microUsd: number;
  readonly costState: string;
  readonly key?: string;
  readonly tenant?: string;
  readonly feature?: string;
  readonly user?: string;
  readonly task?: string;
  readonly thread?: string;
}
export interface ExchangePage {
  readonly rows: readonly ExchangeRow[];
  /** Give it back as `cursor` for the next, older page; absent at the end. */
  readonly next?: string;
  /**
   * The search stopped here, milliseconds since 1970, so as to answer in time: the page holds fewer than were asked for, even none,
   * and `next` goes on with what is older.
   */
  readonly searched?: number;
}
export interface ExchangeDetail {
  readonly exchange: Exchange;
  readonly axes: Axes;
  readonly ask: readonly Message[];
  readonly answer: readonly Message[];
  /** Tools offered, raw JSON. */
  readonly tools?: string;
  /** Ask without messages and tools, raw JSON. */
  readonly envelope?: string;
  readonly keyName?: string;
  /** Why bodies are not here: the route records none, or retention has dropped them. */
  readonly bodies: 'kept' | 'not_recorded' | 'expired';
}

/** A rate never comes bare: count, n and a 95 % Wilson interval. */
export interface RateView {
  readonly count: number;
  readonly n: number;
  readonly rate: number;
  readonly low: number;
  readonly high: number;
}

export const watchQuerySchema = z.object({
  from: z.coerce.number().optional(),
  to: z.coerce.number().optional(),
  route: z.string().optional(),
  tenant: z.string().optional(),
  feature: z.string().optional(),
});
export type WatchQuery = z.output<typeof watchQuerySchema>;

/** Everything the Watch page shows, from rollups alone; no raw row is aggregated. */
export interface Watch {
  readonly from: number;
  readonly to: number;
  /** Width of a point, milliseconds. */
  readonly step: number;
  readonly points: readonly WatchPoint[];
  readonly totals: WatchTotals;
  readonly byRoute: readonly (WatchTotals & { readonly route: string })[];
  readonly byTarget: readonly (WatchTotals & { readonly target: string })[];
  readonly changes: readonly ChangeEvent[];
  /** What needs attention, worst first. */
  readonly attention: readonly Attention[];
}
export interface WatchPoint {
  readonly at: number;
  readonly exchanges: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly attempts: number;
  readonly microUsd: number;
  /** Milliseconds; absent where nothing was measured. */
  readonly totalMs?: Quantiles;
  readonly firstTokenMs?: Quantiles;
}
export interface Quantiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}
export interface WatchTotals {
  readonly exchanges: number;
  readonly attempts: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly good: RateView;
  /** Good at the first attempt. */
  readonly clean: RateView;
  readonly microUsd: number;
  /** Share of the money in attempts whose answer nobody got. */
  readonly wastedMicroUsd: number;
  readonly unpriced: number;
  readonly tokensIn: number;
  readonly tokensOut: number;
  readonly totalMs?: Quantiles;
  readonly firstTokenMs?: Quantiles;
  readonly overheadMs?: Quantiles;
}
export interface Attention {
  readonly level: 'alarm' | 'warn' | 'note';
  readonly what: string;
  readonly why: string;
  readonly todo: string;
  /** Path inside the console with the evidence. */
  readonly link?: string;
}

export interface RouteView {
  readonly name: string;
  /** The whole policy as one printable list, in the order in which it acts. */
  readonly policy: readonly { readonly step: string; readonly says: string }[];
  readonly tiers: readonly {
    readonly name: string;
    readonly targets: readonly string[];
    readonly reply?: string;
  }[];
  readonly source: 'config' | 'environment' | 'simulator';
  /** Its policy is held as it is; absent for most. */
  readonly frozen?: FreezeMark;
  readonly lastHour?: WatchTotals;
}

export interface ChangePage {
  readonly rows: readonly ChangeEvent[];
  readonly next?: string;
}

export const keyCreateSchema = z.strictObject({
  name: z.string().min(1).max(100),
  owner: z.string().max(200).optional(),
  tenant: z.string().max(100).optional(),
  routes: z.array(z.string()).min(1).optional(),
  /** Epoch milliseconds. */
  expiresAt: z.number().optional(),
});
export type KeyCreate = z.output<typeof keyCreateSchema>;
export interface KeyView {
  readonly id: string;
  readonly name: string;
  readonly owner?: string;
  readonly tenant?: string;
  readonly routes?: readonly string[];
  readonly hint: string;
  readonly createdAt: number;
  readonly expiresAt?: number;
  readonly revokedAt?: number;
  readonly lastUsedAt?: number;
}
/** The key itself is in this answer and never again anywhere. */
export interface KeyCreated extends KeyView {
  readonly key: string;
}

export const ROLES = ['viewer', 'operator', 'admin'] as const;
/** What a caller of the control plane may do; each role may do what the one before it may. */
export type Role = (typeof ROLES)[number];

export const tokenCreateSchema = z.strictObject({
  name: z.string().min(1).max(100),
  role: z.enum(ROLES),
  /** Epoch milliseconds. */
  expiresAt: z.number().optional(),
});
export type TokenCreate = z.output<typeof tokenCreateSchema>;
/** A token of the control plane beside the admin token: for one person or program, with one role. */
export interface TokenView {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** First characters, to recognise it: `mwa_ab1…`. */
  readonly hint: string;
  readonly createdAt: number;
  readonly expiresAt?: number;
  readonly revokedAt?: number;
}
/** The token itself is in this answer and never again anywhere. */
export interface TokenCreated extends TokenView {
  readonly token: string;
}

export const auditFilterSchema = z.object({
  from: z.coerce.number().optional(),
  to: z.coerce.number().optional(),
  actor: z.string().optional(),
  action: z.string().optional(),
  subject: z.string().optional(),
});
export type AuditFilter = z.output<typeof auditFilterSchema>;
/** One change, written after it happened. */
export interface AuditEntry {
  readonly at: number;
  /** Name of the token, `admin` for the admin token, `midwatch up` for whoever started the process. */
  readonly actor: string;
  /** `login`, `logout`, `key.create`, `key.revoke`, `token.create`, `token.revoke`, `token.replace`,
   * `reload`, `fallback.drill`. */
  readonly action: string;
  /** Id of what was changed. */
  readonly subject?: string;
  readonly detail?: unknown;
}
export interface AuditPage {
  readonly rows: readonly AuditEntry[];
  readonly next?: string;
}

export interface Status {
  readonly version: string;
  readonly startedAt: number;
  readonly state: 'starting' | 'ready' | 'draining';
  /** No key exists: loopback callers need none. */
  readonly open: boolean;
  readonly simulated: boolean;
  readonly database: 'up' | 'down';
}

export interface SystemView {
  readonly version: string;
  readonly bun: string;
  readonly platform: string;
  readonly startedAt: number;
  readonly now: number;
  readonly listen: string;
  readonly dataDir: string;
  readonly configFile?: string;
  readonly memory: { readonly rss: number; readonly heapUsed: number };
  readonly gateway: {
    readonly inFlight: number;
    readonly streams: number;
    readonly requests: number;
    readonly authFailures: number;
    /** How far its own event loop was behind since the start, while exchanges were under way. */
    readonly lag: {
      /** Times that it stood still for a second or more: frozen, or without a processor. */
      readonly stalls: number;
      /** Milliseconds, all together, that it was late by more than a timer may be. */
      readonly lateMs: number;
      readonly worstMs: number;
    };
  };
  readonly spool: import('./ports.ts').SpoolStats;
  /** Further gateway threads on the same port; absent where there are none. Their figures are in the sums above. */
  readonly threads?: readonly ThreadView[];
  /** Present where Redis is configured. */
  readonly replicas?: ReplicasState;
  readonly database: {
    readonly kind: 'embedded' | 'external';
    readonly state: 'up' | 'down';
    readonly trouble?: string;
    readonly version?: string;
    readonly schema?: number;
    readonly bytes?: number;
    readonly exchanges?: number;
    readonly oldestDay?: string;
    readonly partitions?: readonly { readonly day: string; readonly table: string; readonly bytes: number }[];
  };
  readonly retention: {
    readonly exchangesMs: number;
    readonly bodiesMs: number;
    readonly rollupsMs: number;
    readonly diskBytes: number;
    readonly usedBytes?: number;
    /** What was dropped before its time because the disk budget was reached; the newest first, a line a table and day. */
    readonly dropped?: {
      readonly exchanges: number;
      readonly bytes: number;
      readonly days: readonly Dropped[];
    };
  };
  readonly disk: { readonly freeBytes: number; readonly totalBytes: number };
  readonly prices: { readonly version: string };
}

/** A gateway thread beside the first, as of the last quarter of a second. */
export interface ThreadView {
  /** Counted from the first, which is 1. */
  readonly thread: number;
  readonly state: 'starting' | 'serving' | 'gone';
  /** How often it ended by itself and was begun again. */
  readonly restarts: number;
  readonly requests: number;
  readonly inFlight: number;
}

/** What this gateway shares with others through Redis; away, each goes on by what it knows itself. */
export interface ReplicasState {
  /** Name of this one, the same after a restart. */
  readonly replica: string;
  readonly state: 'connecting' | 'up' | 'away';
  /** When it became so. */
  readonly since: number;
  readonly trouble?: string;
  /** Names of the others heard within half a minute. */
  readonly peers: readonly string[];
}

/** One day of one table that the disk budget cost. */
export interface Dropped {
  readonly at: number;
  readonly day: string;
  readonly table: string;
  readonly bytes: number;
  /** Of the table `exchanges`: how many are no longer in any list. Rollups still count them. */
  readonly exchanges?: number;
}

export interface Me {
  readonly role: Role;
  readonly name: string;
}
export const loginSchema = z.strictObject({ token: z.string().min(1) });
export interface ApiError {
  readonly error: { readonly code: string; readonly message: string; readonly hint: string };
}
