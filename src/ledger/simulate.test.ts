import { expect, test } from 'bun:test';
import { LANES, type Lane, type LanesConfig, lanesSchema, type QuotaConfig, quotasSchema } from '#contracts';
import { seeded } from '#kernel';
import { type SimulatedCall, simulateQuotas } from './simulate.ts';

const MINUTE = 60_000;
const lanes: LanesConfig = lanesSchema.parse({});
const LIMITS = { requestsPerMinute: 600, tokensInPerMinute: 400_000, tokensOutPerMinute: 80_000 };
const table = { p: quotasSchema.parse(LIMITS) as readonly QuotaConfig[] };
const patience: Readonly<Record<Lane, number>> = { interactive: 15_000, normal: 15_000, batch: 40_000 };

/** The world of F23 as this verb is told of it: tokens in bind. */
function* load(perMinute: number, minutes: number): Generator<SimulatedCall> {
  const random = seeded(`load ${perMinute}`);
  let at = 0;
  for (let i = 0; ; i++) {
    at += (-Math.log(1 - random()) * MINUTE) / perMinute;
    if (at >= minutes * MINUTE) return;
    const lane = random() < 0.3 ? 'interactive' : 'batch';
    const amounts = { tokensIn: 200 + random() * 2_000, tokensOut: 20 + random() * 160 };
    yield { at, provider: 'p', model: 'm', lane, tenant: `t${i % 3}`, amounts, ms: 500 + random() * 2_000 };
  }
}
/** Calls a minute at which the tokens in are just used up. */
const CAPACITY = 400_000 / 1_200;
const simulate = (times: number, minutes = 10) =>
  simulateQuotas({ table, lanes, patience, calls: [...load(CAPACITY * times, minutes)] });

test('half the limit: everybody is let through, nearly all at once', async () => {
  const { all, scopes, unlimited } = await simulate(0.5);
  expect(all.refused + all.returned).toBe(0);
  expect(all.waited / all.asked).toBeLessThan(0.02);
  expect(all.asked).toBeGreaterThan(1_500);
  expect(unlimited).toBe(0);
  const used = scopes[0]?.axes.find(({ axis }) => axis === 'tokensIn')?.used as number;
  expect(used).toBeWithin(0.48, 0.56);
});

test('half as much again: the axis that binds is named and used up, people hardly wait, batch pays, tenants fairly', async () => {
  const { all, lanes: by, tenants, scopes } = await simulate(1.5);
  expect(scopes).toHaveLength(1);
  expect(scopes[0]).toMatchObject({ scope: 'p *', binding: 'tokensIn' });
  const axis = scopes[0]?.axes.find(({ axis }) => axis === 'tokensIn');
  // Full buckets at the beginning add six seconds' worth.
  expect(axis?.used).toBeWithin(0.95, 1.02);
  expect(by.interactive.refused).toBe(0);
  expect(by.interactive.waitMs.p95).toBeLessThan(1_500);
  expect(all.refused / all.asked).toBeWithin(0.2, 0.36);
  expect(by.batch.refused).toBe(all.refused);
  const served = Object.values(tenants).map(({ asked, refused }) => (asked - refused) / asked);
  expect(Math.max(...served) - Math.min(...served)).toBeLessThan(0.05);
  // What goes in comes out, whichever way it is counted.
  for (const fate of [all, ...LANES.map((lane) => by[lane])])
    expect(fate.atOnce + fate.waited + fate.returned + fate.refused).toBe(fate.asked);
  expect(LANES.reduce((sum, lane) => sum + by[lane].asked, 0)).toBe(all.asked);
});

test('what no quota counts is told apart, and the same load twice gives the same figures', async () => {
  const calls = [...load(100, 2)].map((call, i) => (i % 2 ? { ...call, provider: 'other' } : call));
  const once = await simulateQuotas({ table, lanes, patience, calls });
  expect(once.unlimited).toBe(Math.floor(calls.length / 2));
  expect(await simulateQuotas({ table, lanes, patience, calls })).toEqual(once);
  const none = await simulateQuotas({ table, lanes, patience, calls: [] });
  expect(none.all.asked).toBe(0);
});

test('a day that is used up refuses the rest of it', async () => {
  const [daily] = quotasSchema.parse({ requestsPerDay: 100, headroom: 1 });
  const calls = [...load(30, 10)];
  const { all, scopes } = await simulateQuotas({ table: { p: [daily!] }, lanes, patience, calls });
  expect(all.asked - all.refused).toBeWithin(99, 103);
  expect(scopes[0]).toMatchObject({ binding: 'requestsPerDay' });
});
