import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import { type ConfigInput, configSchema } from '#contracts';
import { systemClock } from '#kernel';
import { createMidwatch, QuotaDeferred, quotaDeferred, type SendOptions, wishes } from '#sdk';
import { openLedger } from '../../src/app/ledger.ts';
import { testGateway } from '../support/gateway.ts';
import { type SimulatorAt, simulatorAt } from '../support/simulator.ts';

/** Money and limits over real sockets: what is reserved before, settled after, and refused in between. */
let sim: SimulatorAt;
const folder = mkdtempSync(join(tmpdir(), 'midwatch-ledger-'));
beforeAll(() => {
  sim = simulatorAt();
});
afterAll(() => {
  sim.stop();
  rmSync(folder, { recursive: true, force: true });
});

const house = (more: Partial<ConfigInput>, quota?: object) => {
  const input: ConfigInput = {
    providers: {
      up: {
        protocol: 'openai',
        baseUrl: `${sim.url}/v1`,
        apiKey: 'x',
        prices: { 'sim-instant': { input: 1, output: 10 } },
        ...(quota && { quota }),
      },
    },
    routes: { chat: { tiers: [{ name: 'primary', targets: [{ provider: 'up' }] }] } },
    ...more,
  };
  const ledger = openLedger(
    configSchema.parse(input),
    join(folder, `${Math.random()}.json`),
    systemClock(),
    () => undefined,
  );
  const gateway = testGateway(input, { ledger });
  const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'x', maxRetries: 0 });
  const ask = (headers: Record<string, string> = {}) =>
    client.chat.completions.create(
      { model: 'sim-instant', max_tokens: 50, messages: [{ role: 'user', content: 'in 20 words' }] },
      { headers },
    );
  return {
    ledger,
    gateway,
    client,
    ask,
    async stop() {
      gateway.stop();
      await ledger.stop();
    },
  };
};

test('200 callers race the last cent: never over, refused in words, and ledger = records', async () => {
  const it = house({ budgets: { team: { per: 'tenant', hard: 0.01 } } });
  const answers = await Promise.allSettled(
    Array.from({ length: 200 }, () => it.ask({ 'x-midwatch-tenant': 'blue' })),
  );
  const refused = answers.filter((a) => a.status === 'rejected');
  expect(refused.length).toBeGreaterThan(0);
  expect(refused.length).toBeLessThan(200);
  for (const { reason } of refused as PromiseRejectedResult[]) {
    expect((reason as InstanceType<typeof OpenAI.APIError>).status).toBe(402);
    expect(String(reason)).toContain('Budget "team" (tenant blue');
  }
  const spent = it.gateway.finished.reduce((sum, { facts }) => sum + facts.cost.microUsd, 0);
  const [reading] = it.ledger.budgets.readings();
  expect(spent).toBeLessThanOrEqual(10_000);
  expect(reading).toMatchObject({ settled: spent, reserved: 0 });
  // Another tenant has a purse of its own.
  expect((await it.ask({ 'x-midwatch-tenant': 'green' })).choices).toHaveLength(1);
  await it.stop();
});

test('where the answers of a route are known, a caller without max_tokens is not refused for what no answer ever cost', async () => {
  const it = house({ budgets: { turn: { per: 'turn', period: 'lifetime', hard: 0.05 } } });
  const ask = (max_tokens: number | undefined) =>
    it.client.chat.completions.create({
      model: 'sim-instant',
      ...(max_tokens && { max_tokens }),
      messages: [{ role: 'user', content: 'in 20 words' }],
    });
  // 16,384 tokens at ten dollars a million are sixteen cents, and nobody knows better yet.
  await expect(async () => ask(undefined)).toThrow('raise `budgets.turn.hard`');
  for (let i = 0; i < 200; i++) await ask(50);
  expect((await ask(undefined)).choices).toHaveLength(1);
  await it.stop();
});

test('a quota is kept before the provider has to say so; who has to wait too long is told for how long', async () => {
  const it = house({}, { requestsPerMinute: 60, burst: '5s', headroom: 1 });
  const answers = await Promise.allSettled(
    Array.from({ length: 40 }, () => it.ask({ 'x-midwatch-deadline-ms': '400' })),
  );
  const served = answers.filter((a) => a.status === 'fulfilled').length;
  // Five seconds' worth at once, less what is kept for the lane above.
  expect(served).toBeGreaterThanOrEqual(3);
  expect(served).toBeLessThanOrEqual(6);
  for (const answer of answers) {
    if (answer.status === 'fulfilled') continue;
    expect(answer.reason).toBeInstanceOf(OpenAI.RateLimitError);
    const { headers } = answer.reason as InstanceType<typeof OpenAI.RateLimitError>;
    expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  }
  expect(it.gateway.finished.filter((f) => f.facts.attempts.length === 0)).toHaveLength(40 - served);
  await it.stop();
});

test('the SDK is told what is short and when to come back, whichever client asks, and who comes back then is served', async () => {
  const it = house({}, { requestsPerMinute: 120, burst: '3s', headroom: 1 });
  const midwatch = createMidwatch({ baseUrl: it.gateway.url });
  const body = { model: 'sim-instant', max_tokens: 5, messages: [{ role: 'user', content: 'hi' }] };
  const send = (asked: SendOptions) => midwatch.send('/v1/chat/completions', body, asked);
  // Background work stops at 70 % of six requests and leaves the rest to people, who have no time to wait for it.
  const batch = await Promise.allSettled(
    Array.from({ length: 6 }, (_, i) =>
      send({ priority: 'batch', deadlineMs: 100, idempotencyKey: `b${i}` }),
    ),
  );
  const reasons = batch.flatMap((one, i) => (one.status === 'rejected' ? [[i, one.reason] as const] : []));
  expect(reasons.length).toBeGreaterThan(0);
  expect((await send({ priority: 'interactive', deadlineMs: 5_000 })).status).toBe(200);
  for (const [, reason] of reasons) {
    expect(reason).toBeInstanceOf(QuotaDeferred);
    expect(reason).toMatchObject({
      why: 'deadline',
      axis: 'requests',
      lane: 'batch',
      scope: 'up/sim-instant',
    });
    expect(reason).toMatchObject({
      kept: true,
      message: expect.stringContaining('has no room for this ask'),
    });
  }
  // True: each comes back at its time and is served.
  await Promise.all(
    reasons.map(async ([i, { retryAfterMs }]) => {
      await Bun.sleep(retryAfterMs + 1);
      expect((await send({ priority: 'batch', deadlineMs: 1_000, idempotencyKey: `b${i}` })).status).toBe(
        200,
      );
    }),
  );
  const full = await Promise.all(
    Array.from({ length: 20 }, () =>
      it.ask({ ...wishes({ deadlineMs: 50 }) }).then(
        () => undefined,
        (error) => quotaDeferred(error),
      ),
    ),
  );
  expect(full.find((one) => one)).toMatchObject({
    axis: 'requests',
    lane: 'normal',
    scope: 'up/sim-instant',
  });
  await it.stop();
});

test('a word that is no priority is refused with the words that are', async () => {
  const it = house({}, { requestsPerMinute: 60 });
  await expect(async () => it.ask({ 'x-midwatch-priority': 'urgent' })).toThrow(
    'interactive, normal or batch',
  );
  await it.stop();
});

test('a limit that no caller named: once lengths are known, marked in header and record, and set aside by the answer that it cut', async () => {
  const it = house({
    routes: { chat: { tiers: [{ name: 'primary', targets: [{ provider: 'up' }] }], maxTokens: 'auto' } },
  });
  const ask = async (words: number, more: object = {}) => {
    const { data, response } = await it.client.chat.completions
      .create({ model: 'sim-instant', messages: [{ role: 'user', content: `in ${words} words` }], ...more })
      .withResponse();
    return { finish: data.choices[0]?.finish_reason, limit: response.headers.get('x-midwatch-max-tokens') };
  };
  for (let i = 0; i < 800; i += 20) {
    const answers = await Promise.all(Array.from({ length: 20 }, (_, j) => ask(20 + ((i + j) % 40))));
    expect(answers.every(({ finish }) => finish === 'stop')).toBe(true);
  }
  const known = await ask(30);
  expect(known.finish).toBe('stop');
  const tokens = Number(known.limit);
  expect(tokens).toBeWithin(64, 200);
  const last = () => it.gateway.finished.at(-1)?.facts;
  expect(last()?.verdicts).toMatchObject([
    { guard: 'max-tokens', decision: 'change', evidence: expect.stringContaining(`${tokens}, above 99.5 %`) },
  ]);
  // Whoever names one keeps it, and no other is set.
  expect(await ask(400, { max_tokens: 300 })).toEqual({ finish: 'length', limit: null });
  expect(last()?.verdicts).toEqual([]);
  expect(await ask(400)).toEqual({ finish: 'length', limit: known.limit });
  expect(last()).toMatchObject({ outcome: 'length', verdicts: [{ guard: 'max-tokens' }] });
  expect(await ask(400)).toEqual({ finish: 'stop', limit: null });
  await it.stop();
});
