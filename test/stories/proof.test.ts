import { expect, test } from 'bun:test';
import { testGateway } from '../support/gateway.ts';
import { until } from '../support/product.ts';
import { simulatorAt } from '../support/simulator.ts';
import { openai } from '../support/speech.ts';
import { scriptedUpstream } from '../support/upstream.ts';

test('a fallback is proven by a share of the traffic, broken by its failures, and nobody notices either', async () => {
  const up = await scriptedUpstream();
  const spare = await scriptedUpstream();
  const root = (port: number) => `http://127.0.0.1:${port}/v1`;
  const house = testGateway({
    providers: {
      up: { protocol: 'openai', baseUrl: root(up.port) },
      spare: { protocol: 'openai', baseUrl: root(spare.port) },
    },
    routes: {
      chat: {
        match: { protocol: 'openai-chat' },
        exercise: { share: 0.05 },
        tiers: [
          { name: 'primary', targets: [{ provider: 'up' }] },
          { name: 'fallback', targets: [{ provider: 'spare' }] },
        ],
      },
    },
  });
  const well = { headers: openai.sse, parts: [openai.role, openai.delta('Here.', 'stop'), openai.done] };
  const call = async (more: object = {}) => {
    const response = await fetch(`${house.url}${openai.path}`, {
      method: 'POST',
      body: JSON.stringify(openai.ask({ stream: true, ...more })),
    });
    return await response.text();
  };
  const edge = () => house.gateway.proofs.read()[0];
  up.play(well);
  spare.play(well);
  expect(edge()).toMatchObject({
    state: 'UNPROVEN',
    tier: 'fallback',
    exercised: { n: 0, needed: 59 },
  });
  // What lets the provider act is no exercise, since who fails at it may have acted; the turn is not lost.
  const acting = { mcp_servers: [{ type: 'url', url: 'https://tools.example', name: 'mail' }] };
  for (let i = 0; i < 60; i++) expect(await call(acting)).toContain('Here.');
  expect(spare.heard).toHaveLength(0);
  for (let i = 0; i < 1_180; i++) expect(await call()).toContain('Here.');
  // One in each block of twenty, and the turn that was left over; where the first block begins with its own, they are one.
  const n = spare.heard.length;
  expect([59, 60]).toContain(n);
  expect(edge()).toMatchObject({ state: 'PROVEN', exercised: { n, failures: 0 } });
  const exercised = house.finished.filter((f) => f.facts.source === 'exercise');
  expect(exercised).toHaveLength(n);
  expect(exercised[0]?.facts.tier).toEqual({
    intended: 'primary',
    served: 'fallback',
    demotedBy: 'exercise',
    reason: 'flag',
  });

  // An ask that the first tier rejects as well is its caller's mistake; one that it answers is the fallback's failure.
  const wrong = {
    status: 400,
    headers: openai.json,
    framing: 'length',
    parts: [openai.error('no input')],
  } as const;
  up.play(wrong);
  spare.play(wrong);
  for (let i = 0; i < 100; i++) expect(await call()).toContain('no input');
  expect(edge()).toMatchObject({ state: 'PROVEN', exercised: { n, failures: 0 } });
  up.play(well);
  for (let i = 0; i < 40; i++) expect(await call()).toContain('Here.');
  expect(edge()?.exercised.failures).toBeGreaterThan(0);

  spare.play({ status: 404, headers: openai.json, framing: 'length', parts: [openai.error('not_found')] });
  for (let i = 0; i < 100; i++) expect(await call()).toContain('Here.');
  expect(edge()?.state).toBe('BROKEN');
  house.stop();
  await up.stop();
  await spare.stop();
}, 120_000);

/** Two providers of which the second can be told to fail; half of the traffic would be too much, 5 % is the most there is. */
function withSpare(sim: string, spare: string, more: object = {}, first = 'sim-instant') {
  return testGateway({
    providers: { up: { kind: 'simulator', baseUrl: sim, free: true } },
    routes: {
      chat: {
        match: { protocol: 'openai-chat' },
        exercise: { share: 0.05 },
        ...more,
        tiers: [
          { name: 'primary', targets: [{ provider: 'up', model: first }] },
          { name: 'fallback', targets: [{ provider: 'up', model: spare }] },
        ],
      },
    },
  });
}

const TOOL = {
  type: 'function',
  function: {
    name: 'book_table',
    parameters: {
      type: 'object',
      properties: { place: { type: 'string' }, seats: { type: 'integer' } },
      required: ['place', 'seats'],
    },
  },
};

test.each([false, true])(
  'stream %p: arguments that break their schema are found in an exercise, and its caller gets those of the first tier',
  async (stream) => {
    const sim = simulatorAt();
    const { gateway, url, finished, stop } = withSpare(sim.url, 'sim-fault-renamed-field');
    for (let i = 0; i < 60; i++) {
      const response = await fetch(`${url}${openai.path}`, {
        method: 'POST',
        body: JSON.stringify({
          model: 'chat',
          stream,
          tools: [TOOL],
          tool_choice: { type: 'function', function: { name: 'book_table' } },
          messages: [{ role: 'user', content: 'Call book_table for 2 people in Lisbon.' }],
        }),
      });
      expect(await response.text()).not.toContain('the_place');
    }
    expect(gateway.proofs.read()[0]).toMatchObject({
      state: 'BROKEN',
      exercised: { why: expect.stringContaining('schema') },
    });
    const exercised = finished.filter(({ facts }) => facts.source === 'exercise');
    expect(exercised).toHaveLength(3);
    for (const { facts } of exercised)
      expect(facts.attempts.map(({ tier, outcome }) => [tier, outcome])).toEqual([
        ['fallback', 'invalid'],
        ['primary', 'tool'],
      ]);
    stop();
    sim.stop();
  },
);

test('a first tier that is another one makes the proof of its fallback stale until that was seen beside the new one', async () => {
  const sim = simulatorAt();
  const call = (url: string) =>
    fetch(`${url}${openai.path}`, { method: 'POST', body: JSON.stringify(openai.ask({})) }).then((r) =>
      r.text(),
    );
  const before = withSpare(sim.url, 'sim-instant', {}, 'sim-instant');
  for (let i = 0; i < 1_180; i++) await call(before.url);
  expect(before.gateway.proofs.read()[0]).toMatchObject({
    state: 'PROVEN',
    exercised: { needed: 0, parity: [{ kind: 'slow' }, { kind: 'length' }], against: { length: 1 } },
  });
  const after = withSpare(sim.url, 'sim-instant', {}, 'sim');
  after.gateway.proofs.restore(before.gateway.proofs.snapshot());
  const stale = (needed: number) => ({
    state: 'STALE',
    hashMatches: true,
    exercised: { needed, why: expect.stringContaining('first tier has changed'), against: {} },
  });
  expect(after.gateway.proofs.read()[0]).toMatchObject(stale(59));
  for (let i = 0; i < 40; i++) await call(after.url);
  expect(after.gateway.proofs.read()[0]).toMatchObject(stale(57));
  before.stop();
  after.stop();
  sim.stop();
}, 120_000);

test('what callers ask for and no exercise has tried is reported, until a probe has tried it', async () => {
  const sim = simulatorAt();
  const { gateway, url, stop } = withSpare(sim.url, 'sim-instant', {
    exercise: { share: 0.05, exclude: { tools: true } },
  });
  for (let i = 0; i < 900; i++) {
    const tools = i % 3 === 0 ? { tools: [TOOL] } : {};
    const response = await fetch(`${url}${openai.path}`, {
      method: 'POST',
      body: JSON.stringify(openai.ask(tools)),
    });
    await response.text();
  }
  expect(gateway.proofs.read()[0]?.reports).toEqual([
    { kind: 'coverage', text: expect.stringMatching(/never with an ask of the 33.3 % that offer tools$/) },
  ]);
  const drilled = await gateway.drill({
    route: 'chat',
    load: false,
    atPeak: false,
    maxCalls: 20,
    maxMicroUsd: 0,
    confirmed: true,
  });
  expect(drilled.ok).toBe(true);
  expect(gateway.proofs.read()[0]).toMatchObject({
    reports: [],
    probed: { checks: expect.arrayContaining([expect.objectContaining({ check: 'tools', good: true })]) },
  });
  stop();
  sim.stop();
}, 120_000);

test('what is critical is never exercised: by lane, by feature, with tools', async () => {
  const sim = simulatorAt();
  const { url, finished, stop } = withSpare(sim.url, 'sim-instant', {
    exercise: {
      share: 0.05,
      exclude: { features: ['billing'], lanes: ['interactive', 'batch'], tools: true },
    },
  });
  const ask = (headers: Readonly<Record<string, string>>, more: object = {}) =>
    fetch(`${url}${openai.path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ ...openai.ask(), ...more }),
    });
  for (let i = 0; i < 40; i++) {
    await ask({ 'x-midwatch-priority': 'high' });
    await ask({ 'x-midwatch-priority': 'batch' });
    await ask({ 'x-midwatch-feature': 'billing' });
    await ask({}, { tools: [TOOL] });
  }
  expect(finished.filter(({ facts }) => facts.source === 'exercise')).toEqual([]);
  for (let i = 0; i < 20; i++) await ask({ 'x-midwatch-feature': 'chat' });
  expect(finished.filter(({ facts }) => facts.source === 'exercise')).toHaveLength(1);
  stop();
  sim.stop();
});

test('a whole answer that hangs leaves time for the fallback where the route says so', async () => {
  const up = await scriptedUpstream();
  const sim = simulatorAt();
  const house = testGateway({
    providers: {
      up: { protocol: 'openai', baseUrl: `http://127.0.0.1:${up.port}/v1` },
      sim: { kind: 'simulator', baseUrl: sim.url, free: true },
    },
    routes: {
      chat: {
        timeouts: { whole: 100, total: 3_000 },
        tiers: [
          { name: 'primary', targets: [{ provider: 'up' }] },
          { name: 'fallback', targets: [{ provider: 'sim', model: 'sim-instant' }] },
        ],
      },
    },
  });
  up.play({ parts: [], delay: 60_000 });
  const response = await fetch(`${house.url}${openai.path}`, {
    method: 'POST',
    body: JSON.stringify(openai.ask()),
  });
  expect(response.status).toBe(200);
  const facts = await house.facts(response.headers.get('x-midwatch-exchange'));
  expect(facts.attempts.map(({ tier, failure }) => [tier, failure?.kind])).toEqual([
    ['primary', 'timeout_headers'],
    ['fallback', undefined],
  ]);
  expect(facts.attempts[0]?.failure?.hint).toContain('timeouts.whole');
  house.stop();
  await up.stop();
  sim.stop();
});

test('where a fallback may not serve, copies prove it, and break it, and no caller gets their answer', async () => {
  const up = await scriptedUpstream();
  const spare = await scriptedUpstream();
  const root = (port: number) => `http://127.0.0.1:${port}/v1`;
  const house = testGateway({
    providers: {
      up: { protocol: 'openai', baseUrl: root(up.port) },
      spare: { protocol: 'openai', baseUrl: root(spare.port) },
    },
    routes: {
      chat: {
        match: { protocol: 'openai-chat' },
        exercise: { share: 0.05, shadow: true },
        tiers: [
          { name: 'primary', targets: [{ provider: 'up' }] },
          { name: 'fallback', targets: [{ provider: 'spare' }] },
        ],
      },
    },
  });
  const says = (text: string) => ({
    headers: openai.sse,
    parts: [openai.role, openai.delta(text, 'stop'), openai.done],
  });
  const call = async () => {
    const response = await fetch(`${house.url}${openai.path}`, {
      method: 'POST',
      body: JSON.stringify(openai.ask({ stream: true })),
    });
    return await response.text();
  };
  const edge = () => house.gateway.proofs.read()[0];
  const shadows = () => house.finished.filter(({ facts }) => facts.source === 'shadow');
  up.play(says('Here.'));
  spare.play(says('There.'));
  for (let i = 0; i < 1_240; i++) expect(await call()).toContain('Here.');
  await until(async () => shadows().length === 62, 'the copies');
  expect(edge()).toMatchObject({ exercised: { state: 'PROVEN', n: 62, failures: 0 } });
  expect(house.finished.some(({ facts }) => facts.source === 'exercise')).toBe(false);

  spare.play({ status: 500, headers: openai.json, framing: 'length', parts: [openai.error('server_error')] });
  for (let i = 0; i < 400; i++) expect(await call()).toContain('Here.');
  await until(async () => edge()?.exercised.state === 'BROKEN', 'the edge to break');

  // However long it is ejected by then: nothing else would ever find it well again.
  const asked = spare.heard.length;
  spare.play(says('There.'));
  for (let i = 0; i < 400; i++) expect(await call()).toContain('Here.');
  await until(async () => spare.heard.length >= asked + 15, 'the edge to be asked again');
  house.stop();
  await up.stop();
  await spare.stop();
}, 120_000);

test.each([1, 4])('of what a fallback carries, one of %p gateways takes its part', async (houses) => {
  const down = await scriptedUpstream();
  const spare = await scriptedUpstream();
  const root = (port: number) => `http://127.0.0.1:${port}/v1`;
  const house = testGateway(
    {
      providers: {
        up: { protocol: 'openai', baseUrl: root(down.port) },
        spare: { protocol: 'openai', baseUrl: root(spare.port) },
      },
      routes: {
        chat: {
          match: { protocol: 'openai-chat' },
          attempts: { perTarget: 1 },
          tiers: [
            { name: 'primary', targets: [{ provider: 'up' }] },
            { name: 'fallback', minProof: 'LOAD', targets: [{ provider: 'spare' }] },
          ],
        },
      },
    },
    { houses: () => houses },
  );
  down.play({ status: 500, headers: openai.json, framing: 'length', parts: [openai.error('down')] });
  spare.play({ headers: openai.sse, parts: [openai.role, openai.delta('Here.', 'stop'), openai.done] });
  const call = async () => {
    const body = JSON.stringify(openai.ask({ stream: true }));
    const response = await fetch(`${house.url}${openai.path}`, { method: 'POST', body });
    await response.text();
    return response.status;
  };
  expect(await call()).toBe(200);
  const { edges } = house.gateway.proofs.snapshot();
  const [[key, state]] = Object.entries(edges) as [[string, (typeof edges)[string]]];
  // As after a ramp that ended at one a second; asks are small beside the ramp's, and count as a quarter of one.
  const { contract } = (state as { exercised: { contract: string } }).exercised;
  const load = { contract, at: Date.now(), good: true, why: '', perSecond: 1, tokens: 100_000 };
  house.gateway.proofs.restore({ edges: { [key]: { ...state, load } as (typeof edges)[string] } });
  expect(house.gateway.proofs.read()[0]?.load).toMatchObject({ state: 'PROVEN', perSecond: 1 });
  let served = 0;
  for (let i = 0; i < 80; i++) if ((await call()) === 200) served++;
  // A bucket of ten seconds, of which this lane leaves four tenths; dealt out evenly.
  const part = (0.6 * 10) / 0.25 / houses;
  expect(served).toBeGreaterThanOrEqual(Math.floor(part));
  expect(served).toBeLessThanOrEqual(part + 8);
  const { routes } = house.gateway.proofs.snapshot();
  const grown = { ...(routes.chat as (typeof routes)[string]), minutes: [[120, 0, 0]] as never };
  house.gateway.proofs.restore({ routes: { chat: grown } });
  expect(house.gateway.proofs.read()[0]?.load).toMatchObject({
    state: 'STALE',
    why: expect.stringContaining('needed by now'),
  });
  house.stop();
  await down.stop();
  await spare.stop();
});

test('a prompt that most callers send now makes a fallback unproven that was proven with another', async () => {
  const sim = simulatorAt();
  const { gateway, url, stop } = withSpare(sim.url, 'sim-instant');
  const ask = async (prompt: string) => {
    const messages = [
      { role: 'system', content: prompt },
      { role: 'user', content: 'Well?' },
    ];
    const body = JSON.stringify({ model: 'chat', messages });
    expect((await fetch(`${url}${openai.path}`, { method: 'POST', body })).status).toBe(200);
  };
  for (let i = 0; i < 1_220; i++) await ask('Be brief.');
  const edge = () => gateway.proofs.read()[0];
  // It was looked at once a second; as if that had gone on for a while.
  const { edges, routes } = gateway.proofs.snapshot();
  const asking = (askers: Readonly<Record<string, number>>) =>
    gateway.proofs.restore({ routes: { chat: { ...(routes.chat as (typeof routes)[string]), askers } } });
  expect(edge()).toMatchObject({ state: 'PROVEN', hashMatches: true });
  const [known] = Object.keys(Object.values(edges)[0]?.askers ?? {});
  expect(Object.keys(routes.chat?.askers ?? {})).toEqual([known as string]);
  asking({ [known as string]: 0.4, another: 0.6 });
  expect(edge()).toMatchObject({
    state: 'UNPROVEN',
    exercised: { needed: 59, why: expect.stringContaining('prompt, tools or schema') },
  });
  stop();
  sim.stop();
}, 120_000);

test('what one version of Midwatch has proven the next one has to prove again', async () => {
  const sim = simulatorAt();
  const config = {
    providers: { up: { kind: 'simulator', baseUrl: sim.url, free: true } },
    routes: {
      chat: {
        match: { protocol: 'openai-chat' },
        tiers: [
          { name: 'primary', targets: [{ provider: 'up', model: 'sim-fault-status-503' }] },
          { name: 'fallback', targets: [{ provider: 'up', model: 'sim-instant' }] },
        ],
      },
    },
  };
  const before = testGateway(config, { version: '1.0.0' });
  for (let i = 0; i < 59; i++)
    await fetch(`${before.url}${openai.path}`, { method: 'POST', body: JSON.stringify(openai.ask()) });
  expect(before.gateway.proofs.read()[0]).toMatchObject({ state: 'PROVEN', hashMatches: true });
  const after = testGateway(config, { version: '1.0.1' });
  after.gateway.proofs.restore(before.gateway.proofs.snapshot());
  expect(after.gateway.proofs.read()[0]).toMatchObject({ state: 'UNPROVEN', hashMatches: false });
  before.stop();
  after.stop();
  sim.stop();
});
