import { expect, test } from 'bun:test';
import type { FallbackDrillOrder } from '#contracts';
import { testGateway } from '../support/gateway.ts';
import { simulatorAt } from '../support/simulator.ts';
import { openai } from '../support/speech.ts';

/** A drill of a route by real calls to a real provider, before anybody has asked. */
const sim = simulatorAt();
const order = (more: Partial<FallbackDrillOrder> = {}): FallbackDrillOrder => ({
  route: 'chat',
  load: false,
  atPeak: false,
  maxCalls: 500,
  maxMicroUsd: 1_000_000,
  confirmed: true,
  ...more,
});

function house(model: string, protocol: string, provider: object = {}) {
  return testGateway({
    providers: { up: { kind: 'simulator', baseUrl: sim.url, free: true, ...provider } },
    routes: {
      chat: {
        match: { protocol },
        timeouts: { headers: 150, firstToken: 300, idle: 300 },
        tiers: [
          { name: 'primary', targets: [{ provider: 'up', model: 'sim' }] },
          { name: 'spare', minProof: 'PROBED', targets: [{ provider: 'up', model }] },
        ],
      },
    },
  });
}

test.each(['openai-chat', 'openai-responses', 'anthropic-messages'])(
  '%s: a sound fallback is probed with every feature, and nobody counts the calls as traffic',
  async (protocol) => {
    const { gateway, finished, stop } = house('sim-instant', protocol);
    expect(gateway.proofs.read()).toMatchObject([
      { tier: 'spare', protocol, required: 'PROBED', state: 'UNPROVEN', ready: false },
    ]);
    const planned = await gateway.drill(order({ confirmed: false }));
    expect(planned).toMatchObject({ ok: true, value: { ran: false, plan: { calls: 8 } } });
    expect(finished).toEqual([]);

    const done = await gateway.drill(order());
    expect(done).toMatchObject({
      ok: true,
      value: {
        ran: true,
        results: [{ drill: 'probe', good: true }],
        edges: [{ state: 'PROVEN', ready: true }],
      },
    });
    const [edge] = gateway.proofs.read();
    expect(edge?.probed.checks.map(({ check, good }) => [check, good])).toEqual([
      ['answer', true],
      ['stream', true],
      ['tools', true],
      ['schema', true],
      ['context', undefined],
    ]);
    expect(
      new Set(finished.map(({ facts }) => `${facts.source} ${facts.protocol} ${facts.tier.served}`)),
    ).toEqual(new Set([`probe ${protocol} spare`]));
    expect(gateway.standing.read()).toEqual([]);
    stop();
  },
);

test('a fallback that bears one call at a time is not broken by the calls of its own drill', async () => {
  const concurrency = { adaptive: false, max: 1, queue: 0 };
  const { gateway, finished, stop } = house('sim-instant', 'openai-chat', { concurrency });
  expect(await gateway.drill(order())).toMatchObject({
    ok: true,
    value: { results: [{ good: true, calls: 4 }], edges: [{ state: 'PROVEN' }] },
  });
  expect(finished.filter(({ facts }) => facts.attempts.length > 0)).toHaveLength(4);
  stop();
});

test('a fallback that is gone is found, with the reason; one that renames fields fails where callers need them', async () => {
  const gone = house('sim-fault-status-404', 'openai-chat');
  const done = await gone.gateway.drill(order());
  expect(done).toMatchObject({
    ok: true,
    value: { results: [{ good: false }], edges: [{ state: 'BROKEN' }] },
  });
  expect(gone.gateway.proofs.read()[0]?.probed.why).toContain('answer:');
  gone.stop();

  const renames = house('sim-fault-renamed-field', 'openai-chat');
  await renames.gateway.drill(order());
  expect(renames.gateway.proofs.read()[0]?.probed).toMatchObject({
    state: 'BROKEN',
    why: expect.stringContaining('schema'),
  });
  renames.stop();
});

test.each(['429', '500', 'hang', 'slow-drip', 'cut', 'bad-json'] as const)(
  'a first tier that pretends %s: the fallback answers, the real one is not asked and not blamed',
  async (fault) => {
    const { gateway, finished, url, stop } = house('sim-instant', 'openai-chat');
    const done = await gateway.drill(order({ fault }));
    const result = done.ok ? done.value.results.find(({ drill }) => drill === 'fault') : undefined;
    expect(result).toMatchObject({ good: true, tier: 'spare', calls: 1 });
    const drill = finished.find(({ facts }) => facts.source === 'drill')?.facts;
    expect(drill?.attempts.map(({ tier, cost }) => [tier, cost.microUsd])).toEqual(
      drill?.attempts.map(({ tier }) => [tier, 0]),
    );
    expect(drill?.tier).toMatchObject({ intended: 'primary', served: 'spare' });
    const answer = await fetch(`${url}${openai.path}`, {
      method: 'POST',
      body: JSON.stringify(openai.ask()),
    });
    expect(answer.headers.get('x-midwatch-tier')).toBe('primary');
    stop();
  },
);

test('a drill says no in words: no such route or tier, no demand, too many calls', async () => {
  const { gateway, stop } = house('sim-instant', 'openai-chat');
  const refusal = async (more: Partial<FallbackDrillOrder>) => {
    const done = await gateway.drill(order(more));
    return done.ok ? undefined : `${done.error.message} ${done.error.hint}`;
  };
  expect(await refusal({ route: 'chart' })).toContain('Known routes: chat');
  expect(await refusal({ tier: 'primary' })).toContain('Its fallbacks: spare');
  expect(await refusal({ load: true })).toContain('--rate');
  expect(await refusal({ load: true, perSecond: 100 })).toContain('--max-calls');
  expect(await refusal({ maxCalls: 3 })).toContain('8 calls');
  stop();
});

/** Ten hours of a day: quiet, and at its busiest for the last hour. */
const day = (last: number) =>
  Array.from({ length: 600 }, (_, i): [number, number, number] => [i < 540 ? 20 : last, 2_000, 500]);

test('a ramp waits for a quiet hour, and for a first tier that takes its callers itself', async () => {
  const { gateway, url, stop } = house('sim-instant', 'openai-chat');
  const chat = (last: number) => {
    const more = { minute: Math.floor(Date.now() / 60_000), minutes: day(last) } as const;
    gateway.proofs.restore({
      routes: { chat: { ...gateway.proofs.snapshot().routes.chat, ...more } as never },
    });
  };
  await gateway.drill(order({ load: true, confirmed: false, perSecond: 1 }));
  chat(400);
  const ramp = (more: Partial<FallbackDrillOrder> = {}) =>
    gateway.drill(order({ load: true, perSecond: 1, confirmed: false, ...more }));
  expect(await ramp()).toMatchObject({
    ok: true,
    value: { ran: false, plan: { notNow: expect.stringContaining('400 times a minute now') } },
  });
  expect(await ramp({ confirmed: true })).toMatchObject({
    ok: false,
    error: { message: expect.stringContaining('below 200'), hint: expect.stringContaining('--at-peak') },
  });
  const forced = await ramp({ atPeak: true });
  expect(forced.ok && forced.value.plan.notNow).toBeUndefined();
  chat(20);
  const quiet = await ramp();
  expect(quiet.ok && quiet.value.plan.notNow).toBeUndefined();
  // A probe is nine calls at most and waits for nothing.
  chat(400);
  const probe = await gateway.drill(order({ confirmed: false }));
  expect(probe.ok && probe.value.plan.notNow).toBeUndefined();
  expect(url).toContain('127.0.0.1');
  stop();
});

test('a first tier that takes no callers keeps its fallback free of ramps', async () => {
  const lost = testGateway({
    providers: { up: { kind: 'simulator', baseUrl: sim.url, free: true } },
    routes: {
      chat: {
        match: { protocol: 'openai-chat' },
        tiers: [
          { name: 'primary', targets: [{ provider: 'up', model: 'sim-fault-status-503' }] },
          { name: 'spare', targets: [{ provider: 'up', model: 'sim-instant' }] },
        ],
      },
    },
  });
  const ask = () =>
    fetch(`${lost.url}${openai.path}`, { method: 'POST', body: JSON.stringify(openai.ask()) });
  for (let i = 0; i < 12; i++) expect((await ask()).status).toBe(200);
  expect(await lost.gateway.drill(order({ load: true, perSecond: 1 }))).toMatchObject({
    ok: false,
    error: { message: expect.stringContaining('takes no callers now') },
  });
  lost.stop();
});

test.serial('the simulator goes last', () => sim.stop());
