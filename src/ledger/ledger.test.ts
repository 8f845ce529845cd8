import { expect, test } from 'bun:test';
import { budgetsSchema, lanesSchema, quotasSchema } from '#contracts';
import { virtualClock } from '#kernel';
import { createLedger, createMemoryAuthority } from './index.ts';

const settings = (hard: number, requestsPerMinute: number, more = {}) => ({
  budgets: budgetsSchema.parse({ all: { per: 'organisation', hard, period: 'day' } }),
  quotas: { p: quotasSchema.parse({ requestsPerMinute, headroom: 1, ...more }) },
  lanes: lanesSchema.parse({}),
});
const subject = { organisation: 'us' };
const quota = {
  provider: 'p',
  credential: 'k',
  model: 'm',
  estimate: { tokensIn: 1, tokensOut: 1 },
  lane: 'interactive',
  ttlMs: 60_000,
} as const;

test('a restart from a snapshot goes on where it stopped: money, buckets and causes', async () => {
  const clock = virtualClock();
  const before = createLedger({ clock, settings: settings(1, 60) });
  for (let i = 0; i < 6; i++) expect(before.quotas.reserve(quota)).toMatchObject({ ok: true });
  const grant = await before.budgets.reserve({ subject, cause: 'retry', worst: 900_000, ttlMs: 60_000 });
  if (grant.ok) grant.settle({ microUsd: 800_000, state: 'exact' });
  const snapshot = JSON.parse(JSON.stringify(before.snapshot()));
  await clock.advance(2_000);
  const after = createLedger({ clock, settings: settings(1, 60), snapshot });
  const served = [1, 2, 3].map(() => after.quotas.reserve(quota));
  expect(served.map((d) => d && 'ok' in d && d.ok)).toEqual([true, true, false]);
  expect(await after.budgets.reserve({ subject, cause: 'first', worst: 200_001, ttlMs: 1 })).toMatchObject({
    ok: false,
    left: 200_000,
  });
  expect(after.budgets.spend()).toEqual(before.budgets.spend());
});

test('a reload changes limits at once and keeps what was used and who waits', async () => {
  const clock = virtualClock();
  const ledger = createLedger({ clock, settings: settings(1, 60) });
  for (let i = 0; i < 6; i++) ledger.quotas.reserve(quota);
  const waiting = ledger.quotas.reserve({ ...quota, deadline: clock.now() + 5_000 });
  expect(waiting).toBeInstanceOf(Promise);
  ledger.reload(settings(2, 600));
  expect(await clock.run(Promise.resolve(waiting!))).toMatchObject({ ok: true, waitedMs: 100 });
  expect(await ledger.budgets.reserve({ subject, cause: 'first', worst: 1_500_000, ttlMs: 1 })).toMatchObject(
    { ok: true },
  );
  expect(ledger.quotas.reading(quota)!.axes[0]).toMatchObject({ axis: 'requests', limit: 600 });
});

test('two processes over one authority share money and quota', async () => {
  const clock = virtualClock({ settle: 1 });
  const authority = createMemoryAuthority(clock);
  const ledgers = ['a', 'b'].map((replica) =>
    createLedger({ clock, settings: settings(1, 100), shared: { authority, replica } }),
  );
  let money = 0;
  let calls = 0;
  for (let i = 0; i < 40; i++) {
    const { budgets, quotas } = ledgers[i % 2]!;
    const paid = await clock.run(
      Promise.resolve(budgets.reserve({ subject, cause: 'first', worst: 60_000, ttlMs: 60_000 })),
    );
    if (paid.ok) money += 60_000;
    const called = await clock.run(Promise.resolve(quotas.reserve(quota)));
    if (called?.ok) calls++;
  }
  expect(money).toBe(960_000);
  expect(calls).toBe(10);
  for (const ledger of ledgers) {
    expect(ledger.snapshot().tallies).toEqual([]);
    await clock.run(ledger.close());
  }
});

test('a process that comes late and knows nothing of the real limits is served, and learns them', async () => {
  const clock = virtualClock({ settle: 1 });
  const authority = createMemoryAuthority(clock);
  const come = (replica: string) =>
    createLedger({ clock, settings: settings(1, 1_000_000, { slack: 0 }), shared: { authority, replica } });
  const told = [{ axis: 'requests', limit: 600 }] as const;
  const ask = async ({ quotas }: ReturnType<typeof come>) => {
    const decision = await clock.run(Promise.resolve(quotas.reserve({ ...quota, lane: 'normal' })));
    if (decision?.ok) quotas.observe(quota, told);
    return decision?.ok;
  };
  const early = come('early');
  expect([await ask(early), await ask(early)]).toEqual([true, true]);
  const late = come('late');
  expect([await ask(late), await ask(late), await ask(early)]).toEqual([true, true, true]);
  for (const ledger of [early, late]) await clock.run(ledger.close());
});
