import { afterAll, beforeAll, expect, test } from 'bun:test';
import { type Attempt, type DigestedExchange, isGood, SPEND_BY, type SpendBy, type Store } from '#contracts';
import { virtualClock } from '#kernel';
import { freshDatabase } from './embedded/testing.ts';
import { openStore } from './index.ts';
import { MOST_NAMES } from './spend.ts';
import { idMaker, START, sample, testClock } from './testing.ts';

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
const make = idMaker(11);
const chance = virtualClock({ seed: 4 });
const pick = <T>(...some: readonly T[]): T => some[Math.floor(chance.random() * some.length)] as T;

const attempt = (number: number): Partial<Attempt> => {
  const state = pick('exact', 'estimated', 'unpriced', 'free');
  return {
    number,
    cause: number === 1 ? 'first' : pick('retry', 'fallback', 'hedge'),
    provider: pick('a', 'b'),
    outcome: pick('complete', 'error', 'cut'),
    cost: { state, microUsd: state === 'exact' || state === 'estimated' ? 10 * number : 0 },
  };
};
const one = (at: number): DigestedExchange => {
  const attempts = Array.from({ length: pick(0, 1, 1, 1, 2, 3) }, (_, i) => attempt(i + 1));
  // Now and then money that no attempt accounts for.
  const more = pick(0, 0, 0, 7);
  const [key, tenant, feature] = [pick('k1', undefined), pick('acme', undefined), pick('sums', undefined)];
  return sample({
    id: make(at),
    at,
    attempts,
    exchange: {
      route: pick('chat', 'support'),
      source: pick('gateway', 'gateway', 'probe', 'exercise', 'shadow'),
      outcome: attempts.at(-1)?.outcome ?? 'error',
      who: { ...(key && { key }), ...(tenant && { tenant }), ...(feature && { feature }) },
      cost: {
        state: 'exact',
        microUsd: attempts.reduce((sum, { cost }) => sum + (cost?.microUsd ?? 0), more),
      },
    },
  });
};
const all = Array.from({ length: 400 }, (_, i) => one(START + i * 11 * 60_000));

/** The report made from the facts that went in, written down on its own. */
function recount(by: SpendBy, from: number, to: number) {
  const sums = new Map<string, { attempts: number; microUsd: number; wasted: number }>();
  for (const { exchange } of all) {
    if (exchange.at < from || exchange.at >= to) continue;
    const final =
      exchange.attempts.findLast((a) => a.outcome === exchange.outcome) ?? exchange.attempts.at(-1);
    const own = exchange.source === 'gateway' ? undefined : exchange.source;
    const add = (a: Attempt | undefined, attempts: number, microUsd: number, wasted: number) => {
      const { key, tenant, feature } = exchange.who;
      const name =
        { cause: own ?? a?.cause, route: exchange.route, provider: a?.provider, key, tenant, feature }[by] ??
        '';
      const sum = sums.get(name) ?? { attempts: 0, microUsd: 0, wasted: 0 };
      sums.set(name, {
        attempts: sum.attempts + attempts,
        microUsd: sum.microUsd + microUsd,
        wasted: sum.wasted + wasted,
      });
    };
    let rest = exchange.cost.microUsd;
    for (const a of exchange.attempts) {
      rest -= a.cost.microUsd;
      add(a, 1, a.cost.microUsd, a === final && isGood(exchange.outcome) ? 0 : a.cost.microUsd);
    }
    if (rest !== 0) add(final, 0, rest, 0);
  }
  return Object.fromEntries([...sums].sort());
}

test('each way of naming is what the facts say, at odd ends, and all of them sum to the bill', async () => {
  // In two parts and some twice: a batch that comes again adds nothing.
  await store.write(all.slice(0, 250));
  await store.write(all.slice(200));
  for (const [from, to] of [
    [START, START + 80 * HOUR],
    [START + 7 * 60_000, START + 33 * HOUR + 60_000],
    [START + 2 * 60_000, START + 50 * 60_000],
  ] as const)
    for (const by of SPEND_BY) {
      const report = await store.rollups.spend({ from, to, by });
      const rows = report.rows.map(
        ({ name = '', attempts, microUsd, wastedMicroUsd }) =>
          [name, { attempts, microUsd, wasted: wastedMicroUsd }] as const,
      );
      expect(Object.fromEntries(rows.sort(([a], [b]) => (a < b ? -1 : 1)))).toEqual(recount(by, from, to));
      const window = await store.rollups.window({ from, to, step: HOUR });
      // What nobody was served is money, and no traffic.
      const causes = await store.rollups.spend({ from, to, by: 'cause' });
      const own = causes.rows.filter(({ name }) => name === 'probe' || name === 'shadow');
      for (const sum of ['microUsd', 'wastedMicroUsd', 'attempts', 'tokensIn'] as const)
        expect(report.total[sum] - own.reduce((all, row) => all + row[sum], 0)).toBe(window.totals[sum]);
    }
});

test('what is estimated or has no price is told apart', async () => {
  const { total } = await store.rollups.spend({ from: START, to: START + 80 * HOUR, by: 'cause' });
  const attempts = all.flatMap(({ exchange }) => exchange.attempts);
  const estimated = attempts.filter((a) => a.cost.state === 'estimated');
  expect(total.estimatedMicroUsd).toBe(estimated.reduce((sum, a) => sum + a.cost.microUsd, 0));
  expect(total.unpriced).toBe(attempts.filter((a) => a.cost.state === 'unpriced').length);
});

test('who makes up a tenant a call is counted with the rest, and the sum still is the bill', async () => {
  const at = START + 200 * HOUR;
  const flood = Array.from({ length: MOST_NAMES + 30 }, (_, i) =>
    sample({
      id: make(at + i),
      at: at + i,
      attempts: [{ cost: { state: 'exact', microUsd: 3 } }],
      exchange: { who: { tenant: `t${i}` }, cost: { state: 'exact', microUsd: 3 } },
    }),
  );
  await store.write(flood.slice(0, 300));
  await store.write(flood.slice(300));
  const { rows, total } = await store.rollups.spend({ from: at, to: at + HOUR, by: 'tenant' });
  expect(total.microUsd).toBe(3 * flood.length);
  expect(rows.filter((row) => !row.rest)).toHaveLength(MOST_NAMES);
  expect(rows.find((row) => row.rest)).toMatchObject({ rest: true, attempts: 30, microUsd: 90 });
});
