import { afterAll, beforeAll, expect, test } from 'bun:test';
import { RedisClient } from 'bun';
import fc from 'fast-check';
import {
  type AccountRule,
  type AuthorityMessage,
  budgetsSchema,
  type LedgerEvent,
  lanesSchema,
  quotasSchema,
  type WhenAway,
} from '#contracts';
import { seeded, systemClock } from '#kernel';
import { createBudgets } from '../budget/budgets.ts';
import { createQuotas } from '../quota/quotas.ts';
import { createLeasedStore } from '../store/leased.ts';
import { createMemoryAuthority } from '../store/memory-authority.ts';
import { createRedisAuthority } from './authority.ts';
import { type RedisServer, redisBinary, startRedis } from './testing.ts';

let server: RedisServer;
/** Without a Redis on the machine there is nothing to share through; the runner says loudly that it was not tried. */
const shared = test.skipIf(redisBinary() === undefined);

beforeAll(async () => {
  if (redisBinary() === undefined) return;
  server = await startRedis();
});
afterAll(() => server?.stop());

const clock = systemClock();
let prefixes = 0;
const fresh = () => `{t${prefixes++}}`;
const forever = new AbortController().signal;

/** Patient, so that a busy machine is not taken for a Redis that is away. */
function replica(name: string, prefix: string, timeoutMs = 4_000, onEvent?: (event: LedgerEvent) => void) {
  const authority = createRedisAuthority({ url: server.url, prefix });
  return createLeasedStore({ authority, clock, replica: name, timeoutMs, ...(onEvent && { onEvent }) });
}

const RULES: readonly AccountRule[] = [
  { kind: 'tally', limit: 1_000, sharing: { slack: 200, whenAway: 'closed' } },
  {
    kind: 'tally',
    limit: Number.POSITIVE_INFINITY,
    endsAt: 5_000_000,
    sharing: { slack: 0, whenAway: 'open' },
  },
  { kind: 'tally', limit: 300, endsAt: 1_500_000, sharing: { slack: 0, whenAway: 'local' } },
  { kind: 'bucket', rate: 0.01, capacity: 500, sharing: { slack: 50, whenAway: 'closed' } },
];

shared('the script and the authority in memory answer every message alike', async () => {
  const figure = fc.nat(400);
  const message = fc.record({
    replica: fc.constantFrom('a', 'b'),
    wait: fc.oneof(fc.nat(3_000), fc.constant(4_000_000)),
    accounts: fc.array(
      fc.record({
        rule: fc.nat(RULES.length - 1),
        settled: figure,
        reserved: figure,
        idle: fc.nat(60),
        holdMs: fc.nat(9_000),
        wish: fc.nat(120),
        lower: fc.option(fc.integer({ min: -50, max: 400 }), { nil: undefined }),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    wants: fc.array(
      fc.array(fc.record({ which: fc.nat(3), amount: fc.nat(300), leave: fc.nat(100) }), {
        minLength: 1,
        maxLength: 3,
      }),
      { maxLength: 3 },
    ),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(message, { maxLength: 12 }), async (messages) => {
      let now = 1_000_000;
      const memory = createMemoryAuthority({ now: () => now });
      const redis = createRedisAuthority({ url: server.url, prefix: fresh(), now: () => now });
      let seq = 0;
      for (const { replica, wait, accounts, wants } of messages) {
        now += wait;
        const reports = [...new Map(accounts.map((a) => [a.rule, a])).values()].map(
          ({ rule, settled, reserved, idle, holdMs, wish, lower }) => ({
            id: `x${rule}`,
            as: replica,
            rule: RULES[rule]!,
            keepMs: 60_000_000,
            taken: settled + reserved + idle,
            settled,
            idle,
            holdMs,
            wish,
            ...(lower !== undefined && { lower }),
          }),
        );
        const asked: AuthorityMessage = {
          replica,
          seq: ++seq,
          leaseMs: 2_000,
          accounts: reports,
          wants: wants.map((claims) =>
            claims.map(({ which, amount, leave }) => ({ account: which % reports.length, amount, leave })),
          ),
        };
        expect(await redis.exchange(asked, forever)).toEqual(await memory.exchange(asked, forever));
      }
      redis.close();
    }),
    { numRuns: 120 },
  );
});

shared('a message that was overtaken is refused, and a flushed script is sent again', async () => {
  const prefix = fresh();
  const redis = createRedisAuthority({ url: server.url, prefix });
  const message = (seq: number) => ({ replica: 'a', seq, leaseMs: 1_000, accounts: [], wants: [] });
  await redis.exchange(message(2), forever);
  const admin = new RedisClient(server.url);
  await admin.send('SCRIPT', ['FLUSH']);
  await redis.exchange(message(3), forever);
  await expect(redis.exchange(message(1), forever)).rejects.toThrow('OVERTAKEN');
  admin.close();
  redis.close();
});

for (const slack of [0, 0.02])
  shared(
    `three replicas × 200 callers race for the last cent through Redis: never over, slack ${slack} dollars`,
    async () => {
      const prefix = fresh();
      const random = seeded(slack);
      const config = budgetsSchema.parse({
        all: { per: 'organisation', hard: 0.1, period: 'lifetime', slack, whenAway: 'closed' },
        team: { per: 'tenant', hard: 0.06, period: 'lifetime', slack: slack / 2, whenAway: 'closed' },
      });
      const stores = [1, 2, 3].map((n) => replica(`r${n}`, prefix));
      const all = stores.map((store) => createBudgets({ store, clock, config }));
      const used: Record<string, number> = { us: 0, t0: 0, t1: 0 };
      let billed = 0;
      let refused = 0;
      const caller = async (i: number) => {
        await clock.sleep(random() * 100);
        const worst = 1 + Math.floor(random() * 1_500);
        const tenant = `t${i % 2}`;
        const decision = await all[i % 3]!.reserve({
          subject: { organisation: 'us', tenant },
          cause: 'first',
          worst,
          ttlMs: 30_000,
        });
        if (!decision.ok) {
          refused++;
          return;
        }
        used.us! += worst;
        used[tenant]! += worst;
        expect(used.us).toBeLessThanOrEqual(100_000);
        expect(used[tenant]).toBeLessThanOrEqual(60_000);
        await clock.sleep(random() * 50);
        const microUsd = Math.floor(random() * worst);
        used.us! += microUsd - worst;
        used[tenant]! += microUsd - worst;
        billed += microUsd;
        decision.settle({ microUsd, state: 'exact' });
      };
      await Promise.all(Array.from({ length: 600 }, (_, i) => caller(i)));
      expect(refused).toBeGreaterThan(0);
      expect(billed).toBeGreaterThan(50_000);
      await Promise.all(stores.map((store) => store.close()));
      // A replica that only now begins hears from Redis what all of them spent.
      const late = replica('late', prefix);
      const fourth = createBudgets({ store: late, clock, config });
      await fourth.reserve({ subject: { organisation: 'us' }, cause: 'first', worst: 0, ttlMs: 1_000 });
      fourth.charge({ organisation: 'us' }, 'first', { microUsd: 0, state: 'exact' });
      await late.flush();
      expect(fourth.readings()[0]).toMatchObject({ settled: billed, reserved: 0 });
      const records = all.reduce((sum, b) => sum + b.spend().first!.microUsd, 0);
      expect(records).toBe(billed);
      await late.close();
    },
  );

shared('three replicas × 200 callers race for one quota: never over by more than the slack', async () => {
  const prefix = fresh();
  // 97 a minute with a burst of all of them, and nothing to speak of comes back while the test runs.
  const table = {
    p: quotasSchema.parse({ requestsPerMinute: 100, burst: '1m', slack: 0.1, whenAway: 'closed' }),
  };
  const stores = [1, 2, 3].map((n) => replica(`r${n}`, prefix));
  const started = clock.monotonic();
  const all = stores.map((store) => createQuotas({ store, clock, table, lanes: lanesSchema.parse({}) }));
  let granted = 0;
  await Promise.all(
    Array.from({ length: 600 }, async (_, i) => {
      const decision = await all[i % 3]!.reserve({
        provider: 'p',
        credential: 'k',
        model: 'm',
        estimate: { tokensIn: 1, tokensOut: 1 },
        lane: 'interactive',
        ttlMs: 60_000,
      });
      if (decision?.ok) granted++;
      else expect(decision).toMatchObject({ ok: false, axis: 'requests' });
    }),
  );
  const refill = ((clock.monotonic() - started) * 97) / 60_000;
  expect(granted).toBeGreaterThan(80);
  expect(granted).toBeLessThanOrEqual(97 + refill + 9.7);
  await Promise.all(stores.map((store) => store.close()));
});

shared('every key goes away by itself', async () => {
  const prefix = fresh();
  const store = replica('r', prefix);
  const rule: AccountRule = {
    kind: 'tally',
    limit: 10,
    endsAt: clock.now() + 60_000,
    sharing: { slack: 0, whenAway: 'closed' },
  };
  const taking = await store.take([{ account: store.account('x', rule), amount: 1 }], 1_000);
  expect(taking.ok).toBe(true);
  const admin = new RedisClient(server.url);
  const keys = await admin.keys(`${prefix}:*`);
  expect(keys).toHaveLength(2);
  for (const key of keys) expect(Number(await admin.send('PTTL', [key]))).toBeGreaterThan(0);
  admin.close();
  await store.close();
});

shared(
  'Redis hung, killed and back: each policy as declared, nobody waits for ever, nothing that was spent is forgotten',
  async () => {
    const prefix = fresh();
    const events: string[] = [];
    let back: () => void = () => undefined;
    const store = replica('r', prefix, 250, ({ type }) => {
      events.push(type);
      if (type === 'back') back();
    });
    const nextBack = () => new Promise<void>((resolve) => (back = resolve));
    const ask = async (whenAway: WhenAway, amount: number) => {
      const rule: AccountRule = { kind: 'tally', limit: 1_000, sharing: { slack: 0, whenAway } };
      const taking = await store.take([{ account: store.account(whenAway, rule), amount }], 60_000);
      if (taking.ok) store.settle(taking.hold, [amount]);
      return taking.ok ? 'ok' : taking.why;
    };
    const policies = async () => [await ask('open', 100), await ask('closed', 100), await ask('local', 100)];
    expect(await policies()).toEqual(['ok', 'ok', 'ok']);
    await store.flush();

    process.kill(server.pid, 'SIGSTOP');
    expect(await policies()).toEqual(['ok', 'away', 'ok']);
    let returned = nextBack();
    process.kill(server.pid, 'SIGCONT');
    await returned;
    expect(await policies()).toEqual(['ok', 'ok', 'ok']);
    await store.flush();

    returned = nextBack();
    await server.restart();
    // The old connection is dead and the new server empty; whichever is noticed first, nothing may hang.
    await policies();
    await store.flush();
    if (events.filter((e) => e === 'away').length > 1) await returned;
    await store.flush();
    const other = replica('other', prefix);
    const rule: AccountRule = { kind: 'tally', limit: 1_000, sharing: { slack: 0, whenAway: 'open' } };
    const account = other.account('open', rule);
    await other.take([{ account, amount: 1 }], 1_000);
    expect(other.read(account).settled).toBe(400);
    expect(events.slice(0, 2)).toEqual(['away', 'back']);
    await Promise.all([store.close(), other.close()]);
  },
);
