import { expect, test } from 'bun:test';
import type {
  BudgetView,
  DemotionView,
  ExchangeId,
  FallbackView,
  ProviderView,
  RampView,
  RateView,
  RollupWindow,
  SpendRow,
  Status,
  SystemView,
  WatchTotals,
} from '#contracts';
import { seeded } from '#kernel';
import { type AttentionFacts, attention } from './attention.ts';

/** Wilson's score interval, as the rollups give it. */
function rate(count: number, n: number): RateView {
  if (n === 0) return { count, n, rate: 0, low: 0, high: 1 };
  const z = 1.959964;
  const p = count / n;
  const middle = (p + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z / (1 + (z * z) / n)) * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  return { count, n, rate: p, low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}

const totals = (n: number, good: number, more: Partial<WatchTotals> = {}): WatchTotals => ({
  exchanges: n,
  attempts: n,
  outcomes: { complete: good, length: n - good },
  good: rate(good, n),
  clean: rate(good, n),
  microUsd: 0,
  wastedMicroUsd: 0,
  unpriced: 0,
  tokensIn: 0,
  tokensOut: 0,
  ...more,
});

const window = (
  routes: Readonly<Record<string, WatchTotals>>,
  all: Partial<WatchTotals> = {},
): RollupWindow => ({
  points: [],
  totals: { ...totals(0, 0), ...all },
  byRoute: Object.entries(routes).map(([route, t]) => ({ ...t, route })),
  byTarget: [],
});

const STATUS: Status = {
  version: '0',
  startedAt: 0,
  state: 'ready',
  open: false,
  simulated: false,
  database: 'up',
};
const SYSTEM: SystemView = {
  version: '0',
  bun: '1',
  platform: 'x',
  startedAt: 0,
  now: 0,
  listen: '',
  dataDir: '',
  memory: { rss: 0, heapUsed: 0 },
  gateway: {
    inFlight: 0,
    streams: 0,
    requests: 0,
    authFailures: 0,
    lag: { stalls: 0, lateMs: 0, worstMs: 0 },
  },
  spool: { taken: 0, waiting: 0, bytes: 0, segments: 0, maxBytes: 2e9, dropped: 0, lagMs: 0 },
  database: { kind: 'embedded', state: 'up' },
  retention: { exchangesMs: 0, bodiesMs: 0, rollupsMs: 0, diskBytes: 20e9, usedBytes: 1e9 },
  disk: { freeBytes: 100e9, totalBytes: 200e9 },
  prices: { version: '' },
};
const look = (facts: Partial<AttentionFacts>) =>
  attention({
    from: 1000,
    to: 2000,
    status: STATUS,
    system: SYSTEM,
    window: window({}),
    before: window({}),
    targets: [],
    regimes: [],
    budgets: [],
    ramps: [],
    routers: [],
    fallbacks: [],
    freezes: [],
    spend: [],
    mix: [],
    demotions: [],
    ...facts,
  });

test('a healthy house has nothing to say', () => {
  expect(look({})).toEqual([]);
  const same = window({ chat: totals(1000, 990) });
  expect(look({ window: same, before: same })).toEqual([]);
});

test.each([
  ['dropped', { spool: { ...SYSTEM.spool, dropped: 3 } }, ['alarm', '3 exchanges not recorded since start']],
  ['unwritable', { spool: { ...SYSTEM.spool, trouble: 'EROFS' } }, ['alarm', 'The spool cannot be written']],
  ['half full', { spool: { ...SYSTEM.spool, bytes: 1.2e9 } }, ['warn', 'The spool is 60 % full']],
  ['nearly full', { spool: { ...SYSTEM.spool, bytes: 1.8e9 } }, ['alarm', 'The spool is 90 % full']],
  ['behind', { spool: { ...SYSTEM.spool, lagMs: 180_000 } }, ['warn', 'Screens are 3 m behind']],
  ['down', { database: { kind: 'embedded', state: 'down' } }, ['alarm', 'The database is down']],
  [
    'budget',
    { retention: { ...SYSTEM.retention, usedBytes: 19e9 } },
    ['note', 'The disk budget of the database is 95 % used'],
  ],
  [
    'threads',
    { threads: [{ thread: 2, state: 'gone', restarts: 3, requests: 0, inFlight: 0 }] },
    ['alarm', '1 of 2 gateway threads do not serve'],
  ],
  [
    'redis',
    { replicas: { replica: 'a', state: 'away', since: SYSTEM.now - 60_000, peers: [] } },
    ['alarm', 'Redis has been away for 1 m'],
  ],
  ['disk', { disk: { freeBytes: 100e6, totalBytes: 1e12 } }, ['alarm', '100 MB left on the disk']],
] as const)('house: %s', (_, system, [level, what]) => {
  const found = look({ system: { ...SYSTEM, ...system } as SystemView });
  expect(found).toMatchObject([{ level, what, link: '/system' }]);
  expect(found[0]?.todo).not.toBe('');
});

test('open and simulated are notes, and come after what is wrong', () => {
  const found = look({
    status: { ...STATUS, open: true, simulated: true },
    system: {
      ...SYSTEM,
      database: { kind: 'external', state: 'down' },
      spool: { ...SYSTEM.spool, lagMs: 90_000 },
    },
  });
  expect(found.map((a) => a.level)).toEqual(['alarm', 'warn', 'note', 'note']);
});

test('a fall is said only when the intervals are apart, with both rates and the end that grew', () => {
  const fell = look({
    window: window({ chat: totals(200, 150) }),
    before: window({ chat: totals(200, 195) }),
  });
  expect(fell).toMatchObject([{ level: 'alarm', what: 'chat: fewer good answers than before' }]);
  expect(fell[0]?.why).toBe(
    'Good: 75 % (150 of 200, 95 % interval 68.5–80.5 %); before: 97.5 % (195 of 200, 95 % interval 94.2–99 %). Grown most: length (50 of 200; before 5 of 200).',
  );
  expect(fell[0]?.link).toBe('/exchanges?route=chat&outcome=bad&from=1000&to=2000');
  expect(
    look({ window: window({ chat: totals(20, 17) }), before: window({ chat: totals(20, 19) }) }),
  ).toEqual([]);
  expect(
    look({ window: window({ chat: totals(9000, 8700) }), before: window({ chat: totals(9000, 8900) }) }),
  ).toMatchObject([{ level: 'warn' }]);
});

test('answers that broke off behind a 200 need no past, and are said once they are surely more than a few', () => {
  const said = (cut: number, n: number) =>
    look({ window: window({ chat: totals(n, n - cut, { outcomes: { complete: n - cut, cut } }) }) }).filter(
      (a) => a.what.includes('broke off'),
    );
  expect(said(8, 240)[0]).toMatchObject({
    level: 'warn',
    why: expect.stringContaining('8 cut'),
    link: expect.stringContaining('outcome=cut'),
  });
  expect(said(1, 5)).toHaveLength(1);
  expect(said(0, 240)).toEqual([]);
  expect(said(1, 5_000)).toEqual([]);
});

test('asks that reached no route are one warning, and no route that is ill', () => {
  const found = look({ window: window({ '-': totals(13, 0) }) });
  expect(found).toMatchObject([{ level: 'warn', what: '13 asks reached no route' }]);
  expect(found[0]?.link).toContain('route=-');
  expect(look({ window: window({ '-': totals(2, 0) }) })).toEqual([]);
});

test('mostly bad needs no past, but more than a handful', () => {
  expect(look({ window: window({ chat: totals(4, 0) }) })).toEqual([]);
  expect(look({ window: window({ chat: totals(10, 1) }) })).toMatchObject([
    { level: 'alarm', what: 'chat: most answers are not good' },
  ]);
});

test('worst first: by level, then by how many callers were in trouble', () => {
  const found = look({
    window: window({ few: totals(10, 1), some: totals(9000, 8700), many: totals(300, 20) }),
    before: window({ some: totals(9000, 8900) }),
  });
  expect(found.map((a) => [a.level, a.what.split(':')[0]])).toEqual([
    ['alarm', 'many'],
    ['alarm', 'few'],
    ['warn', 'some'],
  ]);
});

test('second attempts are said when the answers still arrive', () => {
  const now = totals(500, 495, { clean: rate(400, 500) });
  expect(look({ window: window({ chat: now }), before: window({ chat: totals(500, 495) }) })).toMatchObject([
    { level: 'warn', what: 'chat: more answers need a second attempt' },
  ]);
});

test('silence, missing prices and waste', () => {
  expect(look({ before: window({ chat: totals(30, 30), rare: totals(3, 3) }) })).toMatchObject([
    { level: 'warn', what: 'chat: no exchange in this period' },
  ]);
  expect(look({ window: window({}, { exchanges: 10, unpriced: 4 }) })).toMatchObject([
    { level: 'alarm', what: '4 exchanges of 10 without a price' },
  ]);
  expect(look({ window: window({}, { microUsd: 10e6, wastedMicroUsd: 2e6 }) })).toMatchObject([
    { level: 'warn', what: '$2.00 of $10.00 bought answers that nobody got' },
  ]);
});

test('equal traffic rarely raises a fall: under 1 % of 5,000 pairs of 100', () => {
  const random = seeded(5);
  const draw = () => totals(100, Array.from({ length: 100 }, random).filter((u) => u < 0.9).length);
  let falls = 0;
  for (let i = 0; i < 5_000; i++)
    falls += look({ window: window({ chat: draw() }), before: window({ chat: draw() }) }).length;
  expect(falls).toBeGreaterThan(0);
  expect(falls).toBeLessThan(50);
});

test('a target that serves nobody is an alarm while a route leads to it; a budget that refuses is a warning', () => {
  const target = (more: Partial<ProviderView>): ProviderView => ({
    provider: 'up',
    model: 'm',
    endpoint: 'openai-chat',
    routes: ['chat'],
    status: 'down',
    says: 'It failed time and again.',
    score: 0,
    share: 0,
    circuit: 'open',
    closedFor: 0,
    keyRefused: false,
    bad: 0,
    slowness: 1,
    statistic: 0,
    threshold: 10,
    ...more,
  });
  const account: BudgetView = {
    budget: 'team',
    scope: 'tenant',
    value: 'blue',
    period: 'month',
    from: 0,
    hard: 1_000_000,
    settled: 900_000,
    reserved: 100_000,
    spend: {},
    left: 0,
    state: 'hard',
  };
  const both = look({
    targets: [
      target({ endpoint: 'openai-chat' }),
      target({ endpoint: 'anthropic-messages whole' }),
      target({ model: 'n', endpoint: 'openai-chat whole' }),
    ],
  });
  expect(both.map(({ what }) => what)).toEqual([
    'up/m, openai-chat, is down',
    'up/m, anthropic-messages, whole answers, is down',
    'up/n, whole answers, is down',
  ]);
  const found = look({
    targets: [
      target({}),
      target({ model: 'old', routes: [] }),
      target({ model: 'n', status: 'brownout' }),
      target({ model: 'w', status: 'watch' }),
    ],
    budgets: [account, { ...account, value: 'red', state: 'soft' }],
  });
  expect(found.map(({ level, what, link }) => [level, what, link])).toEqual([
    ['alarm', 'up/m is down', '/weather'],
    ['warn', 'up/n has a brownout', '/weather'],
    ['warn', 'Budget team of tenant blue is used up', '/spend'],
  ]);
  expect(found[0]?.todo).toContain('Routes: chat.');
});

test('a route whose bill is a guess is a warning, with the remedy', () => {
  const row = (estimatedMicroUsd: number, more: Partial<SpendRow> = {}): SpendRow => ({
    name: 'chat',
    attempts: 100,
    microUsd: 1_000_000,
    estimatedMicroUsd,
    wastedMicroUsd: 0,
    unpriced: 0,
    tokensIn: 0,
    tokensOut: 0,
    ...more,
  });
  expect(look({ spend: [row(0), row(50_000), row(900_000, { attempts: 4 })] })).toEqual([]);
  const [found, ...others] = look({ spend: [row(60_000)] });
  expect(others).toEqual([]);
  expect(found).toMatchObject({ level: 'warn', what: 'chat: 6 % of the cost is estimated', link: '/spend' });
  expect(found?.why).toContain('$0.060 of $1.00');
  expect(found?.todo).toContain('routes.chat.usage to ask');
});

test('a ramp that was taken back is an alarm, in part and as a whole', () => {
  const bucket = (n: number, why?: string) => ({
    bucket: n,
    percent: 0,
    n: 9,
    bad: 5,
    stageN: 9,
    old: 0,
    upper: 0.8,
    statistic: 7,
    threshold: 6.9,
    ...(why !== undefined && { rolledBack: { at: 1, why } }),
  });
  const ramp: RampView = {
    route: 'chat',
    to: 'next',
    from: 'primary',
    phase: 'ramping',
    says: '',
    auto: false,
    verdicts: false,
    stage: 1,
    since: 0,
    stages: [[100, 100]],
    gate: { verdict: 'wait' },
    minimum: 60,
    learnt: { seen: 1_000, of: 1_000 },
    buckets: [bucket(1), bucket(2)],
    exposure: {},
    harm: { seen: 5, upper: 8, budget: 50 },
    allow: [],
  };
  expect(look({ ramps: [ramp] })).toEqual([]);
  const found = look({
    ramps: [
      { ...ramp, buckets: [bucket(1), bucket(2, '5 bad of 9, expected 2.0 %')] },
      { ...ramp, phase: 'stopped', buckets: [bucket(1, 'spent'), bucket(2, 'spent')] },
    ],
  });
  expect(found.map(({ level, what, link }) => [level, what, link])).toEqual([
    ['alarm', 'chat: the ramp to next was rolled back for bucket 2', '/ramp'],
    ['alarm', 'chat: the ramp to next has stopped', '/ramp'],
  ]);
  expect(found[0]?.todo).toContain('midwatch ramp reset chat --bucket 2');
});

const edge = ({ required = 'EXERCISED', ...more }: Partial<FallbackView>, asked = true): FallbackView => ({
  route: 'chat',
  tier: 'spare',
  provider: 'other',
  model: 'm',
  protocol: 'openai-chat',
  ...(asked && { required }),
  state: 'PROVEN',
  ready: true,
  says: 'Has what its tier asks for.',
  hashMatches: true,
  probed: { state: 'UNPROVEN', why: 'never drilled', checks: [] },
  exercised: {
    state: 'PROVEN',
    why: '59 of 59 good',
    n: 59,
    failures: 0,
    needed: 0,
    share: 0.01,
    parity: [],
    against: {},
  },
  load: { state: 'UNPROVEN', why: 'never drilled' },
  reports: [],
  ...more,
});

test('a fallback that a route relies on and that is not proven needs attention; what nobody asks for does not', () => {
  expect(look({ fallbacks: [edge({}), edge({ state: 'UNPROVEN' }, false)] })).toEqual([]);
  const report = { kind: 'capacity', text: 'carries 30 % of the demand' } as const;
  const found = look({
    fallbacks: [
      edge({ tier: 'a', state: 'STALE', ready: false }),
      edge({ tier: 'b', state: 'BROKEN', ready: false, todo: 'Mend it.' }),
      edge({ tier: 'c', state: 'UNPROVEN', ready: false }),
      edge({ tier: 'd', state: 'BROKEN' }, false),
      edge({ tier: 'e', reports: [report] }),
    ],
  });
  expect(found.map(({ level, what }) => [level, what])).toEqual([
    ['alarm', 'Fallback b of chat is broken'],
    ['warn', 'Fallback a of chat is stale'],
    ['warn', 'Fallback c of chat is unproven'],
    ['warn', 'Fallback d of chat is broken'],
    ['warn', 'Fallback e of chat carries 30 % of the demand'],
  ]);
  expect(found[0]).toMatchObject({ todo: 'Mend it.', link: '/tiers' });
});

test('a frozen route says what has moved and what waits, and no more', () => {
  const freeze = {
    route: 'chat',
    version: 'abc',
    at: 1,
    by: 'ann',
    reason: 'incident 12',
    waiting: [],
    moved: [],
  };
  expect(look({ freezes: [freeze] })).toEqual([]);
  const moved = [{ subject: 'declared.prompt', value: 'v2', lastSeen: 2, exchange: 'x' as ExchangeId }];
  const said = look({
    freezes: [{ ...freeze, moved, waiting: ['routes.chat.timeouts.idle: 30000 → 10000'] }],
  });
  expect(said.map(({ level, what }) => [level, what])).toEqual([
    ['warn', 'chat is frozen, and what is sent to it has moved'],
    ['note', 'chat is frozen, and the configuration says otherwise'],
  ]);
  expect(said[0]?.why).toBe(
    'Since it was frozen at abc: declared.prompt is now v2. Frozen by ann: incident 12.',
  );
  // With the database away nobody has looked, and nothing is claimed.
  const { moved: _, ...unknown } = freeze;
  expect(look({ freezes: [unknown] })).toEqual([]);
});

test('the tier mix where it is not what was promised, and rules that need a decision, each with its owner', () => {
  const finding = { since: 0, says: '3 % of 900.', todo: 'Look.', causes: [] };
  const rule: DemotionView = {
    route: 'chat',
    id: 'old',
    from: 'primary',
    to: 'small',
    owner: 'ana',
    reason: 'flag',
    maxShare: 0.1,
    expiresAt: 0,
    onExpire: 'block',
    when: {},
    status: 'blocking',
    left: -7_200_000,
    seen: 10,
    demoted: 1,
    held: 4,
  };
  const found = look({
    mix: [
      { route: 'chat', kind: 'drift', level: 'warn', owner: 'bob', ...finding },
      { route: 'docs', kind: 'level', level: 'note', ...finding },
    ],
    demotions: [
      rule,
      { ...rule, id: 'gone', status: 'ended' },
      { ...rule, id: 'soon', status: 'acting', left: 3_600_000 },
      { ...rule, id: 'far', status: 'acting', left: 9e9 },
      { ...rule, id: 'lent', status: 'expired', onExpire: 'extend-with-approval' },
    ],
  });
  expect(found.map(({ level, what }) => [level, what])).toEqual([
    ['alarm', 'Rule old of route chat has expired and blocks'],
    ['warn', 'chat: the tier mix drifts away from what is declared'],
    ['warn', 'Rule soon of route chat ends in 1 h'],
    ['note', 'docs: too many exchanges are not served by the first tier'],
    ['note', 'Rule lent of route chat has expired'],
  ]);
  expect(found[0]?.why).toContain('refused: 4 so far');
  expect(found[1]?.todo).toBe('Look. Owner: bob.');
  expect(found[3]?.todo).toContain('nobody is named');
  expect(found[4]?.todo).toContain('midwatch tiers approve chat lent');
});

test('a target that has left its week is told once a figure, since its earliest, with whose it is', () => {
  const one = (since: number, cause: 'provider' | 'ours', figure: 'firstToken' | 'perToken') => ({
    provider: 'openai',
    model: 'm',
    figure,
    regime: { since, foundAt: since + 1, of: 'typical' as const, cause },
  });
  const told = look({
    regimes: [one(5, 'provider', 'firstToken'), one(3, 'ours', 'firstToken'), one(9, 'provider', 'perToken')],
  }).filter(({ what }) => what.includes('its own week'));
  expect(told.map(({ level, why }) => [level, why.split(',')[0]])).toEqual([
    ['warn', 'Each token takes longer than in its own week'],
    ['note', 'Slower than its own week'],
  ]);
  expect(told[1]?.todo).toContain('Changes');
});
