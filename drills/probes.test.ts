import { afterEach, expect, test } from 'bun:test';
import { type Rehearsal, rehearse } from './rehearsal.ts';

/** Probes on a schedule, through the product's own gateway, in virtual time. */
const MINUTE = 60_000;
const PRICES = { 'sim-a': { input: 1, output: 4 } };
const provider = (more: object = {}) => ({ kind: 'simulator', prices: PRICES, ...more });
let one: Rehearsal | undefined;
afterEach(() => one?.stop());

function open(probes: object | undefined, sim: object = provider(), timeline: readonly object[] = []) {
  one = rehearse({
    seed: 1,
    world: JSON.stringify({ timeline }),
    config: JSON.stringify({
      providers: { sim },
      routes: {
        chat: {
          tiers: [{ name: 'a', targets: [{ provider: 'sim', model: 'sim-a' }] }],
        },
      },
      ...(probes && { probes }),
    }),
  });
  one.clock.every(1_000, one.probes.tick.bind(one.probes));
  return one;
}

const pass = (rehearsal: Rehearsal, ms: number) => rehearsal.run(rehearsal.clock.sleep(ms));

test('without a word in the configuration nobody is asked', async () => {
  const house = open(undefined);
  await pass(house, 10 * MINUTE);
  expect(house.finished).toEqual([]);
  expect(house.probes.read()).toEqual([]);
});

test('each is of one shape, billed as a probe, and no traffic of the callers', async () => {
  const house = open({ every: '30s' });
  await pass(house, 10 * MINUTE + 5_000);
  expect(house.finished.length).toBeWithin(19, 22);
  for (const { facts } of house.finished) {
    expect(facts.source).toBe('probe');
    expect(facts.ask.stream).toBe(true);
    expect(facts.usage.input).toBeWithin(150, 250);
    expect(facts.usage.output).toBeLessThanOrEqual(16);
  }
  const [read] = house.probes.read();
  const bill = house.finished.reduce((sum, { facts }) => sum + facts.cost.microUsd, 0);
  expect(read).toMatchObject({ calls: house.finished.length, failed: 0, microUsd: bill, every: 30_000 });
  expect(read?.last?.firstToken).toBeGreaterThan(0);
  expect(house.standing.read().every(({ statistic }) => statistic === 0)).toBe(true);
});

test('what they may cost in a day is kept, and the next day is a new one', async () => {
  const house = open({ every: '1m', dailyUsd: 0.002 });
  await pass(house, 2 * 60 * MINUTE);
  const [read] = house.probes.read();
  expect(read?.paused).toBe('probes.dailyUsd is spent');
  expect(read?.microUsd).toBeLessThanOrEqual(2_000);
  expect(read?.microUsd).toBeGreaterThan(1_500);
  const before = house.finished.length;
  await pass(house, 24 * 60 * MINUTE);
  expect(house.finished.length).toBeGreaterThan(before);
});

test('a target without a price is not probed, and one that fails is left alone for longer', async () => {
  const unpriced = open({ every: '30s' }, { kind: 'simulator' });
  await pass(unpriced, 5 * MINUTE);
  expect(unpriced.finished).toEqual([]);
  expect(unpriced.probes.read()[0]?.paused).toContain('providers.sim.prices');
  await unpriced.stop();
  const failing = open({ every: '30s' }, provider(), [{ fault: 'status', with: { code: 500 } }]);
  await pass(failing, 30 * MINUTE);
  const [read] = failing.probes.read();
  expect(read?.failed).toBe(read?.calls as number);
  expect(read?.calls).toBeWithin(4, 12);
});

test('only those are probed that are named', async () => {
  const house = open({ targets: ['other/*'] });
  await pass(house, 5 * MINUTE);
  expect(house.finished).toEqual([]);
});
