import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { seeded } from '#kernel';
import { decayingSketch, hours } from '#kernel/resilience';
import { type ConsoleHouse, consoleHouse } from '../support/console-house.ts';
import { type Product, until } from '../support/product.ts';

/** Tiers, ramps, routers and runs in a real Chromium, over traffic that a real provider answers. */
setDefaultTimeout(120_000);

let set: ConsoleHouse;
let house: Product;
let page: Page;

const config = (url: string) => `cassettes: { verify: {} }
providers:
  well:
    protocol: openai
    baseUrl: ${url}/v1
    apiKey: y
    prices: { sim-instant: { input: 1, output: 10 }, sim-fault-status-400: { input: 1, output: 10 } }
routes:
  chat:
    match: { model: chat }
    mix: { primary: { floor: 0.95, owner: ana } }
    demotions:
      - { id: batch-saves, from: primary, to: spare, owner: ana, reason: budget, maxShare: 0.9, expiresAt: 2099-01-01, when: { feature: batch } }
    tiers:
      - { name: primary, targets: [{ provider: well, model: sim-instant }] }
      - { name: spare, targets: [{ provider: well, model: sim-instant }] }
  careful:
    match: { model: careful }
    ramp: { to: new, stages: [[100, 0], [100, 100]], edges: [50], baseline: 0.02, minimum: 5, harm: 40 }
    tiers:
      - { name: old, targets: [{ provider: well, model: sim-instant }] }
      - { name: new, targets: [{ provider: well, model: sim-instant }] }
  doubled:
    match: { model: doubled }
    shadow: { target: { provider: well, model: sim-fault-status-400 }, share: 1, maxPerSecond: 100, concurrency: 50 }
    tiers:
      - { name: primary, targets: [{ provider: well, model: sim-instant }] }
  thrifty:
    match: { model: thrifty }
    router: { cheap: small, dear: large, expectedEscalation: 0.3, rules: [{ take: dear, features: [hard] }], otherwise: cheap }
    tiers:
      - { name: large, targets: [{ provider: well, model: sim-instant }] }
      - { name: small, targets: [{ provider: well, model: sim-instant }] }
`;

const ask = (model: string, feature: string, task = '') =>
  fetch(`${house.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'x-midwatch-feature': feature, 'x-midwatch-task': task, 'x-midwatch-user': `user ${task}` },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'in 20 words' }] }),
  }).then((response) => response.text());

const run = (model: string, more: object = {}) =>
  fetch(`${house.url}/v1/runs`, {
    method: 'POST',
    body: JSON.stringify({
      ...more,
      endpoint: '/v1/chat/completions',
      body: { model, messages: [{ role: 'user', content: 'in 20 words' }] },
      metadata: { ticket: 'T-1' },
    }),
  }).then((response) => response.json() as Promise<{ id: string }>);

/** Five weeks of first tokens that are twice as slow at noon of a working day, as a house remembers them. */
function aMonthAgo(): string {
  const folder = mkdtempSync(join(tmpdir(), 'midwatch-story-'));
  const zone = 'America/New_York';
  const rule = hours({ zone });
  const week = rule.create();
  const lately = decayingSketch({ alpha: 0.01, smallest: 1, halfLife: 300_000 });
  const recent = lately.create();
  const random = seeded('week');
  const now = Date.now();
  for (let at = now - 35 * 86_400_000; at < now; at += 180_000) {
    const local = new Date(at).getUTCHours() - 5;
    const noon = Math.exp(-(((local - 12) / 4) ** 2)) * (new Date(at).getUTCDay() % 6 === 0 ? 0.2 : 1);
    const ms = 600 * (1 + noon) * Math.exp((random() - 0.5) * 0.6);
    rule.observe(week, at, ms);
    lately.insert(recent, at, ms);
  }
  const kept = { [`well/sim-instant/0/${encodeURIComponent(zone)}`]: { hours: week, recent, seenAt: now } };
  mkdirSync(join(folder, '.midwatch'), { mode: 0o700 });
  writeFileSync(join(folder, '.midwatch', 'climate.json'), JSON.stringify(kept));
  return folder;
}

beforeAll(async () => {
  set = await consoleHouse(config, { folder: aMonthAgo() });
  ({ house, page } = set);
});
afterAll(() => set?.stop());

test('before any traffic each page says what it is for', async () => {
  await page.goto(`${house.url}/runs`);
  await page.getByRole('heading', { name: 'No run yet' }).waitFor();
  await page.keyboard.press('g');
  await page.keyboard.press('t');
  await page.getByRole('region', { name: 'Fallback readiness' }).getByText('unproven').first().waitFor();
  await page.getByRole('rowheader', { name: 'batch-saves' }).waitFor();
});

test('the tier mix names the rule that took exchanges away, and ends it', async () => {
  for (let i = 0; i < 40; i++) await ask('chat', i % 2 ? 'batch' : 'live', `t${i}`);
  await until(async () => {
    const { routes } = await house.api.tiers();
    return routes.find((r) => r.route === 'chat')?.demoted.n === 40;
  }, 'the record');
  await page.goto(`${house.url}/tiers`);
  const chat = page.getByRole('region', { name: 'chat', exact: true });
  await chat.getByText('not as declared').waitFor();
  await chat.getByRole('rowheader', { name: 'demotion:batch-saves' }).waitFor();
  const rules = page.getByRole('region', { name: 'Rules of demotion' });
  await rules.getByText('acting').waitFor();
  await rules.getByRole('button', { name: 'End it' }).click();
  await rules.getByText('ended', { exact: true }).waitFor();
  await page.getByLabel('Told apart by').selectOption('tier');
  await page.waitForURL('**by=tier**');
  await chat.getByRole('rowheader', { name: 'spare' }).last().waitFor();
});

test('a ramp goes on by a button, and comes back by one', async () => {
  for (let i = 0; i < 12; i++) await ask('careful', 'x', `r${i}`);
  await until(async () => (await house.api.ramps.list())[0]?.gate.verdict === 'pass', 'the gate');
  await page.goto(`${house.url}/ramp`);
  const ramp = page.getByRole('region', { name: 'careful' });
  await ramp.getByText('may go on').first().waitFor();
  await ramp.getByRole('button', { name: 'Next stage' }).click();
  await ramp.getByText('stage 2 of 2').first().waitFor();
  await ramp.getByRole('button', { name: 'Roll back' }).click();
  await ramp.getByText('stopped').first().waitFor();
});

test('a router shows its books', async () => {
  for (let i = 0; i < 20; i++) await ask('thrifty', i % 3 ? 'easy' : 'hard', `q${i}`);
  await page.goto(`${house.url}/router`);
  const books = page.getByRole('region', { name: 'thrifty' });
  await books.getByText('undecided so far').waitFor();
  await books.getByRole('rowheader', { name: 'always large' }).waitFor();
});

test('shadows: empty at first with how to begin, then what agrees and what does not, each pair a click away', async () => {
  await page.goto(`${house.url}/shadows`);
  await page.getByRole('heading', { name: 'No answer has a shadow' }).waitFor();
  await page.getByText('share: 0.01').waitFor();
  for (let i = 0; i < 8; i++) await ask('doubled', 'x', `s${i}`);
  await until(async () => (await house.api.shadows({})).rows[0]?.pairs === 8, 'the pairs');
  await page.keyboard.press('g');
  await page.keyboard.press('w');
  await page.keyboard.press('g');
  await page.keyboard.press('d');
  await page.reload();
  const doubled = page.getByRole('region', { name: 'doubled' });
  await doubled.getByText('8 pairs').waitFor();
  await doubled.getByText('No pair in which both ended well').waitFor();
  const differing = doubled.getByRole('table', { name: 'Where they differ, newest first' });
  expect(await differing.getByText('ended otherwise').count()).toBe(8);
  await differing.getByRole('link', { name: 'error' }).first().click();
  await page.waitForURL('**/exchanges/*');
  await page.getByText('shadow').first().waitFor();
});

test('a run is listed, opened, and leads to its exchange', async () => {
  const { id } = await run('chat');
  await until(async () => (await house.api.runs.get(id)).run.state === 'succeeded', 'the run');
  await page.goto(`${house.url}/runs`);
  await page.getByRole('table', { name: 'Runs, newest first' }).getByText('succeeded').waitFor();
  await page.getByRole('rowheader').getByRole('link').first().click();
  await page.getByText('T-1').waitFor();
  await page.getByRole('region', { name: 'Answer' }).waitFor();
  await page.goto(`${house.url}/runs?state=failed`);
  await page.getByRole('heading', { name: 'No run is failed' }).waitFor();
});

test('a run that awaits approval shows what it would ask, and is approved with a reason', async () => {
  const { id } = await run('chat', { approval: { why: 'a bill of T-1' } });
  await page.goto(`${house.url}/runs?state=awaiting_approval`);
  await page.getByRole('table', { name: 'Runs, newest first' }).getByText('asked: a bill of T-1').waitFor();
  await page.getByRole('rowheader').getByRole('link').first().click();
  await page.getByRole('region', { name: 'Question' }).getByText('in 20 words').waitFor();
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.getByRole('textbox', { name: 'Reason' }).fill('within budget');
  await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click();
  await page.getByText('approved by admin').waitFor();
  await page.getByText(': within budget').waitFor();
  await page.getByRole('region', { name: 'Answer' }).waitFor();
  expect((await house.api.runs.get(id)).run).toMatchObject({ state: 'succeeded', approval: { by: 'admin' } });
  const late = await run('chat', { approval: true });
  await page.goto(`${house.url}/runs/${late.id}`);
  await page.getByRole('button', { name: 'Refuse' }).click();
  await page.getByRole('textbox', { name: 'Reason' }).fill('no');
  await page.getByRole('dialog').getByRole('button', { name: 'Refuse' }).click();
  await page.getByText('Refused by admin: no').waitFor();
});

test('the week of a target shows each hour, and which is now', async () => {
  await page.goto(`${house.url}/weather`);
  const week = page.getByRole('region', { name: 'By the hour of the week' });
  const heat = week.getByRole('table', { name: 'First token, p95, by hour of the week' });
  await heat.waitFor();
  expect(await heat.getByRole('cell', { name: /p95/ }).count()).toBe(168);
  await week.getByText('America/New_York').waitFor();
});

test('runs, tiers, ramp, router and shadows stand in every look', () =>
  set.standsInEveryLook([
    ['/runs', 'chat/completions'],
    ['/tiers', 'batch-saves'],
    ['/ramp', 'stage 2 of 2'],
    ['/router', 'undecided so far'],
    ['/shadows', 'Where they differ'],
    ['/weather', 'well/sim-instant'],
    ['/system', 'asked again every'],
  ]));

test('nothing complained, and no other host was asked', () => set.expectQuiet());
