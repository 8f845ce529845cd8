import type {
  AuditFilter,
  AuditPage,
  BudgetView,
  CassetteView,
  ChangePage,
  DemotionApprove,
  DemotionView,
  ExchangeDetail,
  ExchangeFilter,
  ExchangePage,
  FallbackDrill,
  FallbackDrillAsk,
  FallbackView,
  FreezeCreate,
  FreezeMark,
  FreezeView,
  HoursQuery,
  HoursView,
  KeyCreate,
  KeyCreated,
  KeyView,
  Me,
  PageQuery,
  PolicyVersionView,
  ProviderView,
  QuotaView,
  RampAsked,
  RampChange,
  RampDecision,
  RampJudged,
  RampVerdict,
  RampView,
  ReloadView,
  RouterView,
  RouteView,
  Run,
  RunApprove,
  RunDetail,
  RunEventQuery,
  RunEvents,
  RunFilter,
  RunPage,
  RunRefuse,
  ShadowQuery,
  ShadowReport,
  SpendQuery,
  SpendReport,
  Status,
  SystemView,
  TiersQuery,
  TiersReport,
  TokenCreate,
  TokenCreated,
  TokenView,
  WasteQuery,
  WasteReport,
  Watch,
  WatchQuery,
  WeatherView,
} from '@midwatch/contracts';
import { fallback } from './fallback.ts';
import { type CallOptions, http, type MidwatchOptions, search, segment } from './http.ts';
import { type LiveEvent, live } from './live.ts';
import { type SendOptions, sender } from './send.ts';

export interface ChangeQuery extends Partial<PageQuery> {
  readonly from?: number;
  readonly to?: number;
  readonly route?: string;
}

/** The control plane of one Midwatch. Every method rejects with `MidwatchError`. */
export interface Midwatch {
  /**
   * Asks a model at a path of the data plane, such as `/v1/chat/completions`; the answer is good and its body unread. Rejects with
   * `QuotaDeferred` when Midwatch sends the call away for now.
   */
  send(endpoint: string, body: unknown, options?: SendOptions): Promise<Response>;
  /** Needs no login. */
  status(options?: CallOptions): Promise<Status>;
  /** For browsers: exchanges a token for a session cookie with its role. */
  login(token: string, options?: CallOptions): Promise<Me>;
  logout(options?: CallOptions): Promise<void>;
  me(options?: CallOptions): Promise<Me>;
  watch(query?: WatchQuery, options?: CallOptions): Promise<Watch>;
  readonly exchanges: {
    /** Newest first; give `next` of the answer back as `cursor` for the older page. */
    list(query?: ExchangeFilter & Partial<PageQuery>, options?: CallOptions): Promise<ExchangePage>;
    get(id: string, options?: CallOptions): Promise<ExchangeDetail>;
    neighbours(id: string, page?: Partial<PageQuery>, options?: CallOptions): Promise<ExchangePage>;
    /** The request body in the dialect of its caller, ready to be sent again; secrets are masked. */
    ask(id: string, options?: CallOptions): Promise<unknown>;
    /** One message per choice, in the shape in which a client sends it back. */
    answer(id: string, options?: CallOptions): Promise<readonly unknown[]>;
  };
  /** Events as they happen, over any number of broken connections, until `signal` aborts or the loop is left. */
  live(filter?: ExchangeFilter, options?: CallOptions): AsyncGenerator<LiveEvent>;
  readonly routes: {
    list(options?: CallOptions): Promise<readonly RouteView[]>;
    get(name: string, options?: CallOptions): Promise<RouteView>;
    /** Holds its policy on every gateway: as it is, or a kept version; rejects with `not_frozen` where there is none. */
    freeze(name: string, freeze?: FreezeCreate, options?: CallOptions): Promise<FreezeView>;
    /** Rejects with `not_found` where it is not frozen. */
    thaw(name: string, options?: CallOptions): Promise<FreezeMark>;
    /** Kept versions of its policy, the one used last first. */
    versions(name: string, options?: CallOptions): Promise<readonly PolicyVersionView[]>;
  };
  /** Routes that are held as they are, and what has moved on them since. */
  freezes(options?: CallOptions): Promise<readonly FreezeView[]>;
  /** Answers that were served beside those of a second target that nobody got; of the last day unless asked otherwise. */
  shadows(query?: ShadowQuery, options?: CallOptions): Promise<ShadowReport>;
  /** How every target stands, worst first. */
  providers(options?: CallOptions): Promise<readonly ProviderView[]>;
  /** Time to the first token by the hour of the week, the most used target first. */
  hours(query?: HoursQuery, options?: CallOptions): Promise<readonly HoursView[]>;
  /** How long each target keeps its callers waiting, and why; slow ones first. */
  weather(options?: CallOptions): Promise<readonly WeatherView[]>;
  readonly fallbacks: {
    /** What is known of every fallback before it is needed, worst first. */
    list(options?: CallOptions): Promise<readonly FallbackView[]>;
    /** Makes real calls, which are billed, once `confirmed`; without it answers what they would be. */
    drill(ask: FallbackDrillAsk, options?: CallOptions): Promise<FallbackDrill>;
  };
  /** Two ways of your own to do one thing, the second exercised until it is proven. Asks no server. */
  readonly fallback: typeof fallback;
  quotas(options?: CallOptions): Promise<readonly QuotaView[]>;
  budgets(options?: CallOptions): Promise<readonly BudgetView[]>;
  readonly ramps: {
    list(options?: CallOptions): Promise<readonly RampView[]>;
    /** Each rejects with code `ramp_stays` and the reason when it cannot be done. */
    advance(route: string, change?: RampChange, options?: CallOptions): Promise<RampView>;
    /** At once: one bucket, or all of them. */
    rollback(route: string, change?: RampChange, options?: CallOptions): Promise<RampView>;
    /** Opens a bucket again after a fix, or begins the whole ramp anew. */
    reset(route: string, change?: RampChange, options?: CallOptions): Promise<RampView>;
    /** Where an ask would go, were it made now; nobody is asked. */
    decide(route: string, asked: RampAsked, options?: CallOptions): Promise<RampDecision>;
    /** What answers were worth, for a ramp with `verdicts`: by the id in their header x-midwatch-exchange. */
    judge(route: string, verdicts: readonly RampVerdict[], options?: CallOptions): Promise<RampJudged>;
  };
  /** Model routers with their books. */
  routers(options?: CallOptions): Promise<readonly RouterView[]>;
  /** Where the money went; by cause and of the last hour unless asked otherwise. */
  spend(query?: Partial<SpendQuery>, options?: CallOptions): Promise<SpendReport>;
  /** Declared against served tier mix; told apart by rule and of the last week unless asked otherwise. */
  tiers(query?: Partial<TiersQuery>, options?: CallOptions): Promise<TiersReport>;
  readonly demotions: {
    /** Those that need somebody first. */
    list(options?: CallOptions): Promise<readonly DemotionView[]>;
    /** Lets a rule with `onExpire: extend-with-approval` act on after its end. */
    approve(
      route: string,
      id: string,
      approval: DemotionApprove,
      options?: CallOptions,
    ): Promise<DemotionView>;
    /** Ends it before its time, or its blocking after it. */
    end(route: string, id: string, options?: CallOptions): Promise<DemotionView>;
  };
  /** What exchanges that are no production paid again; of the last 30 days unless asked otherwise. */
  waste(query?: WasteQuery, options?: CallOptions): Promise<WasteReport>;
  /** Recorded questions that are asked again from time to time, and how far each answer has moved. */
  cassettes(options?: CallOptions): Promise<CassetteView>;
  /** Reads the configuration again, all or nothing; rejects with code `not_reloaded` when it cannot be used. */
  reload(options?: CallOptions): Promise<ReloadView>;
  readonly changes: {
    list(query?: ChangeQuery, options?: CallOptions): Promise<ChangePage>;
  };
  readonly runs: {
    /** Newest first; give `next` of the answer back as `cursor` for the older page. */
    list(query?: RunFilter & Partial<PageQuery>, options?: CallOptions): Promise<RunPage>;
    get(id: string, options?: CallOptions): Promise<RunDetail>;
    /** What happened after an event; ask again after the last of them until `over`. */
    events(id: string, query?: Partial<RunEventQuery>, options?: CallOptions): Promise<RunEvents>;
    /** The same question once more, as a run of its own. */
    resample(id: string, options?: CallOptions): Promise<Run>;
    /** Says yes to a run that awaits approval; rejects with code `not_awaiting` where nothing is to be decided. */
    approve(id: string, said?: RunApprove, options?: CallOptions): Promise<Run>;
    /** Says no: it ends as cancelled and no model is asked. */
    refuse(id: string, said: RunRefuse, options?: CallOptions): Promise<Run>;
    /** Acts at once on a queued run, within seconds on one that is carried out. */
    cancel(id: string, options?: CallOptions): Promise<Run>;
  };
  readonly keys: {
    list(options?: CallOptions): Promise<readonly KeyView[]>;
    /** The key itself is in this answer and never again anywhere. */
    create(key: KeyCreate, options?: CallOptions): Promise<KeyCreated>;
    /** Acts within a second. */
    revoke(id: string, options?: CallOptions): Promise<KeyView>;
  };
  /** Tokens of the control plane beside the admin token; only an admin makes and revokes them. */
  readonly tokens: {
    list(options?: CallOptions): Promise<readonly TokenView[]>;
    /** The token itself is in this answer and never again anywhere. */
    create(token: TokenCreate, options?: CallOptions): Promise<TokenCreated>;
    /** Ends it and every login with it within a second. */
    revoke(id: string, options?: CallOptions): Promise<TokenView>;
  };
  /** Who changed what, newest first. */
  audit(query?: AuditFilter & Partial<PageQuery>, options?: CallOptions): Promise<AuditPage>;
  system(options?: CallOptions): Promise<SystemView>;
}

export function createMidwatch(options: MidwatchOptions = {}): Midwatch {
  const api = http(options);
  const get = <T>(path: string, call?: CallOptions) => api.json<T>('GET', path, call);
  const post = <T>(path: string, body: unknown, call?: CallOptions) =>
    api.json<T>('POST', path, { ...call, body });

  return {
    send: sender(options),
    status: (call) => get('/status', call),
    login: (token, call) => post('/login', { token }, call),
    logout: (call) => post('/logout', {}, call),
    me: (call) => get('/me', call),
    watch: (query = {}, call) => get(`/watch${search(query)}`, call),
    exchanges: {
      list: (query = {}, call) => get(`/exchanges${search(query)}`, call),
      get: (id, call) => get(`/exchanges/${segment(id)}`, call),
      neighbours: (id, page = {}, call) => get(`/exchanges/${segment(id)}/neighbours${search(page)}`, call),
      ask: (id, call) => get(`/exchanges/${segment(id)}/ask`, call),
      answer: (id, call) => get(`/exchanges/${segment(id)}/answer`, call),
    },
    live: (filter = {}, call = {}) => live(api, filter, call),
    routes: {
      list: (call) => get('/routes', call),
      get: (name, call) => get(`/routes/${segment(name)}`, call),
      freeze: (name, freeze = {}, call) => post(`/routes/${segment(name)}/freeze`, freeze, call),
      thaw: (name, call) => post(`/routes/${segment(name)}/thaw`, {}, call),
      versions: (name, call) => get(`/routes/${segment(name)}/versions`, call),
    },
    freezes: (call) => get('/freezes', call),
    shadows: (query = {}, call) => get(`/shadows${search(query)}`, call),
    providers: (call) => get('/providers', call),
    hours: (query = {}, call) => get(`/providers/hours${search(query)}`, call),
    weather: (call) => get('/providers/weather', call),
    fallbacks: {
      list: (call) => get('/fallbacks', call),
      drill: (ask, call) => post('/fallbacks/drill', ask, call),
    },
    fallback,
    quotas: (call) => get('/quotas', call),
    budgets: (call) => get('/budgets', call),
    ramps: {
      list: (call) => get('/ramps', call),
      advance: (route, change = {}, call) => post(`/ramps/${segment(route)}/advance`, change, call),
      rollback: (route, change = {}, call) => post(`/ramps/${segment(route)}/rollback`, change, call),
      reset: (route, change = {}, call) => post(`/ramps/${segment(route)}/reset`, change, call),
      decide: (route, asked, call) => post(`/ramps/${segment(route)}/decide`, asked, call),
      judge: (route, verdicts, call) => post(`/ramps/${segment(route)}/judge`, { verdicts }, call),
    },
    routers: (call) => get('/routers', call),
    spend: (query = {}, call) => get(`/spend${search(query)}`, call),
    tiers: (query = {}, call) => get(`/tiers${search(query)}`, call),
    demotions: {
      list: (call) => get('/demotions', call),
      approve: (route, id, approval, call) =>
        post(`/demotions/${segment(route)}/${segment(id)}/approve`, approval, call),
      end: (route, id, call) => post(`/demotions/${segment(route)}/${segment(id)}/end`, {}, call),
    },
    waste: (query = {}, call) => get(`/waste${search(query)}`, call),
    cassettes: (call) => get('/cassettes', call),
    reload: (call) => post('/reload', {}, call),
    changes: {
      list: (query = {}, call) =>
        get(`/changes${search(query as Readonly<Record<string, string | number>>)}`, call),
    },
    runs: {
      list: (query = {}, call) => get(`/runs${search(query)}`, call),
      get: (id, call) => get(`/runs/${segment(id)}`, call),
      events: (id, query = {}, call) => get(`/runs/${segment(id)}/events${search(query)}`, call),
      resample: (id, call) => post(`/runs/${segment(id)}/resample`, {}, call),
      approve: (id, said = {}, call) => post(`/runs/${segment(id)}/approve`, said, call),
      refuse: (id, said, call) => post(`/runs/${segment(id)}/refuse`, said, call),
      cancel: (id, call) => post(`/runs/${segment(id)}/cancel`, {}, call),
    },
    keys: {
      list: (call) => get('/keys', call),
      create: (key, call) => post('/keys', key, call),
      revoke: (id, call) => post(`/keys/${segment(id)}/revoke`, {}, call),
    },
    tokens: {
      list: (call) => get('/tokens', call),
      create: (token, call) => post('/tokens', token, call),
      revoke: (id, call) => post(`/tokens/${segment(id)}/revoke`, {}, call),
    },
    audit: (query = {}, call) => get(`/audit${search(query)}`, call),
    system: (call) => get('/system', call),
  };
}
