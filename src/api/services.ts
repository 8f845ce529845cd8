import type {
  BudgetReading,
  CassetteView,
  Clock,
  DemotionRefusal,
  DemotionView,
  Development,
  EpochMs,
  FallbackDrill,
  FallbackDrillOrder,
  FallbackView,
  FreezeMark,
  FreezeView,
  LiveFeed,
  Log,
  Message,
  PolicyVersionView,
  ProviderView,
  QuotaReading,
  RampChange,
  RampDecision,
  RampJudged,
  RampOrder,
  RampVerdict,
  RampView,
  Result,
  RouterView,
  RouteView,
  Run,
  RunDecided,
  ShadowTraffic,
  Status,
  Store,
  SystemView,
  TierFinding,
  TiersQuery,
  TiersReport,
} from '#contracts';
import type { KeyService } from './keys/service.ts';
import type { HoursReading, RegimeFinding } from './traffic/hours.ts';
import type { WeatherReading } from './traffic/weather.ts';

/** The stored parts of an ask, parsed. */
export interface AskParts {
  readonly messages: readonly unknown[];
  readonly tools?: unknown;
  readonly schema?: unknown;
  readonly envelope: Readonly<Record<string, unknown>>;
}

/** An edge without the sentences that the API adds. */
export type FallbackEdge = Omit<FallbackView, 'says' | 'todo'>;

/** Routes that are held as they are. */
export interface Freezes {
  /** Resolves when it is in force here; the error is one sentence. Rejects with `StoreUnavailable`. */
  freeze(
    route: string,
    ask: { readonly by: string; readonly reason?: string | undefined; readonly to?: string | undefined },
  ): Promise<Result<FreezeView, string>>;
  /** What it was; undefined when the route was not frozen. */
  thaw(route: string): Promise<FreezeMark | undefined>;
  list(): Promise<readonly FreezeView[]>;
  /** Kept versions of the policy of a route, the one used last first. */
  versions(route: string): Promise<readonly PolicyVersionView[]>;
}

/** Everything the control plane needs of the house; supplied by `app`. */
export interface ApiServices {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Store;
  readonly keys: KeyService;
  readonly live: LiveFeed;
  /**
   * argon2id of the admin token from a snapshot that needs no database, so that a person can log in exactly when the
   * database is what has failed. Undefined before the first start has made one.
   */
  adminHash(): string | undefined;
  status(): Status;
  /** What is counted, in Prometheus' text format. Must not reject because the database is down. */
  metrics(): Promise<string>;
  /** May take a while (it asks the database), must not reject because the database is down. */
  system(): Promise<SystemView>;
  /** Ends a run wherever it is carried out; undefined when there is none. */
  cancelRun(id: string): Promise<Run | undefined>;
  /** Asks the question of a run once more, as a run of the same key; undefined when there is none. */
  resampleRun(id: string): Promise<Run | undefined>;
  /** Says yes or no to a run that awaits approval; `done` is false where nothing was to be decided, undefined when there is none. */
  decideRun(
    id: string,
    said: Omit<RunDecided, 'at'>,
  ): Promise<{ readonly run: Run; readonly done: boolean } | undefined>;
  /** Rejects with `StoreUnavailable`. */
  cassettes(): Promise<CassetteView>;
  /** Without `lastHour`; the API adds it from rollups. */
  routes(): readonly RouteView[];
  /** Targets that were asked for, and those configured that were not. */
  providers(): readonly Omit<ProviderView, 'says' | 'lastHour' | 'slow'>[];
  /** How long each target keeps its callers waiting, without words. */
  weather(): readonly WeatherReading[];
  /** The week of each target that answered, without words. */
  hours(): readonly HoursReading[];
  /** Whatever of it is slower than its own week now. */
  regimes(): readonly RegimeFinding[];
  /** Fallbacks as they stand, in the order of the configuration. */
  fallbacks(): readonly FallbackEdge[];
  /** Empty where nothing ramps. */
  ramps(): readonly RampView[];
  /** Undefined: this route has no ramp. A string: why nobody can say. */
  decideRamp(route: string, order: RampOrder): RampDecision | string | undefined;
  /** Undefined: this route has no ramp. */
  judgeRamp(route: string, verdicts: readonly RampVerdict[]): RampJudged | undefined;
  /** Undefined: this route has no ramp. */
  changeRamp(
    route: string,
    verb: 'advance' | 'rollback' | 'reset',
    change: RampChange,
  ):
    | { readonly ok: true; readonly ramp: RampView }
    | { readonly ok: false; readonly why: string }
    | undefined;
  /** Empty where no route is routed by model. */
  routers(): readonly RouterView[];
  /** Plans a drill, and makes its calls when that is confirmed. */
  drillFallbacks(
    order: FallbackDrillOrder,
  ): Promise<
    Result<
      Omit<FallbackDrill, 'edges'> & { readonly edges: readonly FallbackEdge[] },
      { readonly message: string; readonly hint: string }
    >
  >;
  /** Empty where nothing is limited. */
  quotas(): readonly QuotaReading[];
  budgets(): readonly BudgetReading[];
  readonly tiers: {
    /** Rejects with a `RangeError` for a window without a length. */
    report(query: TiersQuery): Promise<TiersReport>;
    demotions(): readonly DemotionView[];
    approve(
      route: string,
      id: string,
      approval: { readonly by: string; readonly until: EpochMs },
    ): Result<DemotionView, DemotionRefusal>;
    end(route: string, id: string, by: string): Result<DemotionView, DemotionRefusal>;
    /** What the watch over the tier mix says now. */
    findings(): readonly (TierFinding & { readonly route: string })[];
  };
  readonly freezes: Freezes;
  /** Whose exchanges are no production; keys by name or id. */
  development(): Development;
  /** Copies of exchanges that this process asked elsewhere. */
  shadows(): readonly ShadowTraffic[];
  /** Reads the configuration again: all or nothing. */
  reload():
    | { readonly ok: true; readonly changed: readonly string[] }
    | { readonly ok: false; readonly problems: readonly string[] };
  /** One stored body as a reader sees it; `protocol` as in `ExchangeFacts.protocol`. */
  readMessages(protocol: string, body: Uint8Array): readonly Message[];
  /** The body a client of this protocol would send; undefined for a protocol nobody here speaks. */
  rebuildAsk(protocol: string, parts: AskParts): unknown;
}
