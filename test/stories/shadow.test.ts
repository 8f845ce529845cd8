import { expect, test } from 'bun:test';
import type { ConfigInput, Finished, ShadowPair } from '#contracts';
import { type TestGateway, testGateway } from '../support/gateway.ts';
import { anthropic, openai } from '../support/speech.ts';
import { type Script, type ScriptedUpstream, scriptedUpstream } from '../support/upstream.ts';

/** A copy of what was answered goes to a second target: nobody sees it, nobody waits for it, and it is compared. */

const well = (text: string): Script => ({
  headers: openai.json,
  framing: 'length',
  parts: [openai.answer(text)],
});
const told = (text: string): Script => ({
  headers: openai.sse,
  parts: [openai.role, openai.delta(text), openai.delta('', 'stop'), openai.usage, openai.done],
});
const claude = (text: string): Script => ({
  headers: anthropic.json,
  framing: 'length',
  parts: [anthropic.answer(text)],
});
const claudeTold = (text: string): Script => ({
  headers: anthropic.sse,
  parts: [
    anthropic.start,
    anthropic.block,
    anthropic.delta(text),
    anthropic.blockEnd,
    anthropic.end(),
    anthropic.stop,
  ],
});

type Shadow = NonNullable<NonNullable<ConfigInput['routes']>[string]['shadow']>;

async function rig(shadow: Omit<Shadow, 'target'>, more: Parameters<typeof testGateway>[1] = {}) {
  const [up, second] = await Promise.all([scriptedUpstream(), scriptedUpstream()]);
  const house = testGateway(
    {
      providers: {
        up: { protocol: 'openai', baseUrl: `http://127.0.0.1:${up.port}/v1` },
        claude: { protocol: 'anthropic', baseUrl: `http://127.0.0.1:${second.port}` },
        twin: { protocol: 'openai', baseUrl: `http://127.0.0.1:${second.port}/v1` },
      },
      routes: {
        chat: {
          match: { model: 'gpt-4o-mini' },
          tiers: [{ name: 'primary', targets: [{ provider: 'up' }] }],
          shadow: { target: { provider: 'twin', model: 'candidate' }, ...shadow },
        },
        across: {
          match: { model: 'across' },
          tiers: [{ name: 'primary', targets: [{ provider: 'up', model: 'gpt-4o-mini' }] }],
          shadow: { target: { provider: 'claude', model: 'claude-opus-4-7' }, ...shadow },
        },
      },
    },
    more,
  );
  return {
    up,
    second,
    house,
    call: (ask: object = {}, headers: Record<string, string> = {}) =>
      fetch(`${house.url}${openai.path}`, {
        method: 'POST',
        headers,
        body: JSON.stringify(openai.ask(ask)),
      }),
    async stop() {
      house.stop();
      await Promise.all([up.stop(), second.stop()]);
    },
  };
}

const shadows = (house: TestGateway) => house.finished.filter((f) => f.facts.source === 'shadow');
const served = (house: TestGateway) => house.finished.filter((f) => f.facts.source === 'gateway');
const pairOf = ({ facts }: Finished): ShadowPair =>
  JSON.parse(facts.verdicts.find((v) => v.guard === 'shadow')?.evidence ?? 'null');
async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !holds(); i++) await Bun.sleep(10);
  expect(holds()).toBe(true);
}
const bodies = (at: ScriptedUpstream) => at.heard.map((h) => JSON.parse(new TextDecoder().decode(h.body)));

test('a copy is asked when the answer was served, kept as a record of its own, and compared', async () => {
  const { up, second, house, call, stop } = await rig({ share: 1, maxPerSecond: 100 });
  up.play(well('The parcel arrives on Monday at noon.'));
  second.play(well('The parcel arrives on Monday at noon, said the courier.'));
  const response = await call(
    {},
    { 'idempotency-key': 'once', 'x-midwatch-tenant': 'acme', 'x-midwatch-user': 'ann' },
  );
  expect(await response.json()).toMatchObject({
    choices: [{ message: { content: 'The parcel arrives on Monday at noon.' } }],
  });
  await until(() => shadows(house).length === 1);
  const [original] = served(house) as [Finished];
  const [copy] = shadows(house) as [Finished];
  expect(copy.facts).toMatchObject({
    source: 'shadow',
    route: 'chat',
    place: { parent: original.facts.id },
    // The house's own: no tenant, key or user pays for it.
    who: {},
    outcome: 'complete',
    tier: { intended: 'shadow', served: 'shadow' },
    attempts: [{ provider: 'twin', model: 'candidate', cause: 'first' }],
  });
  expect(original.facts.who).toMatchObject({ tenant: 'acme', user: 'ann' });
  expect(original.facts.verdicts).toEqual([]);
  const pair = pairOf(copy);
  expect(pair).toMatchObject({
    route: 'chat',
    by: 'route',
    served: { exchange: original.facts.id, target: 'up/gpt-4o-mini', finish: 'stop', length: 37, tools: [] },
    shadow: { exchange: copy.facts.id, target: 'twin/candidate', finish: 'stop', length: 55 },
    agreement: { good: true, end: true },
  });
  expect(pair.lengthRatio).toBeCloseTo(55 / 37, 5);
  expect(pair.similarity).toBeGreaterThan(0.4);
  expect(pair.similarity).toBeLessThan(1);
  // The model is mapped, nothing else is changed, and no key of the caller's names this call.
  expect(bodies(second)).toEqual([openai.ask({ model: 'candidate' })]);
  expect(second.heard[0]?.headers['idempotency-key']).toBeUndefined();
  expect(up.heard[0]?.headers['idempotency-key']).toBe('once');
  // Facts say which answer was shorter or dearer, never what it said.
  expect(JSON.stringify(pair)).not.toContain('parcel');
  expect(house.gateway.shadows.read()).toEqual([{ route: 'chat', asked: 1, underWay: 0, dropped: {} }]);
  await stop();
});

test('streams and whole answers are copied across dialects, and read as the caller would have', async () => {
  const { up, second, house, call, stop } = await rig({ share: 1, maxPerSecond: 100 });
  up.play(well('One two three four.'), told('One two three four.'));
  second.play(claude('One two three four.'), claudeTold('Five six seven eight.'));
  expect((await call({ model: 'across' })).status).toBe(200);
  await until(() => shadows(house).length === 1);
  const text = await (await call({ model: 'across', stream: true })).text();
  expect(text).toContain('One two three four.');
  expect(text).not.toContain('Five');
  await until(() => shadows(house).length === 2);
  const [whole, stream] = shadows(house).map(pairOf) as [ShadowPair, ShadowPair];
  expect(whole).toMatchObject({ agreement: { good: true, end: true }, similarity: 1, lengthRatio: 1 });
  expect(stream).toMatchObject({ agreement: { good: true, end: true }, similarity: 0 });
  expect(stream.shadow.firstTokenMs).toBeGreaterThan(0);
  expect(second.heard.map((h) => h.path)).toEqual(['/v1/messages', '/v1/messages']);
  expect(shadows(house)[0]?.facts.attempts[0]?.translated?.to).toBe('anthropic-messages');
  await stop();
});

test('tools, JSON and ends are told apart', async () => {
  const { up, second, house, call, stop } = await rig({ share: 1, maxPerSecond: 100, compare: 'facts' });
  const tool = (name: string, args: string) =>
    openai.answer('', {
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: null,
            tool_calls: [{ id: 'c1', type: 'function', function: { name, arguments: args } }],
          },
          finish_reason: 'tool_calls',
        },
      ],
    });
  const play = (body: string): Script => ({ headers: openai.json, framing: 'length', parts: [body] });
  up.play(play(tool('track', '{"id":"7","fast":true}')));
  second.play(play(tool('track', '{ "fast": true, "id": "7" }')));
  await call();
  await until(() => shadows(house).length === 1);
  second.play(play(tool('cancel', '{}')));
  await call();
  await until(() => shadows(house).length === 2);
  up.play(well('{"city":"Rome"}'));
  second.play(well('The city is Rome.'));
  await call({ response_format: { type: 'json_object' } });
  await until(() => shadows(house).length === 3);
  second.play({
    status: 500,
    headers: openai.json,
    framing: 'length',
    parts: [openai.error('server_error')],
  });
  await call();
  await until(() => shadows(house).length === 4);
  const pairs = shadows(house).map(pairOf);
  expect(pairs.map((pair) => pair.agreement)).toEqual([
    { good: true, end: true, tools: true, args: true },
    { good: true, end: true, tools: false },
    { good: true, end: true },
    { good: false, end: false },
  ]);
  expect(pairs[2]).toMatchObject({ served: { json: true }, shadow: { json: false } });
  expect(pairs.every((pair) => pair.similarity === undefined)).toBe(true);
  expect(second.heard).toHaveLength(4);
  await stop();
});

test('a shadow that never answers delays nobody, and what is beyond its bounds is dropped and counted', async () => {
  const { up, second, house, call, stop } = await rig({ share: 1, maxPerSecond: 1_000, concurrency: 2 });
  up.play(well('Here.'));
  second.play({ headers: openai.json, framing: 'length', parts: [], end: 'silence', delay: 60_000 });
  for (let i = 0; i < 10; i++) expect((await call()).status).toBe(200);
  await until(() => (house.gateway.shadows.read()[0]?.dropped.busy ?? 0) === 8);
  expect(house.gateway.shadows.read()).toEqual([
    { route: 'chat', asked: 0, underWay: 2, dropped: { busy: 8 } },
  ]);
  expect(served(house)).toHaveLength(10);
  expect(house.gateway.stats()).toMatchObject({ inFlight: 0, requests: 10 });
  // Stopping waits for callers, not for copies: they are cut, and kept as what they are.
  const began = Bun.nanoseconds();
  await house.gateway.drain(30_000);
  expect((Bun.nanoseconds() - began) / 1e6).toBeLessThan(10_000);
  await until(() => shadows(house).length === 2);
  expect(shadows(house).map((f) => [f.facts.failure?.kind, f.facts.verdicts.length])).toEqual([
    ['shutting_down', 0],
    ['shutting_down', 0],
  ]);
  await stop();
});

test('what lets the provider act is not copied: it would act twice', async () => {
  const { up, second, house, call, stop } = await rig({ share: 1, maxPerSecond: 1_000 });
  up.play(well('Done.'));
  second.play(well('Done.'));
  const acting = { mcp_servers: [{ type: 'url', url: 'https://tools.example', name: 'mail' }] };
  expect((await call(acting)).status).toBe(200);
  await until(() => house.gateway.shadows.read()[0]?.dropped.acts === 1);
  expect((await call()).status).toBe(200);
  await until(() => shadows(house).length === 1);
  expect(second.heard).toHaveLength(1);
  await stop();
});

test('a rate bounds the copies, a share draws them, and no route without a shadow has any', async () => {
  const slow = await rig({ share: 1, maxPerSecond: 0.001 });
  slow.up.play(well('Here.'));
  slow.second.play(well('There.'));
  for (let i = 0; i < 5; i++) await slow.call();
  await until(() => (slow.house.gateway.shadows.read()[0]?.dropped.rate ?? 0) === 4);
  await until(() => shadows(slow.house).length === 1);
  await slow.stop();
  const none = await rig({ share: 0 });
  none.up.play(well('Here.'));
  for (let i = 0; i < 20; i++) await none.call();
  await Bun.sleep(50);
  expect(none.second.heard).toHaveLength(0);
  expect(none.house.gateway.shadows.read()).toEqual([]);
  await none.stop();
});

test('quota and budget come first: without room a copy is dropped, and its money is asked for under its own cause', async () => {
  const asked: unknown[] = [];
  let room = false;
  const { up, second, house, call, stop } = await rig(
    { share: 1, maxPerSecond: 100 },
    {
      ledger: {
        answers: {
          tokens: () => 10,
          longest: () => undefined,
          ms: () => 0,
          cachedShare: () => 0,
          saw: () => undefined,
        },
        quotas: {
          reserve({ provider, lane, deadline }) {
            if (provider === 'twin') asked.push({ lane, waits: (deadline ?? 0) > Date.now() + 50 });
            return provider === 'up' || room
              ? { ok: true, waitedMs: 0, settle: () => true, release: () => true }
              : { ok: false, why: 'deadline', axis: 'requests', retryAfterMs: 1_000, kept: false };
          },
          observe: () => undefined,
          refused: () => undefined,
        },
        budgets: {
          reserve({ cause, subject }) {
            asked.push({ cause, subject: Object.keys(subject) });
            return { ok: true, settle: () => true, release: () => true };
          },
        },
      },
    },
  );
  up.play(well('Here.'));
  second.play(well('There.'));
  await call({}, { 'x-midwatch-tenant': 'acme' });
  await until(() => house.gateway.shadows.read()[0]?.dropped.limits === 1);
  expect(second.heard).toHaveLength(0);
  expect(shadows(house)).toHaveLength(0);
  room = true;
  await call({}, { 'x-midwatch-tenant': 'acme' });
  await until(() => shadows(house).length === 1);
  expect(asked).toEqual([
    { cause: 'first', subject: ['organisation', 'turn', 'tenant'] },
    { lane: 'batch', waits: false },
    { cause: 'first', subject: ['organisation', 'turn', 'tenant'] },
    { lane: 'batch', waits: false },
    { cause: 'shadow', subject: ['organisation', 'turn'] },
  ]);
  await stop();
});

test('another may ask for copies too, of any route, and hears what came of them', async () => {
  const heard: ShadowPair[] = [];
  const { up, second, house, call, stop } = await rig(
    { share: 0, maxPerSecond: 100 },
    {
      shadowers: [
        {
          shadow: ({ route, facts }) =>
            facts.ask.model === 'across' && route.shadow
              ? { tier: route.shadow, by: 'router:across' }
              : undefined,
          paired: (pair) => heard.push(pair),
        },
      ],
    },
  );
  up.play(well('Here.'));
  second.play(claude('Here.'));
  await call();
  await call({ model: 'across' });
  await until(() => heard.length === 1);
  expect(heard[0]).toMatchObject({ by: 'router:across', route: 'across' });
  expect(shadows(house)).toHaveLength(1);
  await stop();
});
