import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  setDefaultTimeout,
  test,
} from 'bun:test';
import { openLedger } from '#app';
import { type Attempt, type BudgetReading, type ConfigInput, configSchema } from '#contracts';
import { systemClock } from '#kernel';
import { type RedisServer, startRedis } from '#ledger/testing';
import { type TestGateway, testGateway } from '../support/gateway.ts';
import { until } from '../support/product.ts';
import { type SimulatorAt, simulatorAt } from '../support/simulator.ts';

/**
 * Two hundred clients at once on one budget and one quota, before one gateway and before three that share them through a real
 * Redis; and the same while Redis is gone. Real sockets everywhere, and a provider that keeps books of its own.
 */
setDefaultTimeout(120_000);

const CLIENTS = 200;
/** Whole micro-dollars a token, so that no sum depends on where it was rounded. */
const PRICES = { input: 2, output: 10 };
const MODEL = 'm-1';
const WORLD = JSON.stringify({
  models: {
    [MODEL]: {
      firstToken: { median: 20, sigma: 0.3 },
      gap: { median: 2, sigma: 0 },
      tokens: { median: 30 },
      prices: PRICES,
    },
  },
  quotas: [{ requestsPerMinute: 600, burst: '10s' }],
});
const FREE_WORLD = JSON.stringify({ models: JSON.parse(WORLD).models });

let redis: RedisServer;
let sim: SimulatorAt;
const houses: House[] = [];

interface House {
  readonly gateway: TestGateway;
  readonly ledger: ReturnType<typeof openLedger>;
}

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
beforeEach(() => {
  sim = simulatorAt(1, FREE_WORLD);
});
afterEach(async () => {
  for (const { gateway, ledger } of houses.splice(0)) {
    gateway.stop();
    await ledger.stop();
  }
  sim.stop();
});

let stories = 0;
/** As many gateways as are asked for; more than one share a ledger. Every story has budgets of its own name. */
function open(gateways: number, more: (name: string) => Partial<ConfigInput>, provider: object = {}): string {
  const name = `story-${stories++}`;
  for (let i = 0; i < gateways; i++) {
    const input: ConfigInput = {
      ...(gateways > 1 && { redis: redis.url }),
      providers: {
        up: {
          protocol: 'openai',
          baseUrl: `${sim.url}/v1`,
          apiKey: name,
          prices: { [MODEL]: PRICES },
          ...provider,
        },
      },
      routes: { chat: { tiers: [{ name: 'primary', targets: [{ provider: 'up', model: MODEL }] }] } },
      ...more(name),
    };
    const ledger = openLedger(configSchema.parse(input), undefined, systemClock(), () => undefined);
    houses.push({ ledger, gateway: testGateway(input, { ledger }) });
  }
  return name;
}

interface Ask {
  readonly tenant: string;
  readonly stream?: boolean;
  /** Goes away after the first bytes. */
  readonly leaves?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

async function ask(n: number, { tenant, stream = false, leaves = false, headers }: Ask) {
  const leaving = new AbortController();
  const { gateway } = houses[n % houses.length] as House;
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    signal: leaving.signal,
    headers: { 'x-midwatch-tenant': tenant, 'x-midwatch-user': `user-${n}`, ...headers },
    body: JSON.stringify({
      model: MODEL,
      max_tokens: 60,
      stream,
      ...(stream && { stream_options: { include_usage: true } }),
      messages: [{ role: 'user', content: `${n}: in 20 words` }],
    }),
  });
  if (!leaves || response.status !== 200) return { status: response.status, body: await response.text() };
  await response.body?.getReader().read();
  leaving.abort();
  return { status: response.status, body: '' };
}

const rows = (): readonly Attempt[] =>
  houses.flatMap(({ gateway }) => gateway.finished.flatMap(({ facts }) => facts.attempts));
const sum = (amounts: readonly number[]): number => amounts.reduce((total, one) => total + one, 0);
const costOf = (attempts: readonly Attempt[]): number => sum(attempts.map(({ cost }) => cost.microUsd));
const spentHere = (): number =>
  sum(houses.map(({ ledger }) => sum(Object.values(ledger.budgets.spend()).map((line) => line.microUsd))));
const readings = (budget: string): readonly BudgetReading[] =>
  houses.flatMap(({ ledger }) => ledger.budgets.readings().filter((r) => r.budget === budget));
/** Every record is written, and every gateway knows what all of them spent. */
const settled = (answers: number, known: () => boolean) =>
  until(
    async () => sum(houses.map(({ gateway }) => gateway.finished.length)) === answers && known(),
    'the books to be closed',
  );

describe.each([1, 3])('%d gateways', (gateways) => {
  const HARD = 20_000;

  test('two hundred race the last cent: never over, and ledger = records = the bill of the provider', async () => {
    const name = open(gateways, (budget) => ({
      budgets: { [budget]: { per: 'tenant', hard: HARD / 1e6 } },
    }));
    const answers = await Promise.all(
      Array.from({ length: CLIENTS }, (_, n) => ask(n, { tenant: 'blue', stream: n % 2 === 0 })),
    );
    await settled(CLIENTS, () =>
      readings(name).some((r) => r.settled === costOf(rows()) && r.reserved === 0),
    );
    const refused = answers.filter(({ status }) => status === 402);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThan(CLIENTS);
    expect(answers.filter(({ status }) => status !== 200 && status !== 402)).toEqual([]);
    for (const { body } of refused) expect(body).toContain(`raise \`budgets.${name}.hard\``);
    const bill = await sim.bill();
    expect(costOf(rows())).toBe(bill.microUsd);
    expect(spentHere()).toBe(bill.microUsd);
    expect(bill.microUsd).toBeLessThanOrEqual(HARD);
    // Half a worst case more would have been refused: what was left was of use to nobody.
    expect(bill.microUsd).toBeGreaterThan(HARD / 2);
  });

  test('callers who leave are billed too: every line of the bill has its row, equal or marked as an estimate', async () => {
    const name = open(gateways, (budget) => ({ budgets: { [budget]: { per: 'tenant', hard: 100 } } }));
    await Promise.all(
      Array.from({ length: CLIENTS }, (_, n) =>
        ask(n, { tenant: 'blue', stream: n % 2 === 0, leaves: n % 4 === 0 }),
      ),
    );
    await settled(CLIENTS, () =>
      readings(name).some((r) => r.settled === costOf(rows()) && r.reserved === 0),
    );
    const bill = await until(async () => {
      const read = await sim.bill();
      return read.count === CLIENTS && read;
    }, 'the provider to have closed its books');
    const byId = new Map(rows().map((row) => [row.providerRequestId, row]));
    for (const { requestId, whole, microUsd } of bill.calls) {
      const row = byId.get(requestId);
      expect(row).toBeDefined();
      if (row?.cost.state === 'exact') expect(row.cost.microUsd).toBe(microUsd);
      // Whoever left before the usage came is an estimate and says so; nobody who stayed is.
      else expect([whole, row?.outcome]).toEqual([false, 'cancelled']);
    }
    expect(bill.calls.filter(({ whole }) => !whole).length).toBeGreaterThan(0);
    expect(spentHere()).toBe(costOf(rows()));
  });

  test('two hundred on one quota: the provider never has to refuse, and what it grants is used', async () => {
    sim.stop();
    sim = simulatorAt(1, WORLD);
    open(gateways, () => ({}), {
      // The provider counts from when it hears of a call: a tenth of the burst is for those that are on their way.
      quota: { requestsPerMinute: 600, burst: '10s', headroom: 0.9 },
    });
    const began = performance.now();
    const answers = await Promise.all(
      Array.from({ length: CLIENTS }, (_, n) =>
        ask(n, {
          tenant: 'blue',
          headers: { 'x-midwatch-deadline-ms': '3000', 'x-midwatch-priority': 'interactive' },
        }),
      ),
    );
    const seconds = (performance.now() - began) / 1_000;
    const served = answers.filter(({ status }) => status === 200).length;
    expect(sim.refused()).toBe(0);
    // A burst of ninety and nine a second from then on, less what the replicas may hold idle (2 % of 600).
    expect(served).toBeLessThanOrEqual(90 + 9 * seconds + 1);
    expect(served).toBeGreaterThanOrEqual(90 - 12);
    expect(answers.filter(({ status }) => status !== 200 && status !== 429 && status !== 504)).toEqual([]);
  });
});

test('Redis gone and back: each budget does what it declares, nobody hangs, and in the end the books agree', async () => {
  const HARD = 12_000;
  const budget = (match: string, whenAway: 'open' | 'closed' | 'local') => ({
    per: 'tenant' as const,
    match,
    hard: HARD / 1e6,
    whenAway,
  });
  const name = open(3, (story) => ({
    budgets: {
      [`${story}-open`]: budget('open', 'open'),
      [`${story}-closed`]: budget('closed', 'closed'),
      [`${story}-local`]: budget('local', 'local'),
    },
  }));
  const TENANTS = ['open', 'closed', 'local'] as const;
  const spentBy = (tenant: string) =>
    sum(
      houses.flatMap(({ gateway }) =>
        gateway.finished.map(({ facts }) => (facts.who.tenant === tenant ? facts.cost.microUsd : 0)),
      ),
    );
  const round = async (each: number) => {
    const answers = await Promise.all(
      TENANTS.flatMap((tenant) =>
        Array.from({ length: each }, async (_, n) => ({ tenant, ...(await ask(n, { tenant })) })),
      ),
    );
    return (tenant: string) => answers.filter((one) => one.tenant === tenant);
  };
  let asked = 0;
  const before = await round(9);
  asked += 27;
  for (const tenant of TENANTS)
    expect(before(tenant).map(({ status }) => status)).toEqual(Array(9).fill(200));
  await settled(asked, () =>
    TENANTS.every((tenant) => readings(`${name}-${tenant}`).some((r) => r.settled === spentBy(tenant))),
  );

  const racing = round(30);
  await redis.kill();
  // Those under way at that moment are answered one way or the other.
  const during = await racing;
  for (const tenant of TENANTS) for (const { status } of during(tenant)) expect([200, 402]).toContain(status);
  const away = await round(40);
  asked += 90 + 120;
  expect(away('open').map(({ status }) => status)).toEqual(Array(40).fill(200));
  for (const { status, body } of away('closed')) {
    expect(status).toBe(402);
    expect(body).toContain('which is away');
    expect(body).toContain(`budgets.${name}-closed.whenAway`);
  }
  // Cut off, each of three keeps what is left for itself: never more than three times that.
  expect(away('local').some(({ status }) => status === 402)).toBe(true);
  expect(spentBy('local')).toBeLessThanOrEqual(3 * HARD);

  await redis.restart();
  // Every gateway is asked until all three know what all three spent, and keep to it again.
  await until(async () => {
    const answers = await round(3);
    asked += 9;
    return (
      TENANTS.every((tenant) => answers(tenant).every(({ status }) => status === 402)) &&
      TENANTS.every((tenant) => {
        const known = readings(`${name}-${tenant}`);
        return known.length === 3 && known.every((r) => r.settled === spentBy(tenant) && r.reserved === 0);
      })
    );
  }, 'Redis to be heard of again');
  await settled(asked, () => true);
  expect(spentHere()).toBe(costOf(rows()));
  expect(costOf(rows())).toBe((await sim.bill()).microUsd);
});
