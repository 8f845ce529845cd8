import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import type { Page } from 'playwright-core';
import { type ConsoleHouse, consoleHouse } from '../support/console-house.ts';
import { type Product, until } from '../support/product.ts';

/** Weather, quota and spend in a real Chromium, while a real provider fails. */
setDefaultTimeout(120_000);

let set: ConsoleHouse;
let house: Product;
let page: Page;

const config = (url: string) => `providers:
  sick: { protocol: openai, baseUrl: ${url}/v1, apiKey: x, free: true }
  well:
    protocol: openai
    baseUrl: ${url}/v1
    apiKey: y
    prices: { sim-instant: { input: 1, output: 10 } }
    quota: { requestsPerMinute: 6000, tokensPerDay: 1000000 }
budgets:
  team: { per: tenant, soft: 0.0001, hard: $1 }
routes:
  chat:
    match: { model: chat }
    hedge: true
    tiers:
      - { name: primary, targets: [{ provider: sick, model: sim-fault-status-503 }] }
      - { name: fallback, targets: [{ provider: well, model: sim-instant }] }
`;

beforeAll(async () => {
  set = await consoleHouse(config);
  ({ house, page } = set);
});
afterAll(() => set?.stop());

const ask = (tenant: string) =>
  fetch(`${house.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'x-midwatch-tenant': tenant },
    body: JSON.stringify({ model: 'chat', messages: [{ role: 'user', content: 'in 20 words' }] }),
  }).then((response) => response.text());

test('before any traffic nothing is called well, and each page says what to do', async () => {
  await page.getByRole('link', { name: 'Weather' }).click();
  await page.getByText('Nothing is known yet: no target was asked.').waitFor();
  expect(await page.getByText('not asked yet').count()).toBe(2);
  await page.getByRole('tab', { name: 'curl' }).waitFor();
  await page.keyboard.press('g');
  await page.keyboard.press('q');
  await page.getByRole('heading', { name: 'No quota was used yet' }).waitFor();
  await page.keyboard.press('g');
  await page.keyboard.press('m');
  await page.getByText('No attempt in this range').waitFor();
  await page.getByText('No budget was used yet.').waitFor();
});

test('a provider that fails is shown down, first and with its reason, while the other takes over', async () => {
  await page.goto(`${house.url}/weather`);
  await until(async () => {
    await ask('acme');
    return (await house.api.providers())[0]?.status === 'down';
  }, 'the provider to be found down');
  const rows = page.getByRole('table', { name: 'Targets, worst first' }).getByRole('row');
  await rows.filter({ hasText: 'down' }).first().waitFor();
  const [, worst = '', second = ''] = await rows.allInnerTexts();
  expect(worst).toContain('sick/sim-fault-status-503');
  expect(worst).toContain('It failed time and again');
  expect(second).toContain('healthy');
  expect(second).toContain('well/sim-instant');
  await page.getByRole('status').filter({ hasText: '1 target out, of 2 asked.' }).waitFor();
  await until(
    async () => (await house.api.providers()).every((target) => (target.lastHour?.attempts ?? 0) > 0),
    'the record',
  );
  await rows.filter({ hasText: /0 of \d+ good/ }).waitFor();
});

test('quota shows the pressure of each axis and the lanes, route and exchange what traffic does', async () => {
  await page.goto(`${house.url}/quota`);
  const well = page.getByRole('region', { name: 'well' });
  for (const text of ['Requests a minute', 'Tokens a day', 'interactive', 'nobody waits'])
    await well.getByText(text).first().waitFor();
  await page.goto(`${house.url}/routes/chat`);
  for (const step of ['quota', 'hedge']) await page.getByText(step, { exact: true }).waitFor();
  const { rows } = await house.api.exchanges.list({ attempts: 2, limit: 1 });
  await page.goto(`${house.url}/exchanges/${rows[0]?.id}`);
  await page
    .getByText('retry', { exact: true })
    .or(page.getByText('fallback', { exact: true }))
    .first()
    .waitFor();
});

test('an exchange that was translated says to what, and what was lost on the way', async () => {
  const response = await fetch(`${house.url}/v1/messages`, {
    method: 'POST',
    headers: { 'anthropic-version': '2023-06-01', 'x-midwatch-tenant': 'acme' },
    body: JSON.stringify({
      model: 'chat',
      max_tokens: 50,
      top_k: 4,
      messages: [{ role: 'user', content: 'in 20 words' }],
    }),
  });
  await response.text();
  const id = response.headers.get('x-midwatch-exchange') ?? '';
  const { exchange } = await until(() => house.api.exchanges.get(id), 'the record');
  const translated = exchange.attempts.at(-1)?.translated;
  await page.goto(`${house.url}/exchanges/${id}`);
  await page.getByText('Translated to openai-chat').first().waitFor();
  for (const loss of translated?.losses ?? []) await page.getByText(loss).first().waitFor();
});

test('spend is told apart as asked, the address says how, and a budget shows its marks', async () => {
  const report = await until(async () => {
    const found = await house.api.spend({ by: 'tenant' });
    return found.total.microUsd > 100 && found;
  }, 'spend on the record');
  expect(report.rows[0]).toMatchObject({ name: 'acme', microUsd: report.total.microUsd });
  await page.goto(`${house.url}/spend`);
  await page.getByRole('rowheader', { name: 'fallback' }).waitFor();
  await page.getByRole('radio', { name: 'tenant' }).click();
  await page.waitForURL('**/spend?by=tenant');
  await page.reload();
  await page.getByRole('rowheader', { name: 'acme' }).waitFor();
  const budgets = page.getByRole('region', { name: 'Budgets' });
  await budgets.getByText('tenant acme').waitFor();
  await budgets.getByText('over soft').waitFor();
});

test('weather, quota and spend stand in every look', () =>
  set.standsInEveryLook([
    ['/weather', 'sick/sim-fault-status-503'],
    ['/quota', 'Requests a minute'],
    ['/spend', 'tenant acme'],
  ]));

test('nothing complained, and no other host was asked', () => set.expectQuiet());
