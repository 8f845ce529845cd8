import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SPEND_BY } from '#contracts';
import { MidwatchError } from '#sdk';
import { type Product, product, until } from '../support/product.ts';
import { type SimulatorAt, simulatorAt } from '../support/simulator.ts';

/** A configuration that is edited while traffic runs, and what the house remembers of targets and money. */
setDefaultTimeout(60_000);

const text = (sim: string, { hard = '$1', idle = '20s', more = '' } = {}) => `providers:
  sick: { protocol: openai, baseUrl: ${sim}/v1, apiKey: x, free: true }
  well:
    protocol: openai
    baseUrl: ${sim}/v1
    apiKey: y
    prices: { sim-steady: { input: 1, output: 10 }, sim-instant: { input: 1, output: 10 } }
    quota: { requestsPerMinute: 6000 }
budgets:
  team: { per: tenant, hard: ${hard} }
routes:
  chat:
    match: { model: chat }
    timeouts: { idle: ${idle} }
    tiers:
      - { name: primary, targets: [{ provider: sick, model: sim-fault-status-503 }] }
      - { name: fallback, targets: [{ provider: well, model: sim-instant }] }
  steady: { match: { model: steady }, tiers: [{ name: primary, targets: [{ provider: well, model: sim-steady }] }] }
${more}`;

let sim: SimulatorAt;
let house: Product;
beforeAll(async () => {
  sim = simulatorAt();
  house = await product({ config: text(sim.url) });
});
afterAll(async () => {
  await house?.stop();
  house?.remove();
  sim?.stop();
});

const edit = (yaml: string) => writeFileSync(join(house.folder, 'midwatch.yaml'), yaml);
const ask = (model: string, words: number, stream = false) =>
  fetch(`${house.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'x-midwatch-tenant': 'blue' },
    body: JSON.stringify({ model, stream, messages: [{ role: 'user', content: `in ${words} words` }] }),
  });

test('an edited file is in force while a stream runs, and the stream does not notice', async () => {
  const response = await ask('steady', 100, true);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (!reader) throw new Error('a stream has a body');
  let said = (await reader.read()).value ?? '';
  edit(
    text(sim.url, {
      idle: '7s',
      more: '  late: { match: { model: late }, tiers: [{ name: only, reply: "Later." }] }',
    }),
  );
  await until(async () => (await house.api.routes.list()).some(({ name }) => name === 'late'), 'the reload');
  expect(house.log()).toContain('configuration reloaded');
  expect(house.log()).toContain('routes.chat.timeouts.idle: 20000 → 7000');
  // Still under way, or nothing would have been shown.
  expect(said.includes('[DONE]')).toBe(false);
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    said += value;
  }
  const ending = ['"finish_reason":"stop"', 'data: [DONE]', 'outcome=complete'];
  expect(ending.filter((part) => !said.includes(part))).toEqual([]);
  expect(await (await ask('late', 5)).text()).toContain('Later.');
});

test('a broken edit changes nothing, and says why in the log and to whoever asks', async () => {
  const before = await house.api.routes.list();
  edit(text(sim.url).replace('routes:', 'rotes:'));
  await until(
    async () => house.log().includes('configuration not reloaded, the old one stays in force'),
    'the refusal in the log',
  );
  expect(house.log()).toContain('rotes');
  const refused = await house.api.reload().catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(MidwatchError);
  expect(refused).toMatchObject({ status: 409, code: 'not_reloaded' });
  expect(String(refused)).toContain('rotes');
  const policies = (routes: typeof before) => routes.map(({ name, policy }) => ({ name, policy }));
  expect(policies(await house.api.routes.list())).toEqual(policies(before));
  expect((await ask('late', 5)).status).toBe(200);

  edit(text(sim.url, { hard: '$2' }));
  // The watch may have been faster; whoever comes second finds nothing changed.
  await house.api.reload();
  const routes = await house.api.routes.list();
  expect(routes.map(({ name }) => name)).toEqual(['chat', 'steady']);
});

test('what is known of targets and money is the same after a restart, to the micro-dollar', async () => {
  await until(async () => {
    await (await ask('chat', 20)).text();
    return (await house.api.providers())[0]?.status === 'down';
  }, 'the provider to be found down');
  const budget = async () => (await house.api.budgets()).find(({ value }) => value === 'blue');
  const spent = (await budget())?.settled ?? 0;
  expect(spent).toBeGreaterThan(0);
  expect(await budget()).toMatchObject({
    budget: 'team',
    hard: 2_000_000,
    reserved: 0,
    left: 2_000_000 - spent,
  });
  // Every number of spend is the ledger's, once the record has arrived.
  const day = { from: Date.now() - 86_400_000 };
  await until(async () => (await house.api.spend(day)).total.microUsd === spent, 'the record');
  for (const by of SPEND_BY) {
    const { rows } = await house.api.spend({ ...day, by });
    expect(rows.reduce((sum, row) => sum + row.microUsd, 0)).toBe(spent);
  }

  expect(await house.stop()).toBe(0);
  house = await house.again({ config: text(sim.url, { hard: '$2' }) });
  const [worst] = await house.api.providers();
  expect(worst).toMatchObject({ provider: 'sick', status: 'down', routes: ['chat'] });
  await (await ask('steady', 5)).text();
  const now = await budget();
  const total = async () => (await house.api.spend(day)).total.microUsd;
  await until(async () => (await total()) === now?.settled, 'the record of the new run');
  expect(now?.settled).toBeGreaterThan(spent);
});
