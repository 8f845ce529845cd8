import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import type { Page } from 'playwright-core';
import { LOOKS, wider } from '../support/browser.ts';
import { type ConsoleHouse, consoleHouse } from '../support/console-house.ts';
import type { Product } from '../support/product.ts';

/** A route is frozen and thawed by a person, in a real Chromium. */
setDefaultTimeout(120_000);

let set: ConsoleHouse;
let house: Product;
let page: Page;

beforeAll(async () => {
  set = await consoleHouse(
    (url) => `providers:
  up: { protocol: openai, baseUrl: ${url}/v1, apiKey: x, free: true }
routes:
  chat: { match: { model: chat }, tiers: [{ name: primary, targets: [{ provider: up, model: sim-instant }] }] }
`,
  );
  ({ house, page } = set);
});
afterAll(() => set?.stop());

test('frozen with a reason, said where the route is shown, and thawed', async () => {
  await page.goto(`${house.url}/routes/chat`);
  await page.getByRole('button', { name: 'Freeze' }).click();
  await page.getByLabel('Reason').fill('incident 12');
  await page.getByRole('button', { name: 'Freeze route' }).click();
  await page.getByText('Held at version').waitFor();
  await page.getByText('incident 12').first().waitFor();
  const [frozen] = await house.api.freezes();
  expect(frozen).toMatchObject({ route: 'chat', reason: 'incident 12' });
  for (const [scheme, width, height] of LOOKS) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.setViewportSize({ width, height });
    await page.waitForTimeout(100);
    expect(await wider(page)).toBe(0);
    const folder = process.env.MIDWATCH_SCREENSHOTS;
    if (folder) await page.screenshot({ path: `${folder}/freeze-${scheme}-${width}.png` });
  }
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.getByRole('link', { name: 'Routes', exact: true }).first().click();
  await page.getByRole('listitem').filter({ hasText: 'frozen' }).first().waitFor();
  await page.goto(`${house.url}/routes/chat`);
  await page.getByRole('button', { name: 'Thaw' }).click();
  await page.getByRole('button', { name: 'Thaw route' }).click();
  await page.getByRole('button', { name: 'Freeze', exact: true }).waitFor();
  expect(await page.getByText('Held at version').count()).toBe(0);
  expect(await house.api.freezes()).toEqual([]);
  set.expectQuiet();
});
