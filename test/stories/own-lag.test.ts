import { afterEach, expect, test } from 'bun:test';
import { well } from '../support/failure-table.ts';
import { eventually, type PuppetHouse, type PuppetHouseOptions, puppetHouse } from '../support/houses.ts';
import type { Behaviour, Call } from '../support/puppet.ts';
import { fetched, OPENAI } from '../support/tongues.ts';

/** Midwatch itself stands still: frozen with its machine, or without a processor. Nobody else is blamed for it. */
let set: PuppetHouse | undefined;
afterEach(async () => {
  await set?.stop();
  set = undefined;
});
const open = async (first: Behaviour, options: Partial<PuppetHouseOptions> = {}): Promise<PuppetHouse> => {
  set = await puppetHouse(first, { tongue: OPENAI, ...options });
  return set;
};
/** Nothing of this process runs, as little as while it is frozen. */
const standStill = (ms: number) => {
  const until = performance.now() + ms;
  while (performance.now() < until);
};
const STREAM = { tongue: OPENAI, stream: true };
const WARM = 130;
const BATCH = 30;

test('what lay in the sockets while we stood still is no slowness of its target: health, limit and hedges are as before', async () => {
  const held: Call[] = [];
  let holding = false;
  const behaviour: Behaviour = (call) => {
    if (holding) held.push(call);
    else well(call, STREAM);
  };
  const { house, second, record } = await open(behaviour, {
    second: (call) => well(call, STREAM),
    provider: { concurrency: {} },
    route: { hedge: true },
  });
  for (let i = 0; i < WARM; i += 10)
    await Promise.all(Array.from({ length: 10 }, () => fetched(house.url, OPENAI, STREAM)));
  await eventually(() => house.finished.length === WARM);
  const target = () => house.gateway.standing.read().find(({ provider }) => provider === 'first');
  const before = target();
  holding = true;
  const batch = Array.from({ length: BATCH }, () => fetched(house.url, OPENAI, STREAM));
  await eventually(() => held.length === BATCH);
  const hedged = second.calls.length;
  for (const call of held) well(call, STREAM);
  standStill(1_200);
  for (const one of batch) expect((await one).status).toBe(200);
  await eventually(() => house.finished.length === WARM + BATCH);
  expect(second.calls.length).toBe(hedged);
  expect(target()?.status).toBe(before?.status);
  // Their times are left out, that they were answered is not: each good answer takes a little off it.
  expect(target()?.statistic).toBeLessThanOrEqual(before?.statistic ?? 0);
  expect(house.gateway.seats.read()[0]).toMatchObject({ limit: 10_000, inFlight: 0 });
  const { verdicts } = await record(WARM + BATCH - 1);
  expect(verdicts).toMatchObject([{ guard: 'own-lag', decision: 'pass' }]);
  expect(house.gateway.stats().lag.stalls).toBeGreaterThanOrEqual(1);
});
