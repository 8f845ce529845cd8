import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import type { Attempt, ExchangeFacts } from '#contracts';
import { NO_USAGE } from '#contracts';
import { COUNTED } from './counted.ts';
import { HOUSE_METRICS, MOST_LISTED, readHouse } from './house.ts';
import { Meter, MOST_ROWS } from './meter.ts';
import { MOST_FOREIGN, modelNames } from './names.ts';
import { PAGE, page } from './reference.gen.ts';
import { readExposition } from './testing.ts';
import { exposition } from './text.ts';

const names = (mask: (text: string) => string = (text) => text) =>
  modelNames({ configured: (model) => model === 'm-1', mask });
const read = (meter: Meter) => readExposition(exposition(meter.read()));

const attempt = (more: Partial<Attempt> = {}): Attempt => ({
  number: 1,
  cause: 'first',
  tier: 'primary',
  provider: 'up',
  model: 'm-1',
  startedAt: 1 as Attempt['startedAt'],
  outcome: 'complete',
  usage: { ...NO_USAGE, input: 10, cacheRead: 5, output: 3, reasoning: 4, basis: 'reported' },
  cost: { microUsd: 1_500_000, state: 'exact' } as Attempt['cost'],
  timing: { firstToken: 40, total: 80 },
  ...more,
});
const facts = (more: Record<string, unknown> = {}): ExchangeFacts =>
  ({
    source: 'gateway',
    route: 'chat',
    protocol: 'openai-chat',
    ask: { model: 'm', stream: true },
    attempts: [attempt()],
    tier: { intended: 'primary', served: 'primary' },
    outcome: 'complete',
    timing: { queued: 0, firstToken: 41, total: 100, overhead: 0.2 },
    ...more,
  }) as unknown as ExchangeFacts;
const failure = (kind: string) => ({ kind }) as never;

test('an exchange is counted once as what the caller saw, and its calls each for itself', () => {
  const meter = new Meter(names());
  const fell = attempt({ outcome: 'error', failure: failure('overloaded'), usage: NO_USAGE });
  const caught = attempt({ number: 2, cause: 'fallback', tier: 'fallback', provider: 'spare' });
  meter.count(facts());
  meter.count(
    facts({
      attempts: [fell, caught],
      tier: { intended: 'primary', served: 'fallback', demotedBy: 'overloaded', reason: 'error' },
    }),
  );
  meter.count(facts({ attempts: [], outcome: 'error', failure: failure('over_budget') }));
  // Ours, not a caller's: money and evidence, and no traffic.
  meter.count(facts({ source: 'probe' }));
  const said = read(meter);
  expect(said.sum('midwatch_exchanges_total')).toBe(4);
  expect(said.sum('midwatch_exchanges_total', { source: 'gateway', outcome: 'complete' })).toBe(2);
  expect(said.sum('midwatch_exchanges_total', { failure: 'over_budget' })).toBe(1);
  expect(said.sum('midwatch_attempts_total')).toBe(4);
  expect(said.sum('midwatch_attempts_total', { cause: 'first', failure: 'overloaded' })).toBe(1);
  expect(said.sum('gen_ai_client_operation_duration_seconds_count', { error_type: 'overloaded' })).toBe(1);
  const served = 'gen_ai_server_request_duration_seconds_count';
  expect(said.sum(served)).toBe(3);
  // Under who served, not under who failed first.
  expect(said.sum(served, { gen_ai_provider_name: 'spare' })).toBe(1);
  expect(said.sum(served, { gen_ai_provider_name: '' })).toBe(1);
  expect(said.sum('midwatch_overhead_seconds_bucket', { le: '0.0001' })).toBe(0);
  expect(said.sum('midwatch_overhead_seconds_bucket', { le: '0.00025' })).toBe(3);
  expect(said.sum('gen_ai_server_time_to_first_token_seconds_sum')).toBeCloseTo(0.123);
  expect(said.sum('gen_ai_client_token_usage_sum', { gen_ai_token_type: 'input' })).toBe(45);
  expect(said.sum('gen_ai_client_token_usage_sum', { gen_ai_token_type: 'output' })).toBe(21);
  expect(said.sum('gen_ai_client_token_usage_count')).toBe(6);
  expect(said.sum('midwatch_cost_usd_total')).toBe(6);
  expect(said.sum('midwatch_demotions_total', { by: 'overloaded', served: 'fallback' })).toBe(1);
});

test('what threads count adds up, and nothing is told twice', () => {
  const first = new Meter(names());
  const other = new Meter(names());
  first.count(facts());
  for (let round = 0; round < 3; round++) {
    other.count(facts());
    other.count(facts({ outcome: 'cut' }));
    // As it crosses threads.
    const counted = structuredClone(other.take());
    if (counted) first.add(counted);
    expect(other.take()).toBeUndefined();
  }
  const said = read(first);
  expect(said.sum('midwatch_exchanges_total')).toBe(7);
  expect(said.sum('midwatch_exchanges_total', { outcome: 'cut' })).toBe(3);
  expect(said.sum('gen_ai_server_request_duration_seconds_count')).toBe(7);
  expect(said.sum('gen_ai_server_request_duration_seconds_sum')).toBeCloseTo(0.7);
});

test('callers who make up names of models cannot make up series, and no sum is lost', () => {
  const meter = new Meter(names((text) => text.replace('sk-secret', '***')));
  const asked = (model: string) => meter.count(facts({ attempts: [attempt({ model })] }));
  const hostile = ['\ud800', '\ud801', 'a"b', 'a\nb', 'sk-secret', 'x'.repeat(5_000), '_OTHER', ''];
  for (const model of hostile) asked(model);
  for (let i = 0; i < 10_000; i++) asked(`made-up-${i}`);
  asked('m-1');
  const text = exposition(meter.read());
  const said = readExposition(text);
  const duration = 'gen_ai_client_operation_duration_seconds_count';
  expect(said.sum(duration)).toBe(10_000 + hostile.length + 1);
  expect(said.sum(duration, { gen_ai_request_model: 'm-1' })).toBe(1);
  const models = new Set(said.series.map(({ labels }) => labels.gen_ai_request_model));
  expect(models.size).toBeLessThanOrEqual(MOST_FOREIGN + 4);
  expect(text).not.toContain('sk-secret');
});

test('a metric has no more sets of labels than is declared, on one thread or several', () => {
  const meter = new Meter(names());
  for (let i = 0; i < 2 * MOST_ROWS; i++) meter.count(facts({ route: `route-${i}` }));
  const other = new Meter(names());
  for (let i = 0; i < 2 * MOST_ROWS; i++) other.count(facts({ route: `far-${i}` }));
  const counted = other.take();
  if (counted) meter.add(counted);
  const said = readExposition(exposition(meter.read().slice(0, 1)));
  expect(said.series.filter(({ name }) => name === 'midwatch_exchanges_total').length).toBe(MOST_ROWS + 1);
  expect(said.sum('midwatch_exchanges_total')).toBe(4 * MOST_ROWS);
  expect(said.sum('midwatch_exchanges_total', { route: '_OTHER' })).toBe(3 * MOST_ROWS);
});

const house = (more: Partial<Parameters<typeof readHouse>[0]> = {}) =>
  readHouse({
    version: '1"\\',
    bun: '1',
    startedAt: 1_500,
    memory: 1,
    cpu: 0.5,
    gateway: { inFlight: 1, streams: 1, requests: 9, authFailures: 2, lag: { stalls: 1, lateMs: 2_500 } },
    spool: { taken: 8, waiting: 3, bytes: 4, segments: 1, maxBytes: 5, dropped: 1, lagMs: 2_500 },
    scribe: { moved: 5, parked: 0, restarts: 0 },
    store: false,
    threads: [{ thread: 2, state: 'gone', restarts: 1, requests: 3, inFlight: 0 }],
    targets: [],
    quotas: [],
    budgets: [],
    fallbacks: [],
    findings: { regime: 2 },
    names: names(),
    ...more,
  });

test('the house is read as it stands', () => {
  const said = readExposition(exposition(house()));
  expect(said.sum('midwatch_build_info', { version: '1"\\' })).toBe(1);
  expect(said.sum('midwatch_scribe_lag_seconds')).toBe(2.5);
  expect(said.sum('midwatch_store_up')).toBe(0);
  expect(said.sum('midwatch_spool_dropped_exchanges_total')).toBe(1);
  expect(said.sum('midwatch_thread_up', { thread: '2' })).toBe(0);
  expect(said.sum('midwatch_findings', { kind: 'regime' })).toBe(2);
  // Nothing is said of what there is none of.
  expect(said.types.has('midwatch_quota_left')).toBe(false);
  expect(said.types.has('midwatch_redis_up')).toBe(false);
});

test('of thousands of accounts the fullest are listed, two that read alike once, and the rest is declared', () => {
  const account = (value: string, settled: number) => ({
    budget: 'team',
    scope: 'user' as const,
    value,
    period: 'day' as const,
    from: 0 as never,
    hard: 1_000_000,
    settled,
    reserved: 100_000,
    spend: {},
  });
  const budgets = Array.from({ length: 5_000 }, (_, i) => account(`user-${i}`, i * 100));
  const said = readExposition(
    exposition(house({ budgets: [account('\ud800', 900_000), account('\ud801', 900_000), ...budgets] })),
  );
  const spent = said.series.filter(({ name }) => name === 'midwatch_budget_spent_usd');
  expect(spent.length).toBe(MOST_LISTED - 1);
  expect(said.sum('midwatch_budget_left_usd', { value: 'user-4999' })).toBeCloseTo(0.4001);
  expect(said.sum('midwatch_series_left_out', { of: 'budgets' })).toBe(5_002 - MOST_LISTED);
});

test('every metric says what it is, once; the page is the one they give: bun src/metrics/reference.gen.ts', () => {
  const all = [...COUNTED, ...HOUSE_METRICS];
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  for (const { help } of all) expect(help).toMatch(/^[A-Z0-9].*[.]$/);
  expect(readFileSync(PAGE, 'utf8')).toBe(page());
});
