import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { FallbackView } from '#contracts';
import { type Product, until } from '../support/product.ts';
import { askForTier, type Replicas, replicas } from '../support/replicas.ts';

/**
 * Three gateways on one Redis, one of them with two threads: what one has seen of a fallback all know, whether they saw it work or
 * break, and who begins late goes on where the others stand.
 */
setDefaultTimeout(120_000);

let rig: Replicas;
let houses: Replicas['houses'];
let api: Replicas['api'];
let redis: Replicas['redis'];
let up: Replicas['first'];
let spare: Replicas['second'];

const config = (threads: number, total = 60) => `
gateway: { threads: ${threads} }
providers:
  up: { protocol: openai, baseUrl: "${up.url}", apiKey: sk-up, free: true }
  spare: { protocol: openai, baseUrl: "${spare.url}", apiKey: sk-spare, free: true }
routes:
  chat:
    match: { protocol: openai-chat, model: chat }
    exercise: { share: 0.05 }
    attempts: { perTarget: 1 }
    timeouts: { total: ${total}s }
    tiers:
      - { name: primary, targets: [{ provider: up, model: m-1 }] }
      - { name: fallback, minProof: EXERCISED, targets: [{ provider: spare, model: m-1 }] }
`;
const start = (threads = 1, total?: number) => rig.start(config(threads, total));

beforeAll(async () => {
  rig = await replicas();
  ({ houses, api, redis, first: up, second: spare } = rig);
  await start(2);
  await Promise.all([start(), start()]);
  await rig.met(3);
});
afterAll(() => rig.stop());

const ask = (house: Product) => askForTier(house, 'chat');
const askAll = async (n: number) => {
  for (let i = 0; i < n; i++) await ask(houses[i % 3] as Product);
};
const edge = async (house: Product): Promise<FallbackView> =>
  (await api(house).fallbacks.list()).find(({ route }) => route === 'chat') as FallbackView;
const everywhere = async (holds: (one: FallbackView) => boolean, what: string, ms = 10_000) => {
  const began = performance.now();
  for (const house of houses.slice(0, 3)) await until(async () => holds(await edge(house)), what, ms);
  console.log(`${what}: ${Math.round(performance.now() - began)} ms`);
};

/** So many asks of each house are one exercise of it, and sixty of them together prove what takes fifty-nine. */
const PROVING = 1_200;

test('exercises of three gateways add up to one proof', async () => {
  await askAll(PROVING);
  const exercised = spare.calls.length;
  // Each of four threads draws its own blocks of twenty.
  expect(exercised).toBeGreaterThanOrEqual(59);
  expect(exercised).toBeLessThanOrEqual(64);
  await everywhere(
    ({ state, exercised: { n } }) => state === 'PROVEN' && n === exercised,
    'all to have counted all',
  );
});

test('what the route needs is what all of them are asked for', async () => {
  // The busiest minute holds at least a third of them, for they were asked within three.
  const enough = PROVING / 3 / 60;
  // A sum is told after a second.
  await everywhere(({ load }) => (load.needed ?? 0) > enough, 'all to know what is needed');
});

test('who begins later knows at once; one with another contract neither believes it nor disturbs it', async () => {
  const { exercised } = await edge(houses[0] as Product);
  const late = await start();
  await until(async () => (await edge(late)).exercised.n === exercised.n, 'the late one to know');
  expect((await edge(late)).state).toBe('PROVEN');
  const other = await start(1, 30);
  await Bun.sleep(4_000);
  expect(await edge(other)).toMatchObject({ state: 'UNPROVEN', exercised: { n: 0 } });
  for (let i = 0; i < 20; i++) await ask(other);
  await until(async () => (await edge(other)).exercised.n === 1, 'the other to count its own');
  await Bun.sleep(500);
  for (const house of houses.slice(0, 4)) expect((await edge(house)).exercised.n).toBe(exercised.n);
  for (const one of [late, other]) {
    await one.stop();
    houses.splice(houses.indexOf(one), 1);
    one.remove();
  }
});

test('one that comes back with nothing in its folder is told again', async () => {
  const { exercised } = await edge(houses[0] as Product);
  const last = houses[2] as Product;
  await last.stop();
  rmSync(join(last.folder, '.midwatch', 'proofs.json'));
  houses[2] = await last.again({ env: rig.env });
  await everywhere(({ exercised: { n } }) => n === exercised.n, 'all to stand where they stood');
});

test('without Redis each counts its own; when it is back, all have counted all', async () => {
  const { exercised } = await edge(houses[0] as Product);
  spare.forget();
  await redis.restart();
  await askAll(120);
  const more = spare.calls.length;
  expect(more).toBeGreaterThan(3);
  await everywhere(
    ({ exercised: { n } }) => n === exercised.n + more,
    'all to have counted what was seen meanwhile',
    20_000,
  );
});

test('one failure on each of three breaks it for all, and is mended for all', async () => {
  spare.down(true);
  for (const house of houses) {
    spare.forget();
    while (spare.calls.length === 0) await ask(house);
  }
  await everywhere(({ state }) => state === 'BROKEN', 'all to know that it is broken');
  spare.down(false);
  // Blocks that were begun before may be over without a success.
  await askAll(PROVING + 200);
  await everywhere(({ state }) => state === 'PROVEN', 'all to know that it works again');
});
