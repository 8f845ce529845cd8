import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '#kernel';
import { type Product, product, until } from '../support/product.ts';

/**
 * Three gateway threads, of which the first knows only a part by itself: what the operator is shown, and what is bounded, is that
 * of all of them.
 */
setDefaultTimeout(120_000);
const THREADS = 3;
let house: Product;
let key: string | undefined;

const config = (tier = 'primary') => `
gateway: { threads: ${THREADS} }
drainTimeout: 20s
providers:
  simulator: { kind: simulator, prices: { sim-instant: { input: 10, output: 10 }, sim-instant-2: { input: 1, output: 1 } } }
  tight: { kind: simulator, concurrency: { max: 6, queue: 30 } }
routes:
  all: { tiers: [{ name: primary, targets: [{ provider: simulator }] }] }
  copied:
    match: { model: copied }
    tiers: [{ name: primary, targets: [{ provider: simulator, model: sim-instant }] }]
    shadow: { target: { provider: simulator, model: sim-instant-2 }, share: 1, maxPerSecond: 300, concurrency: 60 }
  bounded:
    match: { model: bounded }
    tiers: [{ name: primary, targets: [{ provider: simulator, model: sim-instant }] }]
    shadow: { target: { provider: simulator, model: sim-instant-2 }, share: 1, maxPerSecond: 0.1, concurrency: 60 }
  routed:
    match: { model: routed }
    tiers:
      - { name: large, targets: [{ provider: simulator, model: sim-instant }] }
      - { name: small, targets: [{ provider: simulator, model: sim-instant-2 }] }
    router: { cheap: small, dear: large, rules: [{ take: cheap, turns: 1 }], expectedEscalation: 0, holdback: 0.01, shadow: 0.05 }
  tight:
    match: { model: tight }
    tiers: [{ name: primary, targets: [{ provider: tight, model: sim-steady }] }]
  held:
    match: { model: held }
    tiers: [{ name: ${tier}, targets: [{ provider: simulator, model: sim-instant }] }]
`;

beforeAll(async () => {
  house = await product({ config: config() });
});
afterAll(async () => {
  await house.stop();
  house.remove();
});

/** One connection each, so that the kernel deals them out among the threads. */
const ask = (model: string, more: object = {}, as = key) =>
  fetch(`${house.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { connection: 'close', ...(as !== undefined && { authorization: `Bearer ${as}` }) },
    body: JSON.stringify({
      model,
      max_tokens: 8,
      messages: [{ role: 'user', content: 'How is the weather out there?' }],
      ...more,
    }),
  });
const asks = async (n: number, model: string, more: object = {}) => {
  const answers = await Promise.all(Array.from({ length: n }, () => ask(model, more)));
  await Promise.all(answers.map((answer) => answer.text()));
  return answers;
};
const copies = async (of: string) =>
  (await house.api.shadows()).now.find(({ route }) => route === of) ?? { asked: 0, underWay: 0, dropped: {} };
const dropped = (one: Awaited<ReturnType<typeof copies>>) =>
  Object.values(one.dropped).reduce((sum, n) => sum + n, 0);

test('copies are made of what every thread serves, within bounds that hold for all of them', async () => {
  for (let i = 0; i < 5; i++) await asks(12, 'copied');
  const met = (await house.api.system()).threads?.map(({ requests }) => requests) ?? [];
  expect(met.every((n) => n > 0)).toBe(true);
  await until(async () => (await copies('copied')).asked === 60, 'all sixty copies');
  const began = performance.now();
  await asks(60, 'bounded');
  const bounded = await until(async () => {
    const now = await copies('bounded');
    return now.underWay === 0 && now.asked + dropped(now) === 60 && now;
  }, 'sixty copies to be asked or dropped');
  // One in ten seconds; each thread has one to begin with.
  expect(bounded.asked).toBeLessThanOrEqual(THREADS + Math.ceil((performance.now() - began) / 10_000));
  expect(bounded.asked).toBeGreaterThan(0);
});

test('the copies that a router wants are made on every thread and are in its one book', async () => {
  const ids: string[] = [];
  for (let i = 0; i < 12; i++)
    for (const answer of await asks(20, 'routed')) {
      const tier = answer.headers.get('x-midwatch-tier');
      const id = answer.headers.get('x-midwatch-exchange') ?? '';
      if (tier === 'small' && Number.parseInt(sha256(`shadow ${id}`).slice(0, 13), 16) / 16 ** 13 < 0.05)
        ids.push(id);
    }
  expect(ids.length).toBeGreaterThan(3);
  const routed = await until(async () => {
    const now = await copies('routed');
    return now.asked + dropped(now) === ids.length && now.underWay === 0 && now;
  }, 'every wanted copy to be asked or dropped');
  console.log(`${ids.length} copies wanted, ${routed.asked} asked`);
  // A thread tells the ends of its exchanges a few times a second, and of copies another time.
  const router = await until(async () => {
    const [now] = await house.api.routers();
    return now && now.tasks.closed >= 240 && now;
  }, 'the ends of all exchanges to be told');
  expect(router.tasks.closed).toBe(240);
  expect(router.regret?.pairs).toBe(routed.asked);
});

test('a target that any thread has asked is shown, and the hours of all are one', async () => {
  const models = Array.from({ length: 15 }, (_, i) => `sim-made-up-${i}`);
  await Promise.all(models.map(async (model) => (await ask(model)).text()));
  await until(async () => {
    const shown = new Set((await house.api.providers()).map(({ model }) => model));
    return models.every((model) => shown.has(model));
  }, 'all fifteen to be shown');
  await until(async () => {
    const skies = new Set((await house.api.weather()).map(({ model }) => model));
    return models.every((model) => skies.has(model));
  }, 'the weather of all fifteen');
  // A first token that a thread was too busy to see in time is not learnt from; one thread alone would know a quarter of the rest.
  let asked = 0;
  await until(async () => {
    if (asked < 60) asked += (await asks(6, 'sim-streamed', { stream: true })).length;
    const hours = await house.api.hours();
    return (hours.find(({ model }) => model === 'sim-streamed')?.now.recent?.n ?? 0) >= 29;
  }, 'the first tokens of all threads to be known');
});

test('places of a limited target are never exceeded, and shown as a sum', async () => {
  const under = asks(18, 'tight', { stream: true, max_tokens: 120 });
  await until(async () => {
    const row = (await house.api.providers()).find(({ provider }) => provider === 'tight');
    const { inFlight = 0, limit = 0 } = row?.concurrency ?? {};
    expect(inFlight).toBeLessThanOrEqual(6);
    expect(limit).toBeLessThanOrEqual(6);
    // More than the two that any one thread may have.
    return inFlight > 3;
  }, 'calls on several threads to be shown');
  expect((await under).map(({ status }) => status)).toEqual(Array(18).fill(200));
});

test('a freeze stills a route on every thread, and a reload reaches all of them once it is thawed', async () => {
  await house.api.routes.freeze('copied');
  await house.api.routes.freeze('held');
  const before = (await copies('copied')).asked;
  await asks(24, 'copied');
  writeFileSync(join(house.folder, 'midwatch.yaml'), config('renamed'));
  await expect(house.api.reload()).rejects.toMatchObject({ status: 409 });
  const tiersOf = async () =>
    new Set((await asks(24, 'held')).map((answer) => answer.headers.get('x-midwatch-tier')));
  expect(await tiersOf()).toEqual(new Set(['primary']));
  await Bun.sleep(500);
  expect((await copies('copied')).asked).toBe(before);
  await house.api.routes.thaw('held');
  await house.api.routes.thaw('copied');
  await house.api.reload();
  expect(await tiersOf()).toEqual(new Set(['renamed']));
});

test('wrong keys are counted for all threads together', async () => {
  key = (await house.api.keys.create({ name: 'harbour' })).key;
  await Bun.sleep(200);
  const statuses = await Promise.all(
    Array.from({ length: 90 }, async () => {
      const answer = await ask('sim-instant', {}, 'mw_wrong');
      await answer.text();
      return answer.status;
    }),
  );
  const tries = statuses.filter((status) => status === 401).length;
  console.log(`${tries} wrong keys heard, ${statuses.length - tries} told to wait`);
  expect(new Set(statuses)).toEqual(new Set([401, 429]));
  expect(tries).toBeLessThanOrEqual(21);
  expect((await ask('sim-instant')).status).toBe(200);
});

test('SIGTERM: every stream on every thread comes to its end', async () => {
  const streams = await Promise.all(
    Array.from({ length: 30 }, () => ask('sim-steady', { stream: true, max_tokens: 100 })),
  );
  await until(async () => (await house.api.system()).gateway.streams === 30, 'thirty streams to be counted');
  const stopped = house.stop();
  const texts = await Promise.all(streams.map((answer) => answer.text()));
  expect(texts.filter((text) => text.includes('[DONE]'))).toHaveLength(30);
  expect(await stopped).toBe(0);
});
