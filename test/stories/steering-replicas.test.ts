import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import type { RampView } from '#contracts';
import { type Product, until } from '../support/product.ts';
import { askForTier as ask, type Replicas, replicas } from '../support/replicas.ts';

/**
 * Two gateways on one database, the second with three threads: what a person decides on one, and what a ramp finds there, is
 * heeded by the other within two seconds, and by one that was not there when it was said.
 */
setDefaultTimeout(120_000);

let rig: Replicas;
let houses: Replicas['houses'];
let api: Replicas['api'];
let up: Replicas['first'];
let next: Replicas['second'];

const config = (threads: number) => `
gateway: { threads: ${threads} }
providers:
  up: { protocol: openai, baseUrl: "${up.url}", apiKey: sk-up, free: true }
  next: { protocol: openai, baseUrl: "${next.url}", apiKey: sk-next, free: true }
routes:
  ramped:
    match: { model: ramped }
    attempts: { perTarget: 1 }
    tiers:
      - { name: old, targets: [{ provider: up, model: m-1 }] }
      - { name: new, targets: [{ provider: next, model: m-1 }] }
    ramp: { to: new, stages: [[100, 50], [100, 100]], edges: [0.3], baseline: 0.02, minimum: 5, harm: 6 }
  cut:
    match: { model: cut }
    tiers:
      - { name: large, targets: [{ provider: up, model: m-1 }] }
      - { name: small, targets: [{ provider: next, model: m-1 }] }
    demotions:
      - { id: a, from: large, to: small, maxShare: 1, reason: budget, owner: ana, expiresAt: "2031-01-01T00:00:00Z" }
      - { id: b, from: large, to: small, maxShare: 1, reason: budget, owner: ana, expiresAt: "2021-01-01T00:00:00Z", onExpire: extend-with-approval }
`;
const start = (threads = 1) => rig.start(config(threads));

beforeAll(async () => {
  rig = await replicas({ apart: true });
  ({ houses, api, first: up, second: next } = rig);
  await start();
  await start(3);
});
afterAll(() => rig.stop());

/** Of twelve asks at once, dealt out among the threads of the house. */
const tiersOf = async (house: Product, model: string) =>
  new Set(await Promise.all(Array.from({ length: 12 }, () => ask(house, model))));
const ramp = async (house: Product): Promise<RampView> => {
  const [one] = await api(house).ramps.list();
  return one as RampView;
};
/** Everywhere else within two seconds of being said. */
const within = async (holds: () => Promise<boolean>, what: string) => {
  const said = performance.now();
  await until(holds, what, 2_000);
  console.log(`${what}: ${Math.round(performance.now() - said)} ms`);
};
const [first, second] = [() => houses[0] as Product, () => houses[1] as Product];

test('a rule of demotion that is ended or approved by hand is so on every gateway and thread', async () => {
  expect(await tiersOf(second(), 'cut')).toEqual(new Set(['small']));
  await api(first()).demotions.end('cut', 'a');
  await within(
    async () => (await api(second()).demotions.list()).find(({ id }) => id === 'a')?.status === 'ended',
    'an ended rule',
  );
  expect(await tiersOf(second(), 'cut')).toEqual(new Set(['large']));
  await api(second()).demotions.approve('cut', 'b', { until: Date.now() + 3_600_000 });
  await within(async () => (await ask(first(), 'cut')) === 'small', 'an approval');
  const rules = await Promise.all(houses.map((house) => api(house).demotions.list()));
  for (const list of rules)
    expect(list.find(({ id }) => id === 'b')?.approval?.until).toBe(
      rules[0]?.find(({ id }) => id === 'b')?.approval?.until,
    );
});

test('a ramp that is rolled back, opened and reset by hand is so on every gateway', async () => {
  expect(await tiersOf(second(), 'ramped')).toEqual(new Set(['new']));
  await api(first()).ramps.rollback('ramped', { bucket: 1, why: 'a bad feeling' });
  await within(
    async () => (await ramp(second())).buckets[0]?.rolledBack?.why === 'a bad feeling',
    'a rollback by hand',
  );
  expect(await tiersOf(second(), 'ramped')).toEqual(new Set(['old']));
  await api(second()).ramps.reset('ramped', { bucket: 1 });
  await within(async () => (await ask(first(), 'ramped')) === 'new', 'a bucket opened again');
});

test('harm that one gateway finds closes the ramp on the others', async () => {
  next.down(true);
  // Who is caught by the old path has been badly served by the new one all the same.
  for (let i = 0; i < 8; i++) await ask(first(), 'ramped');
  next.down(false);
  expect((await ramp(first())).buckets[0]?.rolledBack).toBeDefined();
  await within(
    async () => (await ramp(second())).buckets[0]?.rolledBack !== undefined,
    'a rollback by the ramp',
  );
  expect(await tiersOf(second(), 'ramped')).toEqual(new Set(['old']));
});

test('one that starts later knows all of it, and one that starts again loses nothing of it', async () => {
  const late = await start();
  await until(async () => (await ramp(late)).buckets[0]?.rolledBack !== undefined, 'a newcomer to know');
  expect((await api(late).demotions.list()).find(({ id }) => id === 'a')?.status).toBe('ended');
  await api(first()).ramps.reset('ramped', {});
  for (const house of [second(), late])
    await within(async () => (await ramp(house)).buckets[0]?.rolledBack === undefined, 'a reset');
  for (let i = 0; i < 4; i++) await ask(second(), 'ramped');
  await until(async () => (await ramp(second())).buckets[0]?.n === 4, 'the ends on all threads to count');
  await second().stop();
  houses[1] = await second().again();
  // The acts of before are read again, and change nothing that was learnt since.
  await Bun.sleep(1_200);
  expect((await ramp(second())).buckets[0]?.n).toBe(4);
  expect((await ramp(second())).buckets[0]?.rolledBack).toBeUndefined();
});
