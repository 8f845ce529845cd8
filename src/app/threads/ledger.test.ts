import { expect, test } from 'bun:test';
import { type ConfigInput, configSchema } from '#contracts';
import { systemClock } from '#kernel';
import { openLedger } from '../ledger.ts';
import { farLedger, nearLedger } from './ledger.ts';

const clock = systemClock();
const silent = () => undefined;
const input = (more: Partial<ConfigInput>): ConfigInput => ({
  providers: { up: { protocol: 'openai', baseUrl: 'http://localhost' } },
  ...more,
});

/** One book, and as many threads that count in it; messages are copied and come a moment later. */
function house(more: ConfigInput, threads = 2) {
  const config = configSchema.parse(more);
  const book = openLedger(config, undefined, clock, silent);
  const far = Array.from({ length: threads }, () => {
    const thread = farLedger(
      (asked) => later(() => near(structuredClone(asked))),
      book.answers,
      () => config,
    );
    const near = nearLedger(
      () => book,
      (told) => later(() => thread.told(structuredClone(told))),
    );
    return thread.ports;
  });
  return { book, far };
}
const later = (work: () => void) => void setTimeout(work, Math.random() * 3);
const settled = () => Bun.sleep(20);

test('threads race for the last cent of one budget: never over, and every grant is settled once', async () => {
  const { book, far } = house(input({ budgets: { team: { per: 'tenant', hard: 0.001 } } }), 4);
  const granted = await Promise.all(
    Array.from({ length: 200 }, async (_, i) => {
      const ports = far[i % far.length];
      const decision = await ports?.budgets?.reserve({
        subject: { tenant: 'blue' },
        cause: 'first',
        worst: 30,
        ttlMs: 60_000,
      });
      if (!decision?.ok) return 0;
      expect(decision.settle({ microUsd: 30, state: 'exact' })).toBe(true);
      expect(decision.settle({ microUsd: 30, state: 'exact' })).toBe(false);
      expect(decision.release()).toBe(false);
      return 30;
    }),
  );
  await settled();
  expect(granted.reduce<number>((sum, one) => sum + one, 0)).toBe(990);
  expect(book.budgets.readings()).toMatchObject([{ settled: 990, reserved: 0 }]);
  await book.stop();
});

test('a refusal crosses with its words, and what was never sent is given back', async () => {
  const { book, far } = house(input({ budgets: { team: { per: 'tenant', hard: 0.0001 } } }));
  const ask = (thread: number) =>
    far[thread]?.budgets?.reserve({ subject: { tenant: 'blue' }, cause: 'first', worst: 80, ttlMs: 60_000 });
  const first = await ask(0);
  expect(await ask(1)).toMatchObject({ ok: false, budget: 'team', value: 'blue', left: 20, asked: 80 });
  if (first?.ok) first.release();
  await settled();
  expect(await ask(1)).toMatchObject({ ok: true });
  await book.stop();
});

test('a quota has one line, which can be left; what it does not limit is not asked about', async () => {
  const { book, far } = house(
    input({
      providers: {
        up: {
          protocol: 'openai',
          baseUrl: 'http://localhost',
          quota: { models: 'm', requestsPerMinute: 60, burst: '1s', headroom: 1 },
        },
        free: { protocol: 'openai', baseUrl: 'http://localhost' },
      },
    }),
  );
  const ask = (thread: number, provider: string, model: string, signal?: AbortSignal) =>
    far[thread]?.quotas?.reserve({
      provider,
      credential: 'c',
      model,
      estimate: { tokensIn: 1, tokensOut: 1 },
      lane: 'interactive',
      deadline: clock.now() + 10_000,
      ttlMs: 60_000,
      ...(signal && { signal }),
    });
  expect(ask(0, 'free', 'm')).toBeUndefined();
  expect(await ask(0, 'up', 'another')).toMatchObject({ ok: true, waitedMs: 0 });
  expect(await ask(0, 'up', 'm')).toMatchObject({ ok: true });
  // The second has to wait about a second, whichever thread it comes by, and gives its place up.
  const leaving = new AbortController();
  const waiting = ask(1, 'up', 'm', leaving.signal);
  await settled();
  expect(book.quotas.readings()).toMatchObject([{ waiting: { interactive: 1 } }]);
  leaving.abort();
  expect(await waiting).toMatchObject({ ok: false, why: 'left' });
  far[1]?.quotas?.observe({ provider: 'up', credential: 'c', model: 'm' }, [
    { axis: 'requests', limit: 60, remaining: 0, resetMs: 30_000 },
  ]);
  await settled();
  expect(book.quotas.readings()[0]?.axes[0]?.left).toBeLessThan(0.5);
  await book.stop();
});
