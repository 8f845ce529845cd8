import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { LOOKS, launch, wider, witness } from '../support/browser.ts';
import { type Product, product, until } from '../support/product.ts';

/** The console in a real Chromium over the real product: what a person on watch does with it, light and dark, wide and narrow. */
setDefaultTimeout(120_000);

let house: Product;
let browser: Browser;
let context: BrowserContext;
let page: Page;
const { open, hosts, complaints } = witness();

beforeAll(async () => {
  [house, browser] = await Promise.all([product(), launch()]);
  context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: 'dark' });
  page = await open(context);
});
afterAll(async () => {
  await browser?.close();
  await house?.stop();
  house?.remove();
});

const ask = (model: string, headers: Record<string, string> = {}) =>
  fetch(`${house.url}/v1/chat/completions`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'What is 17*23?' }] }),
  }).then(async (response) => {
    await response.text();
    return response.headers.get('x-midwatch-exchange') ?? '';
  });

test('login: a wrong token is refused in words, the right one leads to the watch', async () => {
  await page.goto(house.url);
  await page.getByRole('heading', { name: 'Sign in to the console' }).waitFor();
  await page.getByLabel('Token', { exact: true }).fill('mwa_wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').first().waitFor();
  await page.getByLabel('Token', { exact: true }).fill(house.token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation', { name: 'Pages' }).waitFor();
  await page.getByText('Open to loopback callers').first().waitFor();
});

test('an empty house says what to do next, with lines that can be pasted', async () => {
  await page.getByRole('tab', { name: 'curl' }).first().waitFor();
  expect(await page.getByRole('tab', { name: 'Anthropic' }).count()).toBeGreaterThan(0);
});

test('an exchange appears live, opens by keyboard, and shows what was asked, answered and served', async () => {
  await page.goto(`${house.url}/exchanges`);
  const id = await ask('sim', { 'x-midwatch-task': 'browser', 'x-midwatch-feature': 'sums' });
  await until(
    async () => (await house.api.exchanges.list({ task: 'browser' })).rows.length === 1,
    'the record',
  );
  await page.goto(`${house.url}/exchanges?task=browser`);
  await page.getByRole('table', { name: 'Exchanges' }).locator('tr.line').first().waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.waitForURL(`**/exchanges/${id}**`);
  for (const heading of ['Attempts', 'Release', 'Cost'])
    await page.getByRole('heading', { name: heading }).waitFor();
  await page.getByText('What is 17*23?').first().waitFor();
  await page.getByText('391').first().waitFor();
  await page.getByRole('tab', { name: 'Raw answer' }).click();
  await page.getByRole('tab', { name: 'Record' }).click();
  await page.getByRole('button', { name: 'Copy as curl' }).waitFor();
});

test('a failure is shown with its reason, and the filter for it stays in the address', async () => {
  await ask('sim-fault-status-503', { 'x-midwatch-task': 'failing' });
  await until(
    async () => (await house.api.exchanges.list({ outcome: 'error' })).rows.length === 1,
    'the failure',
  );
  await page.goto(`${house.url}/exchanges?outcome=bad`);
  const row = page.getByRole('table', { name: 'Exchanges' }).locator('tr.line').first();
  await row.waitFor();
  expect(await row.innerText()).toContain('error');
  await page.reload();
  expect(new URL(page.url()).searchParams.get('outcome')).toBe('bad');
  await row.click();
  await page.getByRole('note', { name: 'Failure' }).waitFor();
});

test('a search that takes its time says how far back it has come, and finds what is there', async () => {
  // A record that is large enough to be slow would take minutes to make: the first two answers are those of one.
  const searched = Date.now() - 3_600_000;
  let answers = 0;
  const released = Promise.withResolvers<void>();
  await page.route('**/exchanges?*feature=sums*', async (route) => {
    if (route.request().resourceType() === 'document' || ++answers > 2) return route.fallback();
    if (answers === 2) await released.promise;
    const next = Buffer.from(JSON.stringify([Date.now(), '00000000-0000-0000-0000-000000000000']));
    return route.fulfill({
      json: { rows: [], next: next.toString('base64url'), searched: searched - answers },
    });
  });
  await page.goto(`${house.url}/exchanges?feature=sums`);
  await page.getByRole('heading', { name: 'Nothing yet' }).waitFor();
  await page.getByText('Searched back to').waitFor();
  released.resolve();
  await page.getByRole('table', { name: 'Exchanges' }).locator('tr.line').first().waitFor();
  expect(answers).toBe(3);
  await page.unrouteAll();
});

test('the watch draws traffic and outcomes and never a bare rate', async () => {
  await page.goto(house.url);
  await page.getByRole('region', { name: 'Charts' }).locator('canvas').first().waitFor();
  await page.getByRole('region', { name: 'Needs attention' }).waitFor();
  expect(await page.getByText(/^n \d/).count()).toBeGreaterThan(0);
});

test('the watch shows one tenant or one feature, and the address says which', async () => {
  await page.goto(house.url);
  await page.getByLabel('Feature', { exact: true }).fill('sums');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/?feature=sums');
  await page
    .getByText(/^n 1\b/)
    .first()
    .waitFor();
  await page.reload();
  await page.getByRole('button', { name: 'Feature sums; show all' }).click();
  await page
    .getByText(/^n 2\b/)
    .first()
    .waitFor();
  await page.goto(`${house.url}/?tenant=nobody`);
  await page.getByRole('heading', { name: 'No exchange in this range' }).waitFor();
});

test('the first key is shown once, closes the house, and its revocation acts', async () => {
  await page.goto(`${house.url}/keys`);
  await page
    .getByRole('button', { name: /Create the first key|Create key/ })
    .first()
    .click();
  const dialog = page.getByRole('dialog', { name: 'Create a key' });
  await dialog.getByLabel('Name').fill('harbour');
  await dialog.getByRole('button', { name: /Create/ }).click();
  const key =
    /mw_[0-9A-Za-z]{30,}/.exec(
      await page
        .getByText(/mw_[0-9A-Za-z]{30,}/)
        .first()
        .innerText(),
    )?.[0] ?? '';
  await page.getByRole('button', { name: 'I have copied it' }).click();
  const call = (credential: string) =>
    fetch(`${house.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${credential}` },
      body: JSON.stringify({ model: 'sim', messages: [{ role: 'user', content: 'hi' }] }),
    }).then(async (response) => {
      await response.text();
      return response.status;
    });
  expect(await call(key)).toBe(200);
  expect(await call('none')).toBe(401);
  await page.getByText('Open to loopback callers').first().waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Revoke harbour' }).click();
  await page.getByRole('button', { name: 'Revoke key' }).click();
  await until(async () => (await call(key)) === 401, 'the revocation', 5_000);
});

test('the system page tells who changed what, by name and by action, in the address', async () => {
  await page.goto(`${house.url}/system`);
  const audit = page.getByRole('region', { name: 'Audit' });
  await audit.getByRole('link', { name: 'key.revoke' }).click();
  await page.waitForURL('**/system?action=key.revoke');
  await audit.getByRole('cell', { name: 'harbour' }).first().waitFor();
  await page.reload();
  await audit.getByRole('button', { name: /Only key\.revoke/ }).click();
  await audit.getByRole('link', { name: 'login' }).first().waitFor();
});

test('a viewer sees everything and is offered nothing it may not do', async () => {
  const { token } = await house.api.tokens.create({ name: 'ada', role: 'viewer' });
  const other = await browser.newContext();
  const seen = await open(other);
  await seen.goto(`${house.url}/keys`);
  await seen.getByLabel('Token', { exact: true }).fill(token);
  await seen.getByRole('button', { name: 'Sign in' }).click();
  await seen.getByRole('rowheader', { name: 'harbour' }).waitFor();
  await seen.getByTitle('Sign out (ada, viewer)').waitFor();
  expect(await seen.getByRole('button', { name: /Create|Revoke/ }).count()).toBe(0);
  await other.close();
});

test('a connection that breaks shows as offline, and one that is back as live', async () => {
  await page.goto(house.url);
  const dot = page.getByRole('status', { name: /^Live connection/ });
  await dot.and(page.getByLabel('Live connection: Live')).waitFor();
  const { port } = new URL(house.url);
  await house.stop('SIGKILL');
  await dot.and(page.getByLabel('Live connection: Connection lost, trying again')).waitFor();
  await page.getByText('Midwatch does not answer.').waitFor();
  // On the port it had, as a supervisor would start it.
  house = await house.again({ flags: ['--port', port] });
  await dot.and(page.getByLabel('Live connection: Live')).waitFor();
  await page.getByText('Midwatch does not answer.').waitFor({ state: 'detached' });
  complaints.length = 0;
});

for (const [theme, width, height] of LOOKS)
  test(`every page stands in ${theme} at ${width} pixels, nothing sticks out sideways`, async () => {
    const look = await browser.newContext({
      viewport: { width, height },
      colorScheme: theme,
      storageState: await context.storageState(),
    });
    const seen = await open(look);
    const row = (await house.api.exchanges.list({ task: 'browser' })).rows[0];
    for (const path of [
      '/',
      '/exchanges',
      `/exchanges/${row?.id}`,
      '/routes',
      '/routes/simulator',
      '/changes',
      '/keys',
      '/system',
    ]) {
      await seen.goto(`${house.url}${path}`);
      await seen.getByRole('heading').first().waitFor();
      await seen.waitForLoadState('load');
      expect([path, await wider(seen)]).toEqual([path, 0]);
    }
    await look.close();
  });

test('nothing complained, and no other host was asked', () => {
  expect(complaints).toEqual([]);
  expect([...hosts]).toEqual([new URL(house.url).host]);
});
