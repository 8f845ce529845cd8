import { type Attempt, type ExchangeFacts, isTraffic, type Usage } from '#contracts';
import {
  ATTEMPTS,
  CALLED,
  COST,
  DEMOTIONS,
  EXCHANGES,
  FIRST,
  FIRST_CHUNK,
  OVERHEAD,
  SERVED,
  TOKENS_USED,
  UNPRICED,
} from './counted.ts';
import type { Family, Metric } from './metric.ts';
import type { Names } from './names.ts';
import { type Row, Table, type Taken } from './table.ts';

/** Sets of labels of one table. Each histogram is some twenty lines of a scrape. */
export const MOST_ROWS = 500;

/** What one thread counted since it was last asked. Plain data. */
export type Counted = Readonly<Partial<Record<keyof Meter['tables'], Taken>>>;

/** The rows of one route, operation, provider and model, found together. Rows are made when they are first counted in. */
interface Bundle {
  readonly labels: readonly [route: string, operation: string, provider: string, model: string];
  readonly model: string;
  readonly protocol: string;
  first?: Row;
  firstChunk?: Row;
  cost?: Row;
  input?: Row;
  output?: Row;
  /** By outcome, of tries by what they failed of below that. */
  readonly served: Map<string, Row>;
  readonly called: Map<string, Map<string, Row>>;
}

const NOBODY = { provider: '', model: '' };

/**
 * Counts exchanges from their finished facts: whatever is counted is recorded as well, and the other way round. No clock, no
 * timer; some hundred nanoseconds for an exchange of one try.
 */
export class Meter {
  readonly tables = {
    exchanges: new Table({ depth: 4, width: 1, most: MOST_ROWS }),
    demotions: new Table({ depth: 5, width: 1, most: MOST_ROWS }),
    overhead: distribution(OVERHEAD),
    served: distribution(SERVED),
    first: distribution(FIRST),
    attempts: new Table({ depth: 4, width: 1, most: MOST_ROWS }),
    called: distribution(CALLED),
    firstChunk: distribution(FIRST_CHUNK),
    tokens: distribution(TOKENS_USED),
    /** Micro-dollars, and calls without a price. */
    cost: new Table({ depth: 4, width: 2, most: MOST_ROWS }),
  };
  private readonly names: Names;
  /** Route, protocol, provider, model. */
  private readonly bundles = new Map<string, Map<string, Map<string, Map<string, Bundle>>>>();
  private last: Bundle | undefined;
  // Filled anew each time, so that counting leaves no garbage.
  private readonly four = ['', '', '', ''];
  private readonly one = [''];

  constructor(names: Names) {
    this.names = names;
  }

  count(facts: ExchangeFacts): void {
    const { route, source, outcome, failure, tier, attempts, timing, protocol, ask } = facts;
    const { four, one, tables } = this;
    four[0] = route;
    four[1] = source;
    four[2] = outcome;
    four[3] = failure?.kind ?? '';
    add(tables.exchanges.of(four), 0, 1);
    for (const attempt of attempts) this.call(route, protocol, attempt, ask.stream);
    if (!isTraffic(source)) return;
    if (tier.served !== tier.intended) {
      const { intended, served, demotedBy = '', reason = '' } = tier;
      add(tables.demotions.of([route, intended, served, demotedBy, reason]), 0, 1);
    }
    one[0] = route;
    observe(tables.overhead.of(one), OVERHEAD, timing.overhead / 1_000);
    const by = (attempts.length < 2 ? attempts[0] : whoServed(facts)) ?? NOBODY;
    const bundle = this.bundle(route, protocol, by.provider, by.model);
    const { labels, served } = bundle;
    let row = served.get(outcome);
    if (!row) {
      row = tables.served.of([...labels, outcome]);
      served.set(outcome, row);
    }
    observe(row, SERVED, timing.total / 1_000);
    if (!ask.stream || timing.firstToken === undefined) return;
    bundle.first ??= tables.first.of(labels);
    observe(bundle.first, FIRST, timing.firstToken / 1_000);
  }

  /** What was counted since the last call, for a meter that adds up those of all threads. */
  take(): Counted | undefined {
    const counted: Record<string, Taken> = {};
    for (const [name, table] of Object.entries(this.tables)) {
      const taken = table.take();
      if (taken.length > 0) counted[name] = taken;
    }
    return Object.keys(counted).length > 0 ? counted : undefined;
  }

  add(counted: Counted): void {
    for (const [name, taken] of Object.entries(counted)) this.tables[name as keyof Counted].add(taken);
  }

  read(): readonly Family[] {
    const { tables } = this;
    return [
      totals(EXCHANGES, tables.exchanges),
      totals(DEMOTIONS, tables.demotions),
      spread(OVERHEAD, tables.overhead),
      spread(SERVED, tables.served),
      spread(FIRST, tables.first),
      totals(ATTEMPTS, tables.attempts),
      spread(CALLED, tables.called),
      spread(FIRST_CHUNK, tables.firstChunk),
      spread(TOKENS_USED, tables.tokens),
      totals(COST, tables.cost, 0, 1e6),
      totals(UNPRICED, tables.cost, 1),
    ];
  }

  private call(route: string, protocol: string, attempt: Attempt, stream: boolean): void {
    const { tables, four } = this;
    const { provider, cause, failure, outcome, usage, cost, timing } = attempt;
    const error = failure?.kind ?? '';
    four[0] = route;
    four[1] = provider;
    four[2] = cause;
    four[3] = error;
    add(tables.attempts.of(four), 0, 1);
    const bundle = this.bundle(route, protocol, provider, attempt.model);
    const { labels, called } = bundle;
    let errors = called.get(outcome);
    if (!errors) {
      errors = new Map();
      called.set(outcome, errors);
    }
    let row = errors.get(error);
    if (!row) {
      row = tables.called.of([...labels, outcome, error]);
      errors.set(error, row);
    }
    observe(row, CALLED, timing.total / 1_000);
    bundle.cost ??= tables.cost.of(labels);
    add(bundle.cost, 0, cost.microUsd);
    if (cost.state === 'unpriced') add(bundle.cost, 1, 1);
    if (stream && timing.firstToken !== undefined) {
      bundle.firstChunk ??= tables.firstChunk.of(labels);
      observe(bundle.firstChunk, FIRST_CHUNK, timing.firstToken / 1_000);
    }
    if (usage.basis === 'none') return;
    bundle.input ??= tables.tokens.of([...labels, 'input']);
    observe(bundle.input, TOKENS_USED, tokensIn(usage));
    bundle.output ??= tables.tokens.of([...labels, 'output']);
    observe(bundle.output, TOKENS_USED, tokensOut(usage));
  }

  private bundle(route: string, protocol: string, provider: string, model: string): Bundle {
    const { last } = this;
    if (
      last !== undefined &&
      last.model === model &&
      last.labels[0] === route &&
      last.labels[2] === provider &&
      last.protocol === protocol
    )
      return last;
    const known = this.bundles.get(route)?.get(protocol)?.get(provider);
    const found = known?.get(model) ?? this.find(route, protocol, provider, this.names.label(model));
    this.last = found;
    return found;
  }

  private find(route: string, protocol: string, provider: string, model: string): Bundle {
    const models = inside(inside(inside(this.bundles, route), protocol), provider);
    const known = models.get(model);
    if (known) return known;
    const labels = [route, operationOf(protocol), provider, model] as const;
    const made: Bundle = { labels, model, protocol, served: new Map(), called: new Map() };
    models.set(model, made);
    return made;
  }
}

function inside<V>(map: Map<string, Map<string, V>>, key: string): Map<string, V> {
  const known = map.get(key);
  if (known) return known;
  const made = new Map<string, V>();
  map.set(key, made);
  return made;
}

/** Its counts by bucket, then the sum. */
function distribution({ labels, buckets = [] }: Metric): Table {
  return new Table({ depth: labels.length, width: buckets.length + 2, most: MOST_ROWS });
}

function observe(row: Row, { buckets = [] }: Metric, value: number): void {
  let i = 0;
  while (i < buckets.length && value > (buckets[i] as number)) i++;
  add(row, i, 1);
  add(row, buckets.length + 1, value);
}

function add(row: Row, cell: number, value: number): void {
  row.fresh = true;
  row.cells[cell] = (row.cells[cell] as number) + value;
}

const totals = (metric: Metric, { rows }: Table, cell = 0, per = 1): Family => ({
  metric,
  samples: rows.map(({ labels, cells }) => ({ labels, value: (cells[cell] as number) / per })),
});

const spread = (metric: Metric, { rows }: Table): Family => ({
  metric,
  distributions: rows.map(({ labels, cells }) => ({
    labels,
    counts: cells.subarray(0, -1),
    sum: cells.at(-1) as number,
  })),
});

/** Whose answer the caller got: the last that did not fail; where all did, the last. */
function whoServed({ attempts, tier }: ExchangeFacts): Attempt | undefined {
  return (
    attempts.findLast(({ failure, tier: of }) => failure === undefined && of === tier.served) ??
    attempts.findLast(({ failure }) => failure === undefined) ??
    attempts.at(-1)
  );
}

/** Input of all kinds: OpenTelemetry's includes what a cache gave. */
export const tokensIn = (usage: Usage): number =>
  usage.input + usage.cacheRead + usage.cacheWrite + usage.cacheWriteLong + usage.audioIn + usage.imageIn;
export const tokensOut = (usage: Usage): number =>
  usage.output + usage.reasoning + usage.audioOut + usage.imageOut;

/** OpenTelemetry's word where it has one. */
function operationOf(protocol: string): string {
  if (protocol === 'openai-embeddings') return 'embeddings';
  return protocol === 'anthropic-count-tokens' ? 'count_tokens' : 'chat';
}
