import { expect, test } from 'bun:test';
import { configSchema, FAILURE_KINDS, type Failure, type FailureKind, type RouteConfig } from '#contracts';
import { SEMANTICS } from '#kernel';
import { next } from './next.ts';
import type { Step } from './plan.ts';

const route = (more: object = {}): RouteConfig =>
  configSchema.parse({
    providers: { a: { baseUrl: 'http://a.test', protocol: 'openai' } },
    routes: { r: { tiers: [{ name: 'one', targets: [{ provider: 'a' }] }], ...more } },
  }).routes.r as RouteConfig;

const step = (provider: string, contextWindow?: number): Step =>
  ({
    tier: { name: 'one', targets: [] },
    cause: 'fallback',
    target: { provider, contextWindow },
  }) as unknown as Step;

const failure = (kind: FailureKind, after?: number): Failure => ({
  kind,
  origin: 'provider',
  retryable: true,
  hint: '',
  ...(after !== undefined && { after }),
});

const decide = (
  kind: FailureKind,
  options: {
    readonly after?: number;
    readonly steps?: readonly Step[];
    readonly here?: number;
    readonly total?: number;
    readonly route?: RouteConfig;
  } = {},
) => {
  const { after, steps = [step('a'), step('b')], here = 1, total = 1 } = options;
  const found = next({
    failure: failure(kind, after),
    route: options.route ?? route(),
    steps,
    open: () => true,
    at: 0,
    here,
    total,
  });
  return (
    `${found.again ? `again${found.again.asked === undefined ? '' : ` after ${found.again.asked}`}` : ''}${found.again && found.elsewhere !== undefined ? ', else ' : ''}${found.elsewhere === undefined ? '' : `at ${found.elsewhere}`}` ||
    'stop'
  );
};

/** With another target at hand, and alone. The whole table, row by row, as a person would read it. */
const TABLE: Readonly<Record<FailureKind, readonly [two: string, alone: string]>> = {
  bad_request: ['stop', 'stop'],
  unauthorized: ['stop', 'stop'],
  forbidden: ['stop', 'stop'],
  unknown_route: ['stop', 'stop'],
  not_found: ['stop', 'stop'],
  too_large: ['stop', 'stop'],
  dialect_mismatch: ['stop', 'stop'],
  over_budget: ['stop', 'stop'],
  client_left: ['stop', 'stop'],
  rate_limited: ['at 1', 'again'],
  quota_exhausted: ['at 1', 'stop'],
  overloaded: ['again, else at 1', 'again'],
  provider_error: ['again, else at 1', 'again'],
  provider_auth: ['at 1', 'stop'],
  provider_rejected: ['stop', 'stop'],
  context_overflow: ['stop', 'stop'],
  content_filter: ['stop', 'stop'],
  refused: ['stop', 'stop'],
  in_band_error: ['again, else at 1', 'again'],
  bad_content_type: ['at 1', 'again'],
  malformed: ['at 1', 'again'],
  empty: ['at 1', 'again'],
  cut: ['at 1', 'again'],
  connect: ['again, else at 1', 'again'],
  reset: ['again, else at 1', 'again'],
  timeout_connect: ['at 1', 'stop'],
  timeout_headers: ['at 1', 'stop'],
  timeout_first_token: ['at 1', 'stop'],
  timeout_idle: ['at 1', 'stop'],
  timeout_content: ['at 1', 'stop'],
  timeout_total: ['stop', 'stop'],
  starting: ['stop', 'stop'],
  shutting_down: ['stop', 'stop'],
  hedge_lost: ['stop', 'stop'],
  unfit: ['stop', 'stop'],
  internal: ['stop', 'stop'],
  no_target: ['at 1', 'stop'],
};

for (const kind of FAILURE_KINDS)
  test(`after ${kind}: ${TABLE[kind][0]}; alone: ${TABLE[kind][1]}`, () => {
    expect([decide(kind), decide(kind, { steps: [step('a')] })]).toEqual([...TABLE[kind]]);
  });

test('an answer that broke off may be finished by another target only where what was sent is surely its beginning', () => {
  expect(FAILURE_KINDS.filter((kind) => SEMANTICS[kind].takeover)).toEqual([
    'rate_limited',
    'quota_exhausted',
    'overloaded',
    'provider_error',
    'in_band_error',
    'cut',
    'timeout_idle',
    'timeout_content',
  ]);
});

test('a second failure of the same target leaves it', () => {
  expect(decide('provider_error', { here: 2, total: 2 })).toBe('at 1');
  expect(decide('provider_error', { here: 2, total: 2, steps: [step('a')] })).toBe('stop');
});

test('nothing is tried beyond the bound of the exchange', () => {
  expect(decide('provider_error', { total: 4 })).toBe('stop');
  expect(decide('timeout_headers', { total: 4 })).toBe('stop');
});

test('a short Retry-After is waited out, a long one is not', () => {
  expect(decide('rate_limited', { after: 2_000 })).toBe('again after 2000, else at 1');
  expect(decide('rate_limited', { after: 20_000 })).toBe('at 1');
  expect(decide('overloaded', { after: 20_000 })).toBe('at 1');
  expect(decide('rate_limited', { after: 20_000, route: route({ waitForTarget: '30s' }) })).toBe(
    'again after 20000, else at 1',
  );
});

test('a refused key takes every target behind it along', () => {
  const steps = [step('a'), step('a'), step('b')];
  expect(decide('provider_auth', { steps })).toBe('at 2');
  expect(decide('quota_exhausted', { steps: [step('a'), step('a')] })).toBe('stop');
});

test('an overflow goes only to a target that declares a larger window', () => {
  const steps = [step('a', 8_000), step('b', 8_000), step('c'), step('d', 200_000)];
  expect(decide('context_overflow', { steps })).toBe('at 3');
  expect(decide('context_overflow', { steps: [step('a'), step('b', 200_000)] })).toBe('stop');
});

test('a filter is not routed around unless the route says so', () => {
  expect(decide('content_filter', { route: route({ fallbackOn: ['content_filter'] }) })).toBe('at 1');
  expect(decide('content_filter', { route: route({ fallbackOn: ['refusal'] }) })).toBe('stop');
  expect(decide('refused', { route: route({ fallbackOn: ['refusal'] }) })).toBe('at 1');
});

test('an exercise that fails, of whatever, is answered by the first tier', () => {
  const found = next({
    failure: failure('provider_rejected'),
    route: route(),
    steps: [step('b'), step('a')],
    open: () => true,
    at: 0,
    here: 1,
    total: 1,
    exercise: true,
  });
  expect(found).toEqual({ elsewhere: 1 });
});
