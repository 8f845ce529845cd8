import { afterAll, beforeAll, expect, test } from 'bun:test';
import { type DigestedExchange, inMix, type Store, type TierCount } from '#contracts';
import { virtualClock } from '#kernel';
import { freshDatabase } from './embedded/testing.ts';
import { openStore } from './index.ts';
import { MOST_NAMES } from './spend.ts';
import { idMaker, START, sample, testClock } from './testing.ts';
import { MOST_USERS } from './tiers.ts';

let made: Awaited<ReturnType<typeof freshDatabase>>;
let store: Store;
beforeAll(async () => {
  made = await freshDatabase();
  store = openStore({ url: made.url, clock: testClock, log: () => undefined });
  await store.upkeep.migrate();
}, 60_000);
afterAll(async () => {
  await store.close();
  await made.drop();
});

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const make = idMaker(12);
const chance = virtualClock({ seed: 8 });
const pick = <T>(...some: readonly T[]): T => some[Math.floor(chance.random() * some.length)] as T;

const one = (at: number, more: Partial<DigestedExchange['exchange']> = {}): DigestedExchange => {
  const [demotedBy, reason] = pick(
    ['demotion:a', 'flag'] as const,
    ['timeout_headers', 'timeout'] as const,
    ['health', 'error'] as const,
  );
  const served = pick('primary', 'primary', 'small', 'canned');
  const tenant = pick('acme', 'blue', undefined);
  const user = pick('u1', 'u2', 'u3', undefined);
  return sample({
    id: make(at),
    at,
    attempts: Array.from({ length: pick(0, 1, 1, 2) }, (_, i) => ({ number: i + 1 })),
    exchange: {
      route: pick('chat', 'support'),
      source: pick('gateway', 'gateway', 'exercise', 'probe'),
      tier:
        served === 'primary'
          ? { intended: 'primary', served }
          : { intended: 'primary', served, demotedBy, reason },
      who: { ...(tenant && { tenant }), ...(user && { user }) },
      ...more,
    },
  });
};

const mixed = (all: readonly DigestedExchange[], from: number, to: number) =>
  all
    .map(({ exchange }) => exchange)
    .filter(
      ({ at, source, attempts, tier }) =>
        at >= from && at < to && inMix(source, attempts.length, tier.served !== tier.intended),
    );

test('the mix by hour, by tenant and by user is the recount of the facts, however often batches come', async () => {
  const from = Math.floor(START / DAY) * DAY;
  const all = Array.from({ length: 600 }, (_, i) => one(from + i * 11 * 60_000));
  // In three parts and some twice: a batch that comes again adds nothing.
  for (const [a, b] of [
    [0, 250],
    [200, 420],
    [420, 600],
  ])
    await store.write(all.slice(a, b));

  for (const [start, end] of [
    [from, from + 10 * DAY],
    [from + 7 * HOUR, from + 31 * HOUR],
  ] as const) {
    const facts = mixed(all, start, end);
    const expected = new Map<string, number>();
    for (const { at, route, tier } of facts) {
      const key = JSON.stringify([
        Math.floor(at / HOUR) * HOUR,
        route,
        tier.served,
        tier.demotedBy,
        tier.reason,
      ]);
      expected.set(key, (expected.get(key) ?? 0) + 1);
    }
    const keyOf = ({ at, route, tier, by, reason }: TierCount) =>
      JSON.stringify([at, route, tier, by, reason]);
    const hours = await store.tiers.hours({ from: start, to: end });
    expect(new Map(hours.map((h) => [keyOf(h), h.exchanges]))).toEqual(expected);
    expect(hours.length).toBe(expected.size);

    const tenants = await store.tiers.tenants({ from: start, to: end, route: 'chat' });
    for (const { name, exchanges, demoted } of tenants) {
      const own = facts.filter(({ route, who }) => route === 'chat' && who.tenant === name);
      expect([name, exchanges, demoted]).toEqual([
        name,
        own.length,
        own.filter(({ tier }) => tier.served !== tier.intended).length,
      ]);
    }
    expect(tenants.map(({ name }) => name ?? '').sort()).toEqual(['', 'acme', 'blue']);
  }

  const facts = mixed(all, from, from + 10 * DAY).filter(({ route, who }) => route === 'chat' && who.user);
  const users = Map.groupBy(facts, ({ who }) => who.user);
  const mostly = [...users.values()].filter(
    (own) => own.filter(({ tier }) => tier.served !== tier.intended).length * 2 > own.length,
  );
  expect(await store.tiers.users({ from, to: from + 10 * DAY, route: 'chat' })).toEqual([
    { route: 'chat', users: users.size, mostlyDemoted: mostly.length },
  ]);
}, 120_000);

test('past what is counted apart, tenants go to the rest and users become a fair sample', async () => {
  const from = Math.floor(START / DAY) * DAY + 40 * DAY;
  const n = 1_500;
  const primary = { intended: 'primary', served: 'primary' } as const;
  const demoted = { ...primary, served: 'small', demotedBy: 'demotion:a', reason: 'flag' } as const;
  const { attempts } = sample({ id: make(from), at: from, attempts: [{ number: 1 }] }).exchange;
  const asked = (i: number, day: number) =>
    one(from + day * DAY + i, {
      route: 'crowd',
      source: 'gateway',
      attempts,
      tier: i % 5 === 0 ? demoted : primary,
      who: { user: `user ${i}`, tenant: `tenant ${i % (MOST_NAMES + 20)}` },
    });
  const all = [0, 1].flatMap((day) => Array.from({ length: n }, (_, i) => asked(i, day)));
  for (let i = 0; i < all.length; i += 400) await store.write(all.slice(i, i + 400));

  const [users] = await store.tiers.users({ from, to: from + 2 * DAY, route: 'crowd' });
  expect(users?.users).toBeGreaterThan(MOST_USERS * 0.9);
  expect(users?.users).toBeLessThanOrEqual(MOST_USERS);
  // A fifth of 1,500 users; the sample tells it to within seven points.
  expect(Math.abs((users?.mostlyDemoted ?? 0) / (users?.users ?? 1) - 0.2)).toBeLessThan(0.07);

  const tenants = await store.tiers.tenants({ from, to: from + DAY, route: 'crowd' });
  expect(tenants.filter(({ name }) => name !== undefined)).toHaveLength(MOST_NAMES);
  expect(tenants.filter(({ rest }) => rest)).toHaveLength(1);
  expect(tenants.reduce((sum, { exchanges }) => sum + exchanges, 0)).toBe(n);
}, 120_000);
