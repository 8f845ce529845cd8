import type {
  BudgetReading,
  FallbackView,
  ProviderView,
  QuotaReading,
  ReplicasState,
  SpoolStats,
  ThreadView,
} from '#contracts';
import { PRESSURES, PROOF_STATES } from '#contracts';
import type { Family, LabelValues, Metric, Sample } from './metric.ts';
import type { Names } from './names.ts';

/** How the house stands at the moment of a scrape; nothing here is counted a second time, all of it is read where it lives. */
export interface House {
  readonly version: string;
  readonly bun: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly memory: number;
  /** Seconds of processor since the start. */
  readonly cpu: number;
  readonly gateway: {
    readonly inFlight: number;
    readonly streams: number;
    readonly requests: number;
    readonly authFailures: number;
    readonly lag: { readonly stalls: number; readonly lateMs: number };
  };
  readonly spool: SpoolStats;
  /** Undefined while there is no database to write to. */
  readonly scribe?:
    | { readonly moved: number; readonly parked: number; readonly restarts: number }
    | undefined;
  readonly store: boolean;
  readonly replicas?: ReplicasState | undefined;
  readonly threads: readonly ThreadView[];
  readonly targets: readonly Omit<ProviderView, 'says' | 'lastHour' | 'slow'>[];
  readonly quotas: readonly QuotaReading[];
  readonly budgets: readonly BudgetReading[];
  readonly fallbacks: readonly Omit<FallbackView, 'says' | 'todo'>[];
  /** What watches found and still hold, by what it is. */
  readonly findings: Readonly<Record<string, number>>;
  readonly names: Names;
}

/** Targets, quotas and accounts of budgets that are listed one by one. */
export const MOST_LISTED = 200;

export function readHouse(house: House): readonly Family[] {
  return [
    ...process(house),
    ...traffic(house),
    ...record(house),
    ...targets(house),
    ...quotas(house),
    ...budgets(house),
    ...fallbacks(house),
    [FINDINGS, Object.entries(house.findings).map(([kind, n]) => sample([kind], n))] as const,
    [LEFT_OUT, leftOut(house)] as const,
  ].map(([metric, samples]) => ({ metric, samples }));
}

type Read = readonly [Metric, readonly Sample[]];
const sample = (labels: LabelValues, value: number): Sample => ({ labels, value });
const alone = (value: number): readonly Sample[] => [sample([], value)];
const is = (yes: boolean): number => (yes ? 1 : 0);
const HOUSE: Metric[] = [];
function declare(type: 'counter' | 'gauge', name: string, labels: readonly string[], help: string): Metric {
  const metric = { name, type, help, labels };
  HOUSE.push(metric);
  return metric;
}
const gauge = (name: string, labels: readonly string[], help: string) => declare('gauge', name, labels, help);
const counter = (name: string, labels: readonly string[], help: string) =>
  declare('counter', name, labels, help);

const BUILD = gauge('midwatch_build_info', ['version', 'bun'], 'Which Midwatch this is; always 1.');
const STARTED = gauge('process_start_time_seconds', [], 'When this process started, seconds since 1970.');
const MEMORY = gauge('process_resident_memory_bytes', [], 'Memory of the process.');
const CPU = counter('process_cpu_seconds_total', [], 'Processor time of the process, all threads.');

const process = ({ version, bun, startedAt, memory, cpu }: House): Read[] => [
  [BUILD, [sample([version, bun], 1)]],
  [STARTED, alone(startedAt / 1_000)],
  [MEMORY, alone(memory)],
  [CPU, alone(cpu)],
];

const IN_FLIGHT = gauge('midwatch_exchanges_in_flight', [], 'Exchanges under way.');
const STREAMS = gauge('midwatch_streams_in_flight', [], 'Of these, streams that have begun.');
const REQUESTS = counter(
  'midwatch_requests_total',
  [],
  'Exchanges that began, refused ones too. Less those under way it is what ended here; copies, probes and drills come on top.',
);
const STALLS = counter(
  'midwatch_own_stalls_total',
  [],
  'Times that Midwatch itself stood still for a second or more with exchanges under way: frozen, or without a processor.',
);
const LATE = counter(
  'midwatch_own_late_seconds_total',
  [],
  'Time for which its event loop was late with exchanges under way. Its rate is the share of that time: near 1 the core is full.',
);
const AUTH = counter('midwatch_auth_failures_total', [], 'Callers turned away for their key.');
const THREADS = gauge(
  'midwatch_thread_up',
  ['thread'],
  'Does this gateway thread serve? Only where there are several.',
);
const RESTARTS = counter('midwatch_thread_restarts_total', ['thread'], 'Threads that ended by themselves.');
const REDIS = gauge(
  'midwatch_redis_up',
  [],
  'Does the Redis that replicas share answer? Only where one is set.',
);

const traffic = ({ gateway, threads, replicas }: House): Read[] => [
  [IN_FLIGHT, alone(gateway.inFlight)],
  [STREAMS, alone(gateway.streams)],
  [REQUESTS, alone(gateway.requests)],
  [STALLS, alone(gateway.lag.stalls)],
  [LATE, alone(gateway.lag.lateMs / 1_000)],
  [AUTH, alone(gateway.authFailures)],
  [THREADS, threads.map(({ thread, state }) => sample([String(thread)], is(state === 'serving')))],
  [RESTARTS, threads.map(({ thread, restarts }) => sample([String(thread)], restarts))],
  [REDIS, replicas ? alone(is(replicas.state !== 'away')) : []],
];

const STORE = gauge(
  'midwatch_store_up',
  [],
  'Did the database answer within the scrape? Traffic goes on without it, the spool grows.',
);
const SPOOL_BYTES = gauge('midwatch_spool_bytes', [], 'Size of the spool.');
const SPOOL_MAX = gauge(
  'midwatch_spool_max_bytes',
  [],
  'Its declared bound; beyond it exchanges are not recorded.',
);
const WAITING = gauge('midwatch_spool_waiting_exchanges', [], 'In the spool, not yet in the database.');
const LAG = gauge(
  'midwatch_scribe_lag_seconds',
  [],
  'Age of the oldest exchange that is not in the database.',
);
const TAKEN = counter('midwatch_spool_taken_exchanges_total', [], 'Exchanges handed to the spool.');
const DROPPED = counter(
  'midwatch_spool_dropped_exchanges_total',
  [],
  'Exchanges that no record has, because the spool was full or could not be written. Any is an alarm.',
);
const TROUBLE = gauge('midwatch_spool_trouble', [], '1 while the spool cannot be written.');
const MOVED = counter(
  'midwatch_scribe_moved_exchanges_total',
  [],
  'Taken out of the spool into the database.',
);
const PARKED = gauge('midwatch_scribe_parked_exchanges', [], 'Put aside because the database refuses them.');
const SCRIBE = counter(
  'midwatch_scribe_restarts_total',
  [],
  'Threads of the scribe that ended by themselves.',
);

const record = ({ spool, scribe, store }: House): Read[] => [
  [STORE, alone(is(store))],
  [SPOOL_BYTES, alone(spool.bytes)],
  [SPOOL_MAX, alone(spool.maxBytes)],
  [WAITING, alone(spool.waiting)],
  [LAG, alone(spool.lagMs / 1_000)],
  [TAKEN, alone(spool.taken)],
  [DROPPED, alone(spool.dropped)],
  [TROUBLE, alone(is(spool.trouble !== undefined))],
  [MOVED, scribe ? alone(scribe.moved) : []],
  [PARKED, scribe ? alone(scribe.parked) : []],
  [SCRIBE, scribe ? alone(scribe.restarts) : []],
];

const TARGET = ['provider', 'model', 'endpoint'];
const SCORE = gauge('midwatch_target_health_score', TARGET, 'From 1, as always, to 0, down.');
const STATUS = gauge(
  'midwatch_target_status',
  [...TARGET, 'status'],
  '1 for the status it has, 0 for the others.',
);
const SHARE = gauge('midwatch_target_share', TARGET, 'Share of its ordinary traffic that it gets now.');
const CLOSED = gauge(
  'midwatch_target_closed_seconds',
  TARGET,
  'Until it takes ordinary traffic again; 0 when it does.',
);
const KEY = gauge('midwatch_target_key_refused', TARGET, '1 while its provider refuses our key.');
const STATUSES = ['down', 'brownout', 'degraded', 'watch', 'healthy', 'unknown'] as const;

/** Those whose model is told apart anywhere else, too. */
const listed = ({ targets, names }: House) =>
  targets
    .filter(({ model }) => names.label(model) === model)
    .slice(0, MOST_LISTED)
    .map((target) => ({ target, name: [target.provider, target.model, target.endpoint ?? ''] }));

function targets(house: House): Read[] {
  const all = listed(house);
  // Nobody has asked it: it has no health.
  const seen = all.filter(({ target }) => target.status !== 'unknown');
  return [
    [SCORE, seen.map(({ name, target }) => sample(name, target.score))],
    [
      STATUS,
      all.flatMap(({ name, target }) =>
        STATUSES.map((status) => sample([...name, status], is(target.status === status))),
      ),
    ],
    [SHARE, seen.map(({ name, target }) => sample(name, target.share))],
    [CLOSED, seen.map(({ name, target }) => sample(name, target.closedFor / 1_000))],
    [KEY, seen.map(({ name, target }) => sample(name, is(target.keyRefused)))],
  ];
}

const QUOTA = ['provider', 'credential', 'models', 'axis'];
const QUOTA_USED = gauge('midwatch_quota_used_ratio', QUOTA, 'Share of the limit that is used.');
const QUOTA_LIMIT = gauge('midwatch_quota_limit', QUOTA, 'The limit, requests or tokens a minute or day.');
const QUOTA_LEFT = gauge('midwatch_quota_left', QUOTA, 'What may still be used now.');
const PRESSURE = gauge(
  'midwatch_quota_pressure',
  QUOTA,
  '0 calm, 1 tight (from 70 %), 2 critical (from 90 %), 3 exhausted.',
);
const WAITERS = gauge(
  'midwatch_quota_waiting',
  ['provider', 'credential', 'models', 'lane'],
  'Exchanges in its line.',
);

function quotas(house: House): Read[] {
  const axes = house.quotas
    .slice(0, MOST_LISTED)
    .flatMap(({ scope, axes }) => axes.map((axis) => ({ axis, name: [...scopeOf(scope), axis.axis] })));
  return [
    [QUOTA_USED, axes.map(({ name, axis }) => sample(name, axis.share))],
    [QUOTA_LIMIT, axes.map(({ name, axis }) => sample(name, axis.limit))],
    [QUOTA_LEFT, axes.map(({ name, axis }) => sample(name, axis.left))],
    [PRESSURE, axes.map(({ name, axis }) => sample(name, PRESSURES.indexOf(axis.pressure)))],
    [
      WAITERS,
      house.quotas
        .slice(0, MOST_LISTED)
        .flatMap(({ scope, waiting }) =>
          Object.entries(waiting).map(([lane, n]) => sample([...scopeOf(scope), lane], n)),
        ),
    ],
  ];
}

function scopeOf(scope: string): readonly string[] {
  const [provider = '', credential = '', ...models] = scope.split(' ');
  return [provider, credential, models.join(' ')];
}

const BUDGET = ['budget', 'scope', 'value', 'period'];
const SPENT = gauge('midwatch_budget_spent_usd', BUDGET, 'Settled in the running period, US dollars.');
const RESERVED = gauge('midwatch_budget_reserved_usd', BUDGET, 'Reserved for calls under way, US dollars.');
const LIMIT = gauge(
  'midwatch_budget_limit_usd',
  [...BUDGET, 'limit'],
  'Its soft and its hard limit, US dollars.',
);
const LEFT = gauge(
  'midwatch_budget_left_usd',
  BUDGET,
  'Until the hard limit, reservations counted, US dollars.',
);

function budgets(house: House): Read[] {
  const used = ({ settled, reserved }: BudgetReading) => settled + reserved;
  const accounts = [...house.budgets]
    .sort((a, b) => used(b) / (b.hard ?? b.soft ?? 1) - used(a) / (a.hard ?? a.soft ?? 1))
    .slice(0, MOST_LISTED)
    .map((one) => ({ one, name: [one.budget, one.scope, one.value, one.period] }));
  return [
    [SPENT, accounts.map(({ name, one }) => sample(name, one.settled / 1e6))],
    [RESERVED, accounts.map(({ name, one }) => sample(name, one.reserved / 1e6))],
    [
      LIMIT,
      accounts.flatMap(({ name, one: { soft, hard } }) => [
        ...(soft === undefined ? [] : [sample([...name, 'soft'], soft / 1e6)]),
        ...(hard === undefined ? [] : [sample([...name, 'hard'], hard / 1e6)]),
      ]),
    ],
    [
      LEFT,
      accounts.flatMap(({ name, one }) =>
        one.hard === undefined ? [] : [sample(name, Math.max(0, one.hard - used(one)) / 1e6)],
      ),
    ],
  ];
}

const EDGE = ['route', 'tier', 'provider', 'model', 'protocol'];
const PROOF = gauge(
  'midwatch_fallback_proof',
  [...EDGE, 'state'],
  '1 for the state of its proof, 0 for the others.',
);
const READY = gauge(
  'midwatch_fallback_ready',
  EDGE,
  'Has it the proof that its tier asks for? 1 where that is none.',
);
const EXERCISES = gauge(
  'midwatch_fallback_exercises',
  [...EDGE, 'result'],
  'Exercises that count under the present contract; a change of it begins anew.',
);
const SUCCESS = gauge(
  'midwatch_fallback_last_success_timestamp_seconds',
  EDGE,
  'When it last did what it is there for, seconds since 1970.',
);
const REPORTS = gauge('midwatch_fallback_reports', [...EDGE, 'kind'], 'What is known to be wrong with it.');

function fallbacks({ fallbacks }: House): Read[] {
  const edges = fallbacks.map((one) => ({
    one,
    name: [one.route, one.tier, one.provider, one.model, one.protocol],
  }));
  return [
    [
      PROOF,
      edges.flatMap(({ name, one }) =>
        PROOF_STATES.map((state) => sample([...name, state], is(one.state === state))),
      ),
    ],
    [READY, edges.map(({ name, one }) => sample(name, is(one.ready)))],
    [
      EXERCISES,
      edges.flatMap(({ name, one: { exercised } }) => [
        sample([...name, 'good'], exercised.n - exercised.failures),
        sample([...name, 'failed'], exercised.failures),
      ]),
    ],
    [
      SUCCESS,
      edges.flatMap(({ name, one }) =>
        one.lastSuccess === undefined ? [] : [sample(name, one.lastSuccess / 1_000)],
      ),
    ],
    [
      REPORTS,
      edges.flatMap(({ name, one }) =>
        [...new Set(one.reports.map(({ kind }) => kind))].map((kind) =>
          sample([...name, kind], one.reports.filter((report) => report.kind === kind).length),
        ),
      ),
    ],
  ];
}

const FINDINGS = gauge(
  'midwatch_findings',
  ['kind'],
  'What watches hold to be wrong now: regime (slower than its own week), tier_mix (the declared mix is broken), fallback (reported).',
);
const LEFT_OUT = gauge(
  'midwatch_series_left_out',
  ['of'],
  `Targets, quotas and accounts beyond the first ${MOST_LISTED}, which have no series of their own.`,
);

const leftOut = (house: House): readonly Sample[] => [
  sample(['targets'], house.targets.length - listed(house).length),
  sample(['quotas'], Math.max(0, house.quotas.length - MOST_LISTED)),
  sample(['budgets'], Math.max(0, house.budgets.length - MOST_LISTED)),
];

/** Every metric of the house, in the order of the page. */
export const HOUSE_METRICS: readonly Metric[] = HOUSE;
