import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { type Product, until } from '../support/product.ts';
import { type Replicas, replicas } from '../support/replicas.ts';

/**
 * Three gateways of the whole product before the same providers, on one Postgres and one Redis: what one has learnt of a
 * target the others need not learn again, and Redis is nobody's condition for serving.
 */
setDefaultTimeout(120_000);

let rig: Replicas;
let houses: Replicas['houses'];
let api: Replicas['api'];
let redis: Replicas['redis'];
let up: Replicas['first'];
let spare: Replicas['second'];

const config = () => `
providers:
  up: { protocol: openai, baseUrl: "${up.url}", apiKey: sk-up, prices: { m-1: { input: 1, output: 1 } } }
  spare: { protocol: openai, baseUrl: "${spare.url}", apiKey: sk-spare, prices: { m-1: { input: 1, output: 1 } } }
routes:
  chat:
    tiers:
      - { name: primary, targets: [{ provider: up, model: m-1 }] }
      - { name: fallback, targets: [{ provider: spare, model: m-1 }] }
budgets:
  house: { per: organisation, hard: 1000 }
`;
const start = () => rig.start(config());

beforeAll(async () => {
  rig = await replicas();
  ({ houses, api, redis, first: up, second: spare } = rig);
  await start();
  await Promise.all([start(), start()]);
});
afterAll(() => rig.stop());

async function ask(house: Product): Promise<number> {
  const response = await fetch(`${house.url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Well?' }] }),
  });
  await response.text();
  return response.status;
}
const statusOf = async (house: Product, name: string) =>
  (await api(house).providers()).find(({ provider }) => provider === name)?.status;

test('a target that one finds down is avoided by all within 2 s, by one that just started, too', async () => {
  const [first, second, third] = houses as [Product, Product, Product];
  await rig.met(3);
  up.down(true);
  for (let i = 0; i < 6; i++) expect(await ask(first)).toBe(200);
  expect(await statusOf(first, 'up')).toBe('down');
  const told = performance.now();
  for (const house of [second, third])
    await until(async () => (await statusOf(house, 'up')) === 'down', 'the others to know', 2_000);
  up.forget();
  for (let i = 0; i < 5; i++) for (const house of [second, third]) expect(await ask(house)).toBe(200);
  expect(up.calls).toEqual([]);
  const late = await start();
  const started = performance.now();
  await until(async () => (await statusOf(late, 'up')) === 'down', 'the newcomer to know', 2_000);
  console.log(
    `known to the others within ${Math.round(started - told)} ms less a start, to a newcomer ${Math.round(performance.now() - started)} ms after its start`,
  );
});

test('one probes for all: with four at work no two probes are nearer than the shortest wait', async () => {
  up.forget();
  let running = true;
  const statuses = new Set<number>();
  const callers = houses.map(async (house) => {
    while (running) {
      statuses.add(await ask(house));
      await Bun.sleep(20);
    }
  });
  await Bun.sleep(17_000);
  const probes = [...up.calls];
  const gaps = probes.slice(1).map((at, i) => at - (probes[i] as number));
  up.down(false);
  await until(async () => up.calls.length > probes.length + 3, 'traffic to return', 60_000);
  running = false;
  await Promise.all(callers);
  console.log(
    `${probes.length} probes in 17 s, gaps ${gaps.map((ms) => (ms / 1000).toFixed(1)).join(', ')} s`,
  );
  expect(probes.length).toBeGreaterThan(0);
  // 5 s, then twice that: three at most, and four that knew nothing of each other would have sent a dozen.
  expect(probes.length).toBeLessThanOrEqual(3);
  for (const gap of gaps) expect(gap).toBeGreaterThan(4_900);
  expect([...statuses]).toEqual([200]);
});

test('Redis killed under load: no call fails, the operator is told; back, they find together again', async () => {
  let running = true;
  let calls = 0;
  const failed: number[] = [];
  const callers = houses.flatMap((house) =>
    [0, 1].map(async () => {
      while (running) {
        const status = await ask(house);
        calls++;
        if (status !== 200) failed.push(status);
        await Bun.sleep(5);
      }
    }),
  );
  const states = () => Promise.all(houses.map(async (house) => (await api(house).system()).replicas?.state));
  await Bun.sleep(500);
  process.kill(redis.pid, 'SIGSTOP');
  await until(
    async () => (await states()).every((state) => state === 'away'),
    'all to notice a Redis that hangs',
  );
  await redis.restart();
  await until(async () => (await states()).every((state) => state === 'up'), 'all to be back');
  process.kill(redis.pid, 'SIGKILL');
  await until(
    async () => (await states()).every((state) => state === 'away'),
    'all to notice a Redis that is gone',
  );
  const [first] = houses as [Product];
  expect((await first.doctor()).filter(({ area }) => area === 'redis')).toMatchObject([{ level: 'bad' }]);
  await redis.restart();
  await until(async () => (await states()).every((state) => state === 'up'), 'all to be back again');
  running = false;
  await Promise.all(callers);
  console.log(`${calls} calls, ${failed.length} failed`);
  expect(failed).toEqual([]);
  spare.down(true);
  up.down(true);
  for (let i = 0; i < 6; i++) await ask(first);
  for (const house of houses)
    await until(async () => (await statusOf(house, 'up')) === 'down', 'news to flow again', 2_000);
});
