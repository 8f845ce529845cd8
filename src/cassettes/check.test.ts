import { expect, test } from 'bun:test';
import type { Transport } from '#contracts';
import { virtualClock } from '#kernel';
import { createCassettes } from './cassettes.ts';
import { chat, hear, memoryFiles, type Script, say, scripted, spoken, whole } from './testing.ts';

const json = (body: unknown): Script => ({ chunks: [[10, JSON.stringify(body)]] });
const tool = (name: string, more = {}) => ({
  model: 'gpt-5.5',
  choices: [
    {
      message: { content: null, tool_calls: [{ function: { name, arguments: '{"a":1}' } }] },
      finish_reason: 'tool_calls',
    },
  ],
  ...more,
});

async function verdict(before: Script, now: Script) {
  const clock = virtualClock();
  const files = memoryFiles();
  const recorder = createCassettes({
    inner: scripted(clock, () => before).transport,
    mode: 'record',
    files,
    clock,
    mask: (t) => t,
  });
  await clock.run(hear(recorder.transport, chat(say('hi')), clock));
  await clock.advance(5_000);
  const { cassettes, drifted } = await clock.run(
    recorder.check({
      live: scripted(clock, () => now).transport,
      sample: 1,
      request: ({ body, host, path }) => chat(body, `https://${host}${path}`),
    }),
  );
  return { ...cassettes[0]!, share: drifted };
}

test('other words are no drift', async () => {
  expect(await verdict(whole('Paris'), whole('The capital is Paris.'))).toMatchObject({
    verdict: 'fresh',
    age: expect.any(Number),
  });
  expect(await verdict(spoken(['a']), spoken(['b', 'c', 'd', 'e']))).toMatchObject({ verdict: 'fresh' });
});

test('members added, removed and of another type, finish, model and tools are', async () => {
  expect(await verdict(json(tool('search')), json(tool('search', { service_tier: 'flex' })))).toMatchObject({
    verdict: 'drifted',
    drift: { added: ['.service_tier'], removed: [], retyped: [] },
    share: { estimate: 1, n: 1 },
  });
  expect(await verdict(json(tool('search', { usage: { a: { b: 1 } } })), json(tool('search')))).toMatchObject(
    {
      drift: { removed: ['.usage'] },
    },
  );
  expect(await verdict(json({ model: 'm', created: 1 }), json({ model: 'm', created: 'now' }))).toMatchObject(
    {
      drift: { retyped: [{ path: '.created', was: 'number', is: 'string' }] },
    },
  );
  expect(await verdict(json(tool('search')), json(tool('lookup', { model: 'gpt-5.6' })))).toMatchObject({
    drift: { model: { was: 'gpt-5.5', is: 'gpt-5.6' }, tools: { was: 'search', is: 'lookup' } },
  });
  const cutShort = {
    ...whole('x'),
    chunks: [[1, (whole('x').chunks[0]![1] as string).replace('"stop"', '"length"')]] as const,
  };
  expect(await verdict(whole('x'), cutShort)).toMatchObject({
    drift: { finish: { was: 'stop', is: 'length' } },
  });
});

test('a live call that fails teaches nothing', async () => {
  const failed = await verdict(whole('x'), { status: 503, chunks: [[1, 'busy']] });
  expect(failed).toMatchObject({ verdict: 'unknown', reason: 'the live answer is failed (status 503)' });
  expect(failed.share).toBeUndefined();
  const silent = await verdict(whole('x'), { chunks: [[1e9, 'late']] });
  expect(silent).toMatchObject({ verdict: 'unknown', reason: 'no answer in time' });
});

test('the sample is as large as asked, and old cassettes are said to be expired', async () => {
  const clock = virtualClock();
  const files = memoryFiles();
  const { transport, seen } = scripted(clock, () => whole('x'));
  const recorder = createCassettes({
    inner: transport,
    mode: 'record',
    files,
    clock,
    mask: (t) => t,
    maxAge: 1_000,
  });
  await clock.run(
    Promise.all(Array.from({ length: 40 }, (_, i) => hear(recorder.transport, chat(say(`${i}`)), clock))),
  );
  await clock.advance(60_000);
  const request = ({ body, host, path }: { body: unknown; host: string; path: string }) =>
    chat(body, `https://${host}${path}`);
  const share = await clock.run(recorder.check({ live: transport, sample: 0.05, request }));
  expect(share.cassettes.map((c) => c.expired)).toEqual([true, true]);
  const some = await clock.run(recorder.check({ live: transport, sample: 10, request }));
  expect(new Set(some.cassettes.map((c) => c.key)).size).toBe(10);
  expect(some.drifted).toMatchObject({ estimate: 0, n: 10 });
  expect(some.drifted!.upper).toBeGreaterThan(0.2);
  expect(seen.calls).toBe(52);
});

test('a transport that tells everything before it returns is recorded and checked like any other', async () => {
  const clock = virtualClock();
  const files = memoryFiles();
  const immediate: Transport = (_, taker) => {
    taker.connected();
    taker.head(200, { 'content-type': 'application/json' });
    taker.data(new TextEncoder().encode('{"model":"m"}'));
    taker.end();
    return { cancel() {}, pause() {}, resume() {} };
  };
  const recorder = createCassettes({ inner: immediate, mode: 'record', files, clock, mask: (t) => t });
  await clock.run(hear(recorder.transport, chat(say('hi')), clock));
  expect(recorder.report().recorded).toBe(1);
  const { cassettes } = await clock.run(
    recorder.check({ live: immediate, sample: 1, request: ({ body }) => chat(body) }),
  );
  expect(cassettes).toMatchObject([{ verdict: 'fresh' }]);
  await clock.advance(1_000);
  expect(clock.pending).toBe(0);
});

test('how far an answer has moved: 0 where it has not, one member of many a little, another end or tool all the way', async () => {
  const at = async (now: unknown) => (await verdict(json(tool('search')), json(now))).distance ?? Number.NaN;
  expect(await at(tool('search'))).toBe(0);
  const little = await at(tool('search', { service_tier: 'flex' }));
  expect(little).toBeGreaterThan(0);
  expect(little).toBeLessThan(0.2);
  expect(await at(tool('search', { a: 1, b: 1, c: { d: 1 } }))).toBeGreaterThan(little);
  expect(await at(tool('lookup'))).toBe(1);
  expect((await verdict(whole('x'), { status: 503, chunks: [[1, 'busy']] })).distance).toBeUndefined();
});
