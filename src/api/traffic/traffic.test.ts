import { afterAll, beforeAll, expect, test } from 'bun:test';
import { type BudgetReading, NO_COST, NO_USAGE, type QuotaReading, SPEND_BY } from '#contracts';
import { createMidwatch, MidwatchError } from '#sdk';
import { answers } from '../answers/index.ts';
import { facts, record, startApi, type TestApi } from '../testing.ts';
import { says } from './says.ts';

/** What the control plane tells of targets, limits and money, and the reload. */

let api: TestApi;
let midwatch: ReturnType<typeof createMidwatch>;
beforeAll(async () => {
  api = await startApi();
  midwatch = createMidwatch({ baseUrl: api.url, token: api.token });
});
afterAll(() => api.stop());

type Target = TestApi['traffic']['providers'][number];
const target = (more: Partial<Target> = {}): Target => ({
  provider: 'simulator',
  model: 'sim-fast',
  endpoint: 'openai-chat',
  routes: ['support'],
  status: 'healthy',
  score: 1,
  share: 1,
  circuit: 'closed',
  closedFor: 0,
  keyRefused: false,
  bad: 0,
  slowness: 1,
  statistic: 0,
  threshold: 10,
  ...more,
});

test('targets come worst first, with the reason in words and the last hour of the record', async () => {
  await record(api.store, facts(), { model: 'support', messages: [{ role: 'user', content: 'Well?' }] });
  api.traffic.providers = [
    target(),
    target({ model: 'b', status: 'unknown' }),
    target({ model: 'c', status: 'down', circuit: 'open', score: 0, share: 0, since: 5 }),
    target({ model: 'd', status: 'brownout', score: 0.6, share: 0.04, bad: 0.4 }),
    target({ model: 'e', keyRefused: true, closedFor: 42_000 }),
  ];
  const views = await midwatch.providers();
  for (const view of views) answers.ProviderView.parse(view);
  expect(views.map(({ model }) => model)).toEqual(['e', 'c', 'd', 'sim-fast', 'b']);
  expect(views.map((view) => view.says)).toEqual([
    'The provider refuses our key: check apiKey of simulator. Looked at again in 42 s.',
    'It failed time and again; the next call looks whether it is back.',
    '40 % of its answers are bad lately, so it keeps 4 % of its traffic.',
    'Answers come as they normally do.',
    'Nothing was asked of it yet, so nothing is known.',
  ]);
  expect(views[3]?.lastHour).toMatchObject({ attempts: 1, good: { count: 1, n: 1 } });
  expect(views[1]?.lastHour).toBeUndefined();
});

test('who answers and is only ever stopped by limits is not called too little known', () => {
  const of = (attempts: number) =>
    says(target(), 0, { attempts, good: { count: 0, n: attempts, rate: 0, low: 0, high: 1 } } as never);
  expect(of(1)).toBe('Its one attempt in the last hour did not end well; that is too few to call it down.');
  expect(of(9)).toContain('None of its 9 attempts in the last hour ended well; that is too few');
  expect(of(70)).toContain('None of its 70 attempts in the last hour ended well, but they ended in limits');
});

test('each state has a sentence of its own', () => {
  const now = 1_000_000;
  const said = [
    target({ status: 'watch', bad: 0.06, statistic: 5.5 }),
    target({ status: 'degraded', slowness: 2.5, share: 0.5 }),
    target({ status: 'down', circuit: 'open', until: now + 30_000 }),
    target({ status: 'down', circuit: 'probing' }),
    target({ circuit: 'ramp', share: 0.25 }),
    target({ closedFor: 8_000 }),
    target({ status: 'degraded', bad: 0.1, closedFor: 180_000 }),
  ].map((one) => says(one, now));
  expect(said).toEqual([
    '6 % of its answers are bad lately: evidence 5.5 of the 10 that would be an alarm.',
    'It takes 2.50 × as long as normal, so it keeps 50 % of its traffic.',
    'It failed time and again; the next look is in 30 s.',
    'It failed time and again; one call is looking whether it is back.',
    'It is back and takes 25 % of its traffic, growing.',
    'It asked for a pause and is left alone for 8 s.',
    '10 % of its answers are bad lately. It asked for a pause and is left alone for 3 m.',
  ]);
});

test('quotas come tightest first, budgets fullest first, with what is left', async () => {
  const quota = (scope: string, share: number): QuotaReading => ({
    scope,
    pressure: share >= 1 ? 'exhausted' : 'calm',
    binding: 'requests',
    axes: [{ axis: 'requests', limit: 60, share, left: 60 * (1 - share), pressure: 'calm' }],
    waiting: { interactive: 0, normal: 2, batch: 1 },
    kept: 0,
  });
  api.traffic.quotas = [quota('openai ab12 gpt-*', 0.1), quota('other cd34 *', 1)];
  const quotas = await midwatch.quotas();
  for (const view of quotas) answers.QuotaView.parse(view);
  expect(quotas.map(({ provider, credential, models }) => [provider, credential, models])).toEqual([
    ['other', 'cd34', '*'],
    ['openai', 'ab12', 'gpt-*'],
  ]);

  const budget = (value: string, settled: number, reserved: number): BudgetReading => ({
    budget: 'team',
    scope: 'tenant',
    value,
    period: 'month',
    from: 1,
    soft: 50,
    hard: 100,
    settled,
    reserved,
    spend: { first: { attempts: 1, microUsd: settled, estimated: 0, unpriced: 0, assumed: 0 } },
  });
  api.traffic.budgets = [budget('a', 10, 0), budget('b', 40, 20), budget('c', 90, 15)];
  const budgets = await midwatch.budgets();
  for (const view of budgets) answers.BudgetView.parse(view);
  expect(budgets.map(({ value, left, state }) => [value, left, state])).toEqual([
    ['c', 0, 'hard'],
    ['b', 40, 'soft'],
    ['a', 90, 'within'],
  ]);
});

test('spend is told apart in each way, sums to the bill, and names keys as people do', async () => {
  const key = await midwatch.keys.create({ name: 'harbour' });
  const at = Date.now() - 600_000;
  const attempt = facts().attempts[0];
  if (!attempt) throw new Error('an exchange has an attempt');
  const failed = {
    ...attempt,
    outcome: 'error' as const,
    usage: NO_USAGE,
    cost: { ...NO_COST, microUsd: 7, state: 'estimated' as const },
  };
  const again = { ...attempt, number: 2, cause: 'retry' as const };
  await record(
    api.store,
    facts({
      at,
      route: 'spent',
      who: { key: key.id, tenant: 'acme' },
      attempts: [failed, again],
      cost: { ...attempt.cost, microUsd: 47 },
    }),
    { model: 'support', messages: [{ role: 'user', content: 'Well?' }] },
  );
  const window = { from: at - 60_000, to: at + 60_000 };
  for (const by of SPEND_BY) {
    const report = await midwatch.spend({ ...window, by });
    answers.SpendReport.parse(report);
    expect(report.total).toMatchObject({
      attempts: 2,
      microUsd: 47,
      estimatedMicroUsd: 7,
      wastedMicroUsd: 7,
      unpriced: 0,
    });
    expect(report.rows.reduce((sum, row) => sum + row.microUsd, 0)).toBe(47);
  }
  const byCause = await midwatch.spend(window);
  expect(byCause.rows.map(({ name, microUsd }) => [name, microUsd])).toEqual([
    ['retry', 40],
    ['first', 7],
  ]);
  const byKey = await midwatch.spend({ ...window, by: 'key' });
  expect(byKey.rows).toMatchObject([{ name: key.id, label: 'harbour' }]);
  const byFeature = await midwatch.spend({ ...window, by: 'feature' });
  expect(byFeature.rows[0]?.name).toBeUndefined();
  await expect(midwatch.spend({ from: 2, to: 1 })).rejects.toMatchObject({ status: 400 });
});

test('a reload says what changed and is audited; one that cannot be used is refused with its problems', async () => {
  api.traffic.reloaded = { ok: true, changed: ['routes.chat.record: "full" → "none"'] };
  expect(await midwatch.reload()).toEqual({ changed: ['routes.chat.record: "full" → "none"'] });
  api.traffic.reloaded = { ok: false, problems: ['midwatch.yaml:3: unknown key rotes'] };
  const refused = await midwatch.reload().catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(MidwatchError);
  expect(refused).toMatchObject({ status: 409, code: 'not_reloaded' });
  expect(String(refused)).toContain('unknown key rotes');
  const { rows } = await midwatch.audit({ action: 'reload' });
  expect(rows).toHaveLength(1);
  expect(rows[0]).toMatchObject({ actor: 'admin', detail: { changed: [expect.any(String)] } });
});

test('a week says what is normal for this hour, and whether it is', async () => {
  const cells = Array.from({ length: 168 }, (_, hour) => ({
    hour,
    p50: hour === 34 ? 900 : 500,
    p95: 1_500,
    p99: 2_000,
    n: 120,
    weeks: 4,
  }));
  const week = (model: string, p50?: number, known = cells) => ({
    provider: 'openai',
    model,
    tokens: { from: 0, to: 1_000 },
    zone: 'America/New_York',
    since: 1,
    acts: true,
    cells: known,
    hour: 34,
    usual: 1.2,
    timeout: 3_000,
    ...(p50 !== undefined && { recent: { p50, n: 40 } }),
  });
  api.traffic.hours = [week('a', 910), week('b', 1_300), week('c', 400), week('d'), week('e', 900, [])];
  const views = await midwatch.hours();
  for (const view of views) answers.HoursView.parse(view);
  expect(views.map(({ model, now }) => [model, now.state, now.says])).toEqual([
    ['a', 'normal', 'normal for Tue 10:00 ET'],
    ['b', 'above', '1.44 × what is normal for Tue 10:00 ET'],
    ['c', 'below', '0.44 × what is normal for Tue 10:00 ET'],
    ['d', 'unknown', 'too few answers lately to compare with what is normal for Tue 10:00 ET'],
    ['e', 'unknown', 'nothing is known yet of what is normal for Tue 10:00 ET'],
  ]);
  const regime = { since: 1, foundAt: 2, of: 'typical', cause: 'provider' } as const;
  const perToken = { cells, usual: 1.2, recent: { p50: 1_300, n: 40 }, regime };
  api.traffic.hours = [{ ...week('p', 910), regime: { ...regime, of: 'tail', cause: 'unclear' }, perToken }];
  const [pace] = await midwatch.hours();
  answers.HoursView.parse(pace);
  expect(pace?.now.state).toBe('normal');
  expect(pace?.regime?.says).toStartWith('Its slow answers are slower than they were, hour after hour');
  expect(pace?.regime?.says).toContain('not clear yet');
  expect(pace?.perToken?.now).toMatchObject({
    state: 'above',
    says: '1.44 × what is normal for Tue 10:00 ET',
  });
  expect(pace?.perToken?.regime?.says).toStartWith('Each token takes longer than in its own week');
  api.traffic.hours = [week('b', 1_300)];
  expect((await midwatch.hours({ model: 'b' })).map(({ now }) => now.normal)).toEqual([
    { p50: 900, p95: 1_500, p99: 2_000 },
  ]);
  expect(await midwatch.hours({ provider: 'nobody' })).toEqual([]);
});

test('the tier report and its rules: what is not there is said, and a window needs a length', async () => {
  const report = await midwatch.tiers({ by: 'tenant' });
  expect(answers.TiersReport.parse(report)).toEqual(report as never);
  expect(report.routes.map(({ route, verdict }) => [route, verdict])).toEqual([['support', 'UNKNOWN']]);
  expect(report.demotions.map(({ id, status }) => [id, status])).toEqual([
    ['stuck', 'blocking'],
    ['old', 'expired'],
  ]);
  expect((await midwatch.tiers({ route: 'nobody' })).routes).toEqual([]);
  await expect(midwatch.tiers({ from: 4e12 })).rejects.toMatchObject({ status: 400 });
  await expect(midwatch.tiers({ from: 2, to: 1 })).rejects.toMatchObject({ status: 400 });
  const until = Date.now() + 60_000;
  expect(await midwatch.demotions.approve('support', 'old', { until })).toMatchObject({ status: 'extended' });
  await expect(midwatch.demotions.approve('support', 'stuck', { until })).rejects.toMatchObject({
    status: 409,
  });
});
