import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import type { RampView, RouterView } from '#contracts';
import { type Product, until } from '../support/product.ts';
import { askForTier, type Replicas, replicas } from '../support/replicas.ts';

/**
 * Three gateways on one Redis, one of them with two threads: each ramp and each router has one book, whichever gateway serves, and
 * a thread keeps its path on all of them.
 */
setDefaultTimeout(120_000);

let rig: Replicas;
let houses: Replicas['houses'];
let api: Replicas['api'];
let redis: Replicas['redis'];
let up: Replicas['first'];
let next: Replicas['second'];

const config = (threads: number) => `
gateway: { threads: ${threads} }
providers:
  up: { protocol: openai, baseUrl: "${up.url}", apiKey: sk-up, prices: { m-1: { input: 10, output: 10 } } }
  next: { protocol: openai, baseUrl: "${next.url}", apiKey: sk-next, prices: { m-1: { input: 1, output: 1 } } }
routes:
  ramped:
    match: { model: ramped }
    attempts: { perTarget: 1 }
    tiers:
      - { name: old, targets: [{ provider: up, model: m-1 }] }
      - { name: new, targets: [{ provider: next, model: m-1 }] }
    ramp: { to: new, stages: [[50, 0], [100, 0]], edges: [0.3], baseline: 0.4, minimum: 10, harm: 9 }
  judged:
    match: { model: judged }
    tiers:
      - { name: old, targets: [{ provider: up, model: m-1 }] }
      - { name: new, targets: [{ provider: next, model: m-1 }] }
    ramp: { to: new, stages: [[100, 0]], edges: [0.3], baseline: 0.4, minimum: 10, harm: 9, verdicts: true }
  routed:
    match: { model: routed }
    tiers:
      - { name: large, targets: [{ provider: up, model: m-1 }] }
      - { name: small, targets: [{ provider: next, model: m-1 }] }
    router: { cheap: small, dear: large, rules: [{ take: cheap, turns: 1 }], expectedEscalation: 0, holdback: 0.2 }
`;
const start = (threads = 1) => rig.start(config(threads));

beforeAll(async () => {
  rig = await replicas();
  ({ houses, api, redis, first: up, second: next } = rig);
  await start(2);
  await Promise.all([start(), start()]);
  await rig.met(3);
});
afterAll(() => rig.stop());

const ask = (house: Product, model: string, thread?: string, text?: string) =>
  askForTier(house, model, { thread, ...(text !== undefined && { text }) });
const ramp = async (house: Product): Promise<RampView['buckets'][number]> =>
  (await api(house).ramps.list()).find(({ route }) => route === 'ramped')
    ?.buckets[0] as RampView['buckets'][number];
const router = async (house: Product): Promise<RouterView> => (await api(house).routers())[0] as RouterView;
const everywhere = async (holds: (house: Product) => Promise<boolean>, what: string, ms = 5_000) => {
  const began = performance.now();
  for (const house of houses) await until(() => holds(house), what, ms);
  console.log(`${what}: ${Math.round(performance.now() - began)} ms`);
};

/** Threads by the path on which they began. */
const began: { thread: string; tier: string | null }[] = [];

test('every gateway counts what all have seen of a ramp', async () => {
  for (let i = 0; i < 24; i++) {
    const thread = `thread ${i}`;
    began.push({ thread, tier: await ask(houses[i % 3] as Product, 'ramped', thread) });
  }
  const taken = began.filter(({ tier }) => tier === 'new').length;
  expect(taken).toBeGreaterThan(3);
  expect(taken).toBeLessThan(21);
  await everywhere(async (house) => {
    const { n, old } = await ramp(house);
    return n === taken && old === 24 - taken;
  }, 'all to count all twenty-four');
});

test('a thread keeps its path on every gateway, over a stage that would change it', async () => {
  for (let i = 0; (await ramp(houses[0] as Product)).n < 12; i++)
    await ask(houses[i % 3] as Product, 'ramped');
  await everywhere(async (house) => (await ramp(house)).n >= 12, 'all to have seen enough');
  await api(houses[1] as Product).ramps.advance('ramped', {});
  await everywhere(
    async (house) => (await api(house).ramps.list()).some(({ stage }) => stage === 2),
    'all to be at the second stage',
  );
  for (const [i, { thread, tier }] of began.entries())
    expect(await ask(houses[(i + 1) % 3] as Product, 'ramped', thread)).toBe(tier);
  expect(await ask(houses[2] as Product, 'ramped', 'a new thread')).toBe('new');
});

test('the harm that a ramp may do is that of all gateways together', async () => {
  const { bad: before } = await ramp(houses[0] as Product);
  next.down(true);
  let bad = 0;
  for (let i = 0; i < 30 && !(await ramp(houses[i % 3] as Product)).rolledBack; i++) {
    await ask(houses[i % 3] as Product, 'ramped', `harmed ${i}`);
    bad++;
    await Bun.sleep(200);
  }
  next.down(false);
  await everywhere(async (house) => (await ramp(house)).rolledBack !== undefined, 'all to have gone back');
  console.log(`closed after ${before + bad} bad answers of three gateways, where 9 may be`);
  // Three gateways that each counted their own would have taken nine each.
  expect(before + bad).toBeLessThanOrEqual(10);
});

test('a verdict counts on whichever gateway it comes in', async () => {
  const [first, second] = houses as [Product, Product];
  const answer = await fetch(`${first.url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ model: 'judged', messages: [{ role: 'user', content: 'Well?' }] }),
  });
  await answer.text();
  const exchange = answer.headers.get('x-midwatch-exchange') as string;
  const judge = () => api(second).ramps.judge('judged', [{ exchange, good: false }]);
  await until(async () => (await judge()).counted === 1, 'the other gateway to wait for it', 2_000);
  await everywhere(async (house) => {
    const found = (await api(house).ramps.list()).find(({ route }) => route === 'judged');
    return found?.buckets[0]?.bad === 1;
  }, 'the verdict to count everywhere');
  expect((await judge()).counted).toBe(0);
});

test('a question asked again on another gateway is one task in one book', async () => {
  const round = async (shift: number, text: (i: number) => string) => {
    for (let i = 0; i < 12; i++)
      await ask(houses[(i + shift) % 3] as Product, 'routed', `task ${i}`, text(i));
    // Nobody reads an answer and asks again faster than gateways tell each other.
    await Bun.sleep(300);
  };
  for (let again = 0; again < 3; again++) await round(again, (i) => `How deep is the water at buoy ${i}?`);
  // Another question in the same thread closes the task before.
  await round(0, () => 'Please list every lighthouse of the northern coast.');
  await everywhere(async (house) => {
    const { tasks, router: one, frontier } = await router(house);
    return tasks.closed === 12 && one.exchanges + frontier.exchanges === 36;
  }, 'all to have closed twelve tasks of three exchanges');
  const books = await Promise.all(houses.map(router));
  const sums = books.map((book) =>
    [book.router, book.frontier].map(({ tasks, exchanges, solved, microUsd }) => ({
      tasks,
      exchanges,
      solved,
      microUsd,
    })),
  );
  expect(sums[1]).toEqual(sums[0]);
  expect(sums[2]).toEqual(sums[0]);
});

test('what is seen while Redis is away is told when it is back; a newcomer begins where the others stand', async () => {
  await redis.kill();
  for (let i = 0; i < 9; i++) await ask(houses[i % 3] as Product, 'routed');
  const closed = await Promise.all(houses.map(async (house) => (await router(house)).tasks.closed));
  expect(Math.max(...closed)).toBeLessThan(21);
  await redis.restart();
  await everywhere(
    async (house) => (await router(house)).tasks.closed === 21,
    'all to know of nine more',
    20_000,
  );
  const late = await start();
  await until(async () => (await router(late)).tasks.closed === 21, 'a newcomer to know', 10_000);
  const { rolledBack, ...seen } = await ramp(houses[0] as Product);
  expect(await ramp(late)).toMatchObject(seen);
  expect((await ramp(late)).rolledBack?.why).toBe(rolledBack?.why ?? '');
  await ask(late, 'routed');
  await everywhere(
    async (house) => (await router(house)).tasks.closed === 22,
    'all to know what the newcomer saw',
  );
  const [, second] = houses as [Product, Product];
  await second.stop();
  await ask(late, 'routed');
  houses[1] = await second.again();
  await everywhere(
    async (house) => (await router(house)).tasks.closed === 23,
    'one that starts again to know',
    10_000,
  );
});
