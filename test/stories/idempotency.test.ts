import { afterEach, beforeEach, expect, test } from 'bun:test';
import OpenAI from 'openai';
import { createIdempotency, type Idempotency } from '#idempotency';
import { systemClock } from '#kernel';
import { protocols } from '#protocols';
import { callers } from '../../src/app/callers.ts';
import { type Listener, listen } from '../../src/app/serve.ts';
import { keyRecord, type TestGateway, testGateway } from '../support/gateway.ts';
import { type ScriptedUpstream, scriptedUpstream } from '../support/upstream.ts';

/** One question, one exchange: over real sockets, with the provider's own count of how often it was asked. */
let up: ScriptedUpstream;
let house: TestGateway;
let idempotency: Idempotency;
let door: Listener;

const KEYS = [keyRecord('mw_one', { id: 'k1' }), keyRecord('mw_two', { id: 'k2' })];

beforeEach(async () => {
  up = await scriptedUpstream();
  house = testGateway(
    {
      providers: {
        up: { protocol: 'openai', baseUrl: `http://127.0.0.1:${up.port}/v1`, apiKey: 'x', free: true },
      },
      routes: { all: { tiers: [{ name: 'primary', targets: [{ provider: 'up' }] }] } },
    },
    { keys: KEYS },
  );
  const clock = systemClock();
  idempotency = createIdempotency({
    clock,
    protocols,
    settings: () => ({ keep: 60_000, memory: 1 << 24, linger: 200, whenAway: 'local' }),
    caller: callers({ empty: false, find: (hash) => KEYS.find((k) => k.hash === hash) }, clock),
    handler: house.gateway.handle,
  });
  door = listen(
    {
      gateway: { serves: house.gateway.serves, handle: idempotency.handle },
      api: { fetch: () => new Response(null, { status: 404 }) },
      assets: async () => undefined,
      mask: (text) => text,
      ready: () => ({ ok: true, says: 'ready' }),
      clock,
      log: () => undefined,
      maxBody: 1 << 20,
    },
    { host: '127.0.0.1', port: 0 },
  );
});
afterEach(async () => {
  door.stop();
  house.stop();
  await up.stop();
});

const COMPLETION = JSON.stringify({
  id: 'c1',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
});
const event = (delta: object, finish: string | null = null) =>
  `data: ${JSON.stringify({ id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
const WORDS = Array.from({ length: 20 }, (_, i) => `word${i} `);
const STREAM = [...WORDS.map((content) => event({ content })), event({}, 'stop'), 'data: [DONE]\n\n'];
const JSON_HEAD = { 'content-type': 'application/json' };
const SSE_HEAD = { 'content-type': 'text/event-stream' };

const post = (key: string, more: { body?: object; headers?: Record<string, string>; as?: string } = {}) =>
  fetch(`${door.url}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${more.as ?? 'mw_one'}`,
      'content-type': 'application/json',
      'idempotency-key': key,
      ...more.headers,
    },
    body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }], ...more.body }),
  });
const told = (response: Response) => response.headers.get('x-midwatch-idempotent');

test('two hundred callers at once and one after them: one call upstream, the same bytes for all', async () => {
  up.play({ status: 200, headers: JSON_HEAD, framing: 'length', parts: [COMPLETION], delay: 500 });
  const answers = await Promise.all(Array.from({ length: 200 }, () => post('k')));
  const late = await post('k');
  const bodies = await Promise.all([...answers, late].map((r) => r.text()));
  expect(new Set(bodies)).toEqual(new Set([COMPLETION]));
  expect(up.heard).toHaveLength(1);
  expect(answers.filter((r) => told(r) === 'coalesced')).toHaveLength(199);
  expect(told(late)).toBe('replayed');
  expect(late.headers.get('x-midwatch-exchange')).toBe(answers[0]?.headers.get('x-midwatch-exchange') ?? '');
  // The record says what happened: one exchange.
  expect(house.finished).toHaveLength(1);
});

test('a stream is joined half-way by followers who get all of it, and replayed to the real client', async () => {
  up.play({ status: 200, headers: SSE_HEAD, framing: 'chunked', parts: STREAM, pause: 20 });
  const first = await post('s', { body: { stream: true } });
  const reader = first.body?.getReader();
  const opening = await reader?.read();
  const followers = await Promise.all(
    Array.from({ length: 20 }, () => post('s', { body: { stream: true } })),
  );
  const texts = await Promise.all(followers.map((r) => r.text()));
  let whole = new TextDecoder().decode(opening?.value);
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read())
    whole += new TextDecoder().decode(part.value);
  expect(whole).toBe(STREAM.join(''));
  expect(new Set(texts)).toEqual(new Set([whole]));
  const client = new OpenAI({ baseURL: `${door.url}/v1`, apiKey: 'mw_one', maxRetries: 0 });
  const again = await client.chat.completions.create(
    { model: 'm', messages: [{ role: 'user', content: 'hi' }], stream: true },
    { headers: { 'Idempotency-Key': 'client' } },
  );
  let text = '';
  for await (const part of again) text += part.choices[0]?.delta.content ?? '';
  expect(text).toBe(WORDS.join(''));
  expect(up.heard).toHaveLength(2);
  const replayed = await post('s', { body: { stream: true } });
  expect([told(replayed), await replayed.text()]).toEqual(['replayed', whole]);
  expect(up.heard).toHaveLength(2);
}, 120_000);

test('the first caller leaves: the others are served; all leave: the provider is let go', async () => {
  up.play({ status: 200, headers: SSE_HEAD, framing: 'chunked', parts: STREAM, pause: 30 });
  const open = (key: string) => {
    const leaving = new AbortController();
    const answer = fetch(`${door.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: 'Bearer mw_one', 'idempotency-key': key },
      body: JSON.stringify({ model: 'm', stream: true, messages: [{ role: 'user', content: 'hi' }] }),
      signal: leaving.signal,
    });
    return { leaving, answer };
  };
  const leader = open('a');
  await leader.answer;
  const follower = open('a');
  const answer = await follower.answer;
  leader.leaving.abort();
  expect(await answer.text()).toBe(STREAM.join(''));

  const alone = open('b');
  await alone.answer;
  alone.leaving.abort();
  await up.heard[1]?.closed;
  expect((await house.facts(house.finished.at(-1)?.facts.id ?? null)).outcome).toBe('cancelled');
}, 120_000);

test('a client that gives up and comes back three times pays once', async () => {
  up.play({ status: 200, headers: JSON_HEAD, framing: 'length', parts: [COMPLETION], delay: 800 });
  for (let tries = 0; tries < 3; tries++)
    await fetch(`${door.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: 'Bearer mw_one', 'idempotency-key': 'slow' },
      body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }] }),
      signal: AbortSignal.timeout(150),
    }).catch((error: unknown) => error);
  expect(await (await post('slow')).text()).toBe(COMPLETION);
  expect(up.heard).toHaveLength(1);
});

test('another body is a conflict in the dialect of the caller; another caller is another scope; a revoked key sees nothing', async () => {
  up.play({ status: 200, headers: JSON_HEAD, framing: 'length', parts: [COMPLETION] });
  await (await post('k')).text();
  const conflict = await post('k', { body: { temperature: 1 } });
  expect(conflict.status).toBe(422);
  const { error } = (await conflict.json()) as { error: { type: string; message: string } };
  expect(error.type).toBe('invalid_request_error');
  expect(error.message).toContain('Send a new key');
  expect(told(await post('k', { as: 'mw_two' }))).toBeNull();
  expect(up.heard).toHaveLength(2);
  expect((await post('k', { as: 'mw_nobody' })).status).toBe(401);
});

test('a resample is a new call with a key of its own; a failure is tried anew', async () => {
  up.play({ status: 200, headers: JSON_HEAD, framing: 'length', parts: [COMPLETION] });
  await (await post('k')).text();
  const resampled = await post('k', { headers: { 'x-midwatch-resample': '1' } });
  expect(told(resampled)).toBeNull();
  expect(told(await post('k', { headers: { 'x-midwatch-resample': '1' } }))).toBe('replayed');
  expect(up.heard.map((h) => h.headers['idempotency-key'])).toEqual(['k', 'k-resample-1']);

  up.play({ status: 400, headers: JSON_HEAD, framing: 'length', parts: ['{"error":{"message":"bad"}}'] });
  expect((await post('refused')).status).toBe(400);
  expect(told(await post('refused'))).toBe('replayed');
  up.play({ status: 501, headers: JSON_HEAD, framing: 'length', parts: ['{}'] });
  const before = up.heard.length;
  await post('failed');
  const after = up.heard.length;
  await post('failed');
  expect(after).toBeGreaterThan(before);
  expect(up.heard.length).toBeGreaterThan(after);
}, 120_000);
