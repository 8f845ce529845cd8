import { expect, test } from 'bun:test';
import fc from 'fast-check';
import {
  type Lane,
  type LedgerEvent,
  laneOf,
  lanesSchema,
  type QuotaAsk,
  type QuotaDecision,
  quotasSchema,
} from '#contracts';
import { seeded } from '#kernel';
import { createMemoryStore } from '../store/memory.ts';
import { simulatedClock } from '../testing.ts';
import { exhaustion } from './day.ts';
import { pressureOf } from './pressure.ts';
import { createQuotas } from './quotas.ts';

type Limits = Parameters<typeof quotasSchema.parse>[0];

function world(quota: Limits, lanes: Parameters<typeof lanesSchema.parse>[0] = {}) {
  const clock = simulatedClock();
  const events: LedgerEvent[] = [];
  const store = createMemoryStore({ clock });
  const quotas = createQuotas({
    store,
    clock,
    table: { p: quotasSchema.parse(quota) },
    lanes: lanesSchema.parse(lanes),
    onEvent: (event) => events.push(event),
  });
  const ask = (over: Partial<QuotaAsk> = {}): QuotaAsk => ({
    provider: 'p',
    credential: 'k',
    model: 'm',
    estimate: { tokensIn: 100, tokensOut: 50 },
    lane: 'interactive',
    ttlMs: 60_000,
    ...over,
  });
  const now = (over: Partial<QuotaAsk> = {}): QuotaDecision => {
    const decision = quotas.reserve(ask(over));
    if (!decision || decision instanceof Promise) throw new Error('must be decided at once');
    return decision;
  };
  return { clock, events, store, quotas, ask, now, key: { provider: 'p', credential: 'k', model: 'm' } };
}

test('words of the priority header', () => {
  expect(['high', 'Low', undefined, 'urgent', 'toString'].map(laneOf)).toEqual([
    'interactive',
    'batch',
    'normal',
    undefined,
    undefined,
  ]);
});

test('pressure rises at once and falls only well below', () => {
  const walk = [0.5, 0.7, 0.65, 0.61, 0.59, 0.95, 0.85, 0.79, 1.2, 0.92, 0.88, 0];
  let state: Parameters<typeof pressureOf>[0] = 'calm';
  expect(walk.map((share) => (state = pressureOf(state, share)))).toEqual([
    'calm',
    'tight',
    'tight',
    'tight',
    'calm',
    'critical',
    'critical',
    'tight',
    'exhausted',
    'exhausted',
    'critical',
    'calm',
  ]);
});

test('a model that no quota names is free, and the first that names it counts', () => {
  const { quotas, ask } = world([{ models: 'mini*' }, { models: 'm*', requestsPerMinute: 60 }]);
  expect(quotas.reserve(ask({ model: 'other' }))).toBeUndefined();
  expect(quotas.reserve(ask({ model: 'mini-1' }))).toBeUndefined();
  expect(quotas.reserve(ask({ provider: 'q' }))).toBeUndefined();
  expect(quotas.reserve(ask({ model: 'm1' }))).toMatchObject({ ok: true });
  expect(quotas.readings().map((r) => r.scope)).toEqual(['p k m*']);
});

test('lanes stop one after another, and the axis that is short is named', () => {
  // 1,000 tokens at once, 50 each: batch may use 70 %, normal 90 %.
  const served = (lane: Lane) => {
    const { now, quotas, events } = world({
      requestsPerMinute: 1_000,
      tokensOutPerMinute: 10_000,
      headroom: 1,
    });
    for (let n = 0; ; n++) {
      const decision = now({ lane });
      if (decision.ok) continue;
      expect(decision.axis).toBe('tokensOut');
      expect(quotas.readings()[0]!.binding).toBe('tokensOut');
      expect(events.every((e) => e.type === 'pressure')).toBe(true);
      return n;
    }
  };
  expect([served('batch'), served('normal'), served('interactive')]).toEqual([14, 18, 20]);
});

test('settling gives back what was too much and takes what was too little', () => {
  const { now, quotas } = world({ tokensPerMinute: 60_000, headroom: 1 });
  const left = () => quotas.readings()[0]!.axes[0]!.left;
  const grant = now({ estimate: { tokensIn: 1_000, tokensOut: 1_000 } });
  expect(left()).toBe(4_000);
  if (!grant.ok) throw new Error('must be granted');
  grant.settle({ tokensIn: 1_000, tokensOut: 200 });
  expect(grant.settle({ tokensIn: 0, tokensOut: 0 })).toBe(false);
  expect(left()).toBe(4_800);
  const other = now({ estimate: { tokensIn: 10, tokensOut: 10 } });
  if (other.ok) other.settle({ tokensIn: 10, tokensOut: 5_790 });
  expect(left()).toBe(0);
  expect(now({ estimate: { tokensIn: 1, tokensOut: 0 } })).toMatchObject({ ok: false, retryAfterMs: 1_023 });
});

test('what could never fit is refused without an instant', () => {
  const { now } = world({ tokensInPerMinute: 1_000 });
  const refusal = now({ estimate: { tokensIn: 1_001, tokensOut: 0 } });
  expect(refusal).toEqual({ ok: false, why: 'never', axis: 'tokensIn', kept: false });
});

test('a deadline that cannot be met is refused at once, one that can is waited for', async () => {
  const { now, quotas, ask, clock } = world({ requestsPerMinute: 60, headroom: 1 });
  for (let i = 0; i < 6; i++) expect(now().ok).toBe(true);
  const start = clock.now();
  const served = quotas.reserve(ask({ deadline: start + 1_500, caller: 'a' }));
  expect(served).toBeInstanceOf(Promise);
  const refused = now({ deadline: start + 1_500, caller: 'b' });
  expect(refused).toMatchObject({ ok: false, why: 'deadline', axis: 'requests', kept: true });
  await clock.run(1_001);
  expect(await served).toMatchObject({ ok: true, waitedMs: 1_000 });
});

test('a caller who gives up leaves the line, and the next one moves up', async () => {
  const { now, quotas, ask, clock } = world({ requestsPerMinute: 60, headroom: 1 });
  for (let i = 0; i < 6; i++) now();
  const abort = new AbortController();
  const first = quotas.reserve(ask({ deadline: clock.now() + 5_000, signal: abort.signal }));
  const second = quotas.reserve(ask({ deadline: clock.now() + 5_000 }));
  abort.abort();
  expect(await first).toMatchObject({ ok: false, why: 'left' });
  await clock.run(1_001);
  expect(await second).toMatchObject({ ok: true, waitedMs: 1_000 });
});

test('the line has a bound', () => {
  const { now, quotas, ask, clock } = world({ requestsPerMinute: 60 }, { queue: 3 });
  while (now({ lane: 'batch' }).ok);
  const far = { deadline: clock.now() + 600_000, lane: 'batch' as const };
  for (let i = 0; i < 3; i++) expect(quotas.reserve(ask(far))).toBeInstanceOf(Promise);
  expect(quotas.reserve(ask(far))).toMatchObject({ ok: false, why: 'full' });
});

test('a provider that sees less than we do is believed; one that sees more is not', () => {
  const { now, quotas, key } = world({ requestsPerMinute: 600, tokensInPerMinute: 60_000, headroom: 1 });
  const left = () => quotas.reading(key)!.axes.map((a) => a.left);
  now();
  quotas.observe(key, [{ axis: 'requests', limit: 600, remaining: 599, resetMs: 100 }]);
  expect(left()).toEqual([59, 5_900]);
  quotas.observe(key, [
    { axis: 'requests', limit: 300, remaining: 7 },
    { axis: 'tokensOut', remaining: 0 },
  ]);
  expect(left()).toEqual([7, 5_900]);
  expect(quotas.reading(key)!.axes[0]!.limit).toBe(300);
  quotas.observe(key, [{ axis: 'requests', limit: 9_000 }]);
  expect(quotas.reading(key)!.axes[0]!.limit).toBe(600);
});

test('after a 429 nothing goes before its instant', async () => {
  const { now, quotas, key, clock } = world({ requestsPerMinute: 600, headroom: 1 });
  quotas.refused(key, 3_000);
  const refusal = now();
  if (refusal.ok) throw new Error('must be refused');
  expect(refusal.retryAfterMs).toBeGreaterThanOrEqual(3_000);
  await clock.run(refusal.retryAfterMs!);
  expect(now().ok).toBe(true);
});

test('a calendar day starts afresh at midnight, and its end is foretold', async () => {
  const { now, quotas, clock, key } = world({ tokensPerDay: 24_000, day: 'calendar', headroom: 1 });
  const big = { estimate: { tokensIn: 1_000, tokensOut: 0 } };
  for (let hour = 0; hour < 10; hour++) {
    for (let i = 0; i < 2; i++) {
      const grant = now(big);
      if (grant.ok) grant.settle(big.estimate);
    }
    await clock.run(3_600_000);
  }
  // 20,000 gone by 10:00 at 2,000 an hour: 4,000 last two hours more.
  expect(quotas.reading(key)!.axes[0]!.exhaustsAt! - clock.now()).toBeCloseTo(2 * 3_600_000, -5);
  while (now(big).ok);
  const refusal = now(big);
  expect(refusal).toMatchObject({ ok: false, axis: 'tokensPerDay' });
  await clock.run(14 * 3_600_000);
  expect(now(big).ok).toBe(true);
});

/** Use by people, and by background work that takes whatever it gets, hour by hour of three days; who was refused on the third. */
async function people(day: 'calendar' | 'continuous') {
  const HOUR = 3_600_000;
  const { now, clock, quotas, key } = world({ tokensPerDay: 24_000, headroom: 1, day });
  const refused: Lane[] = [];
  const use = (lane: Lane) => {
    const estimate = { tokensIn: 100, tokensOut: 0 };
    const grant = now({ lane, estimate });
    if (grant.ok) grant.settle(estimate);
    return grant.ok;
  };
  for (let hour = 0; hour < 72; hour++) {
    // Twelve thousand a day, half of the limit: nothing by night, and nothing after eighteen.
    const asks = hour % 24 >= 6 && hour % 24 < 18 ? 10 : 0;
    for (let i = 0; i < 10; i++) {
      // Two days to learn from; background work joins at the midnight after them.
      if (hour >= 48) while (use('batch'));
      if (i < asks && !use('interactive') && hour >= 48) refused.push('interactive');
      await clock.run(HOUR / 10);
    }
  }
  return { refused, left: quotas.reading(key)!.axes[0]!.left };
}

test('background work leaves people what their day will need, and takes the rest when it is over', async () => {
  const { refused, left } = await people('calendar');
  expect(refused).toEqual([]);
  expect(left).toBeLessThan(200);
});

test('the same of a daily limit that refills all the time', async () => {
  expect((await people('continuous')).refused).toEqual([]);
});

test('a place kept for tomorrow takes nothing of today', async () => {
  const { now, clock, quotas, ask } = world({
    tokensPerDay: 10_000,
    requestsPerMinute: 60,
    day: 'calendar',
    headroom: 1,
  });
  const big = { tokensIn: 1_000, tokensOut: 0 };
  // Seven of ten are for background work; the others are told to come at midnight, and places are kept for them.
  for (let i = 0; i < 20; i++) now({ lane: 'batch', estimate: big, caller: `b${i}` });
  await clock.run(60_000);
  const small = { estimate: { tokensIn: 10, tokensOut: 0 } };
  while (now(small).ok);
  const refusal = now(small);
  if (refusal.ok) throw new Error('must be refused');
  expect(refusal).toMatchObject({ axis: 'requests' });
  expect(refusal.retryAfterMs).toBeLessThan(3_000);
  expect(quotas.reserve(ask({ ...small, deadline: clock.now() + 5_000 }))).toBeInstanceOf(Promise);
});

test('a clock that is put back leaves nobody a promise that is an hour away', async () => {
  const time = simulatedClock();
  let by = 0;
  const clock = { ...time, now: () => time.now() + by };
  const store = createMemoryStore({ clock });
  const table = { p: quotasSchema.parse({ requestsPerMinute: 60, burst: '2s' }) };
  const quotas = createQuotas({ store, clock, table, lanes: lanesSchema.parse({}) });
  const ask = async (caller: string) => {
    const estimate = { tokensIn: 1, tokensOut: 1 };
    const lane = 'interactive' as const;
    const one = { provider: 'p', credential: 'k', model: 'm', estimate, lane, ttlMs: 60_000, caller };
    const decision = await quotas.reserve(one);
    if (!decision) throw new Error('the quota is for this model');
    return decision;
  };
  const refusals = async (word: string) => {
    const all = await Promise.all(Array.from({ length: 12 }, (_, i) => ask(`${word} ${i}`)));
    return all.flatMap((one) => (one.ok ? [] : [one.retryAfterMs ?? 0]));
  };
  const before = await refusals('before');
  by -= 3_600_000;
  const after = await refusals('after');
  expect(before.length).toBeGreaterThan(8);
  expect(after.length).toBeGreaterThan(8);
  expect(Math.max(...after)).toBeLessThan(2 * Math.max(...before));
});

test('exhaustion is the instant at which an hourly profile has used up what is left', () => {
  const hour = 3_600_000;
  const profile = (at: number) => (Math.floor(at / hour) % 24 < 12 ? 100 : 300);
  expect(exhaustion(1_500, { rate: 0, depth: 9_000 }, profile, 0, 24 * hour)).toBeCloseTo(13 * hour, 0);
  expect(exhaustion(1_500, { rate: 50 / hour, depth: 9_000 }, profile, 0, 24 * hour)).toBeCloseTo(
    (12 + 900 / 250) * hour,
    0,
  );
  expect(exhaustion(1_500, { rate: 400 / hour, depth: 9_000 }, profile, 0, 24 * hour)).toBeUndefined();
});

test('whatever is granted passes an independent bucket of the published size, in any interleaving', async () => {
  const step = fc.record({
    gap: fc.nat(3_000),
    lane: fc.constantFrom('interactive' as const, 'normal' as const, 'batch' as const),
    tokensIn: fc.nat(300),
    wait: fc.nat(4_000),
    hold: fc.nat(5_000),
    used: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const { clock, quotas, ask } = world({ requestsPerMinute: 60, tokensInPerMinute: 6_000, headroom: 1 });
      const oracle = { at: clock.now(), requests: 6, tokensIn: 600 };
      const draw = (tokensIn: number) => {
        const elapsed = clock.now() - oracle.at;
        oracle.at = clock.now();
        oracle.requests = Math.min(6, oracle.requests + elapsed / 1_000) - 1;
        oracle.tokensIn = Math.min(600, oracle.tokensIn + elapsed / 10) - tokensIn;
        expect(oracle.requests).toBeGreaterThanOrEqual(-1e-6);
        expect(oracle.tokensIn).toBeGreaterThanOrEqual(-1e-6);
      };
      const caller = async ({ lane, tokensIn, wait, hold, used }: (typeof steps)[number]) => {
        const decision = await quotas.reserve(
          ask({ lane, estimate: { tokensIn, tokensOut: 0 }, deadline: clock.now() + wait }),
        );
        if (!decision?.ok) return;
        draw(tokensIn);
        await clock.sleep(hold);
        // Given back later than it was taken: the provider never had it, so the oracle gets it back as well.
        const actual = Math.floor(tokensIn * used);
        oracle.tokensIn += tokensIn - actual;
        decision.settle({ tokensIn: actual, tokensOut: 0 });
      };
      const callers: Promise<void>[] = [];
      for (const s of steps) {
        await clock.run(s.gap);
        callers.push(caller(s));
      }
      await clock.run(60_000);
      await Promise.all(callers);
    }),
    { numRuns: 100 },
  );
});

interface Load {
  readonly tenant: string;
  readonly lane: Lane;
  /** Per second. */
  readonly rate: number;
}

/** Poisson callers who wait up to 20 s and never return; how many of each load are served. `named`: places are kept for them. */
async function serve(seed: number, loads: readonly Load[], lanes = {}, named = false) {
  const { clock, quotas, ask } = world({ requestsPerMinute: 600 }, lanes);
  const served = loads.map(() => 0);
  loads.forEach(async ({ tenant, lane, rate }, i) => {
    const random = seeded(`${seed} ${i}`);
    for (let n = 0; ; n++) {
      await clock.sleep((-Math.log(1 - random()) / rate) * 1_000);
      const who = { tenant, lane, ...(named && { caller: `${i} ${n}` }) };
      const asked = quotas.reserve(ask({ ...who, deadline: clock.now() + 20_000 }));
      void Promise.resolve(asked).then((decision) => {
        if (decision?.ok) served[i]!++;
      });
    }
  });
  await clock.run(120_000);
  return served;
}

for (const named of [false, true]) {
  const how = named ? 'though places are kept for callers who never return' : 'while nobody asks for a place';

  test(`who floods a lane delays himself, ${how}`, async () => {
    const [heavy, light, modest] = await serve(
      1,
      [
        { tenant: 'heavy', lane: 'normal', rate: 30 },
        { tenant: 'light', lane: 'normal', rate: 30 },
        { tenant: 'modest', lane: 'normal', rate: 1 },
      ],
      { weights: { heavy: 3 } },
      named,
    );
    expect(heavy! / light!).toBeGreaterThan(2.5);
    expect(heavy! / light!).toBeLessThan(3.5);
    expect(modest!).toBeGreaterThan(90);
  }, 60_000);

  test(`no lane starves under three times its limit of interactive calls, ${how}`, async () => {
    const served = await serve(
      2,
      [
        { tenant: 'a', lane: 'interactive', rate: 30 },
        { tenant: 'b', lane: 'normal', rate: 10 },
        { tenant: 'c', lane: 'batch', rate: 10 },
      ],
      {},
      named,
    );
    const total = served.reduce((sum, n) => sum + n);
    expect(total).toBeGreaterThan(0.97 * 2 * 582);
    expect(served[2]! / total).toBeGreaterThan(0.05);
    expect(served[1]! / total).toBeGreaterThan(0.08);
  }, 60_000);
}

test('who is let into the line is served in time: lanes above are reckoned with', async () => {
  const { clock, quotas, ask } = world({ requestsPerMinute: 600 });
  const random = seeded(5);
  const seen = { line: 0, late: 0, atOnce: 0 };
  const come = async (lane: Lane, rate: number, patience: number) => {
    for (;;) {
      await clock.sleep((-Math.log(1 - random()) / rate) * 1_000);
      const asked = quotas.reserve(ask({ lane, deadline: clock.now() + patience }));
      if (lane !== 'batch' || clock.now() < start + 60_000) continue;
      if (!(asked instanceof Promise)) {
        seen.atOnce++;
        continue;
      }
      seen.line++;
      void asked.then((decision) => {
        if (!decision.ok) seen.late++;
      });
    }
  };
  const start = clock.now();
  // Three quarters of the limit are taken before batch, which asks for twice what is left.
  void come('interactive', 7.5, 10_000);
  void come('batch', 5, 8_000);
  await clock.run(300_000);
  expect(seen.line).toBeGreaterThan(200);
  expect(seen.atOnce).toBeGreaterThan(200);
  expect(seen.late / seen.line).toBeLessThan(0.2);
});

for (const { who, callers, least } of [
  { who: 'each with a name of his own', callers: 10_000, least: 1 },
  // Behind one key a newcomer cannot be told from who returns, and may take his place.
  { who: 'many behind one key', callers: 5, least: 0.9 },
])
  test(`retry-after is true: who returns then is served, whatever came in between, ${who}`, async () => {
    const all = { served: 0, returned: 0 };
    for (let seed = 0; seed < 20; seed++) {
      const { clock, quotas, ask } = world({ requestsPerMinute: 600, tokensInPerMinute: 60_000 });
      const random = seeded(seed);
      let returned = 0;
      let served = 0;
      let kept = 0;
      const caller = async (n: number, lane: Lane, patience: number) => {
        const mine = ask({
          lane,
          tenant: `t${n % 5}`,
          caller: `c${n % callers}`,
          estimate: { tokensIn: 1 + Math.floor(random() * 200), tokensOut: 0 },
        });
        const first = await quotas.reserve({ ...mine, deadline: clock.now() + patience });
        if (!first || first.ok || first.retryAfterMs === undefined) return;
        if (first.kept) kept++;
        await clock.sleep(first.retryAfterMs);
        returned++;
        const again = await quotas.reserve({ ...mine, deadline: clock.now() });
        if (again?.ok) {
          served++;
          again.settle(mine.estimate);
        }
      };
      const arrivals = async () => {
        for (let n = 0; ; n++) {
          // Interactive alone takes 60 %; all together ask for twice what there is.
          await clock.sleep((-Math.log(1 - random()) / 20) * 1_000);
          void caller(n, random() < 0.3 ? 'interactive' : 'batch', random() < 0.5 ? 0 : 2_000);
        }
      };
      void arrivals();
      await clock.run(60_000);
      expect(returned).toBeGreaterThan(50);
      expect(kept).toBeGreaterThan(50);
      all.served += served;
      all.returned += returned;
      expect(served).toBeGreaterThanOrEqual(returned * least);
    }
    expect(all.served).toBeGreaterThan(0.95 * all.returned);
  }, 60_000);

test.each([
  [true, 0],
  [false, 9_000],
])('cached input counts or not, as the quota says (countCacheReads: %p)', async (countCacheReads, more) => {
  const { quotas, ask } = world({ tokensInPerMinute: 100_000, countCacheReads });
  const mine = ask({ lane: 'interactive', estimate: { tokensIn: 9_700, cachedIn: 9_000, tokensOut: 0 } });
  const decision = await quotas.reserve(mine);
  if (!decision?.ok) throw new Error('must be granted');
  // Ninety-seven hundred may be had at once.
  const left = () => quotas.readings()[0]?.axes[0]?.left ?? 0;
  expect(left()).toBeCloseTo(more, 0);
  decision.settle({ tokensIn: 9_700, cachedIn: 9_000, tokensOut: 0 });
  expect(left()).toBeCloseTo(more, 0);
});

test('one who comes alone and in bursts, without time to wait, is not sent away for long', async () => {
  const { clock, quotas, ask } = world({ requestsPerMinute: 60 });
  const served: number[] = [];
  const from = clock.now();
  const caller = async () => {
    for (;;) {
      const decision = await quotas.reserve(ask({ caller: 'one', deadline: clock.now() }));
      if (!decision || decision.ok) break;
      await clock.sleep(decision.retryAfterMs ?? 0);
    }
    served.push(clock.now() - from);
  };
  for (let n = 0; n < 60; n++) void caller();
  await clock.run(300_000);
  expect(served).toHaveLength(60);
  // Fifty-five seconds of refill, half of which is for whoever else might come.
  expect(Math.max(...served)).toBeLessThan(120_000);
});
