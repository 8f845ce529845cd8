import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'bun:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { type TestGateway, testGateway } from '../support/gateway.ts';
import { anthropic, openai } from '../support/speech.ts';
import { type ScriptedUpstream, scriptedUpstream } from '../support/upstream.ts';

/** No ending may look like another: over real sockets, with the real clients, from a provider that owns its bytes. */
let up: ScriptedUpstream;
let house: TestGateway;
let chat: OpenAI;
let claude: Anthropic;

beforeAll(async () => {
  up = await scriptedUpstream();
});
afterAll(() => up.stop());
// A gateway remembers who was full and whose key was refused, so every ending gets one of its own.
beforeEach(() => {
  const root = `http://127.0.0.1:${up.port}`;
  const timeouts = { headers: 150, firstToken: 200, idle: 150, total: 2_000 };
  house = testGateway({
    providers: {
      up: { protocol: 'openai', baseUrl: `${root}/v1`, apiKey: 'sk-provider-key-of-the-house-000000' },
      claude: { protocol: 'anthropic', baseUrl: root, apiKey: 'sk-ant-provider-key-of-the-house-00' },
    },
    routes: {
      chat: {
        match: { protocol: 'openai' },
        timeouts,
        tiers: [{ name: 'primary', targets: [{ provider: 'up' }] }],
      },
      claude: {
        match: { protocol: 'anthropic' },
        timeouts,
        tiers: [{ name: 'primary', targets: [{ provider: 'claude' }] }],
      },
    },
  });
  chat = new OpenAI({ baseURL: `${house.url}/v1`, apiKey: 'x', maxRetries: 0 });
  claude = new Anthropic({ baseURL: house.url, apiKey: 'x', maxRetries: 0 });
});
afterEach(() => house.stop());

const caught = async (run: () => Promise<unknown>): Promise<unknown> => {
  try {
    await run();
  } catch (error) {
    return error;
  }
  return undefined;
};
const readChat = async () => {
  let text = '';
  const stream = await chat.chat.completions.create({
    ...openai.ask(),
    stream: true,
  } as OpenAI.ChatCompletionCreateParamsStreaming);
  for await (const part of stream) text += part.choices[0]?.delta.content ?? '';
  return text;
};
const readClaude = () => claude.messages.stream(anthropic.ask()).finalText();
const last = async () => {
  for (let i = 0; i < 100 && house.finished.length === 0; i++) await Bun.sleep(10);
  const facts = house.finished.at(-1)?.facts;
  if (!facts) throw new Error('nothing was recorded');
  return facts;
};

const begun = [openai.role, openai.delta('Hel'), openai.delta('lo')];
const begunClaude = [
  anthropic.start,
  anthropic.ping,
  anthropic.block,
  anthropic.delta('Hel'),
  anthropic.delta('lo'),
];

test('what was served in a tier that the list has no price of is an estimate', async () => {
  for (const [service_tier, state] of [
    ['default', 'exact'],
    ['flex', 'estimated'],
  ] as const) {
    house.finished.length = 0;
    up.play({ headers: openai.json, parts: [openai.answer('Hello.', { service_tier })] });
    await fetch(`${house.url}${openai.path}`, { method: 'POST', body: JSON.stringify(openai.ask()) });
    expect((await last()).cost).toMatchObject({ state, microUsd: expect.any(Number) });
  }
});

test('a complete stream is complete, with its usage taken apart and priced', async () => {
  up.play({ headers: openai.sse, parts: [...begun, openai.delta('', 'stop'), openai.usage, openai.done] });
  expect(await readChat()).toBe('Hello');
  const facts = await last();
  expect(facts).toMatchObject({
    outcome: 'complete',
    usage: { input: 60, cacheRead: 40, output: 20, basis: 'reported' },
    cost: { state: 'exact' },
    observed: { model: 'gpt-4o-mini-2024-07-18' },
  });
  expect(facts.attempts).toHaveLength(1);
  expect(facts.attempts[0]?.providerRequestId).toBe('req_1');
  expect(facts.timing.firstToken).toBeGreaterThan(0);

  up.play({
    headers: anthropic.sse,
    parts: [...begunClaude, anthropic.blockEnd, anthropic.end(), anthropic.stop],
  });
  house.finished.length = 0;
  expect(await readClaude()).toBe('Hello');
  expect(await last()).toMatchObject({
    outcome: 'complete',
    usage: { input: 100, cacheRead: 40, cacheWrite: 10, output: 20 },
  });
});

for (const end of ['fin', 'reset', 'well'] as const)
  test(`a stream that ends by ${end} without a reason is an error for the client and a cut in the record`, async () => {
    // A pause between the parts: what is torn off in one packet with its end never gets past the commit gate.
    up.play({ headers: openai.sse, parts: begun, end, pause: 15 });
    expect(await caught(readChat)).toBeInstanceOf(OpenAI.APIError);
    expect(await last()).toMatchObject({
      outcome: 'cut',
      failure: { kind: 'cut' },
      usage: { basis: 'estimated' },
    });
    house.finished.length = 0;
    up.play({ headers: anthropic.sse, parts: begunClaude, end, pause: 15 });
    expect(await caught(readClaude)).toBeInstanceOf(Anthropic.APIError);
    expect((await last()).outcome).toBe('cut');
  });

test('the wire of a cut stream carries an error event, no terminator, and breaks', async () => {
  // The last event is cut in its middle: what cannot be whole is not passed on, or the error would be read as part of it.
  up.play({
    headers: openai.sse,
    parts: [...begun, openai.delta('and so').slice(0, 40)],
    end: 'fin',
    pause: 15,
  });
  const response = await fetch(`${house.url}${openai.path}`, {
    method: 'POST',
    body: JSON.stringify(openai.ask({ stream: true })),
  });
  let text = '';
  const broke = await caught(async () => {
    for await (const part of response.body as unknown as AsyncIterable<Uint8Array>)
      text += new TextDecoder().decode(part);
  });
  const events = text.split('\n\n').filter((e) => e !== '');
  expect(text.startsWith(begun.join(''))).toBe(true);
  expect(events).toHaveLength(begun.length + 1);
  expect(text).toContain('"error"');
  expect(text).toContain(response.headers.get('x-midwatch-exchange') as string);
  expect(text).not.toContain('[DONE]');
  expect(broke).toBeInstanceOf(Error);
});

test('a stream that falls silent is stalled, told within the idle limit', async () => {
  up.play({ headers: openai.sse, parts: begun, end: 'silence' });
  expect(await caught(readChat)).toBeInstanceOf(OpenAI.APIError);
  expect(await last()).toMatchObject({ outcome: 'stalled', failure: { kind: 'timeout_idle' } });
});

test('an error event in the stream reaches the client as the error it is', async () => {
  up.play({
    headers: anthropic.sse,
    parts: [...begunClaude, `event: error\ndata: ${anthropic.error('overloaded_error')}\n\n`],
  });
  const error = await caught(readClaude);
  expect(error).toBeInstanceOf(Anthropic.APIError);
  expect(String(error)).toContain('Overloaded');
  expect((await last()).outcome).toBe('error');
});

test('a malformed event after output is never a clean end', async () => {
  up.play({ headers: openai.sse, parts: [...begun, 'data: {"choices":[{"del\n\n', openai.done] });
  expect(await caught(readChat)).toBeInstanceOf(Error);
  expect((await last()).outcome).toBe('cut');
});

test('a reason for the end without [DONE] is complete, at once when the provider closes, soon when it does not', async () => {
  const parts = [...begun, openai.delta('', 'stop')];
  const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n';
  const scripts = [
    { headers: openai.sse, parts },
    { headers: openai.sse, parts, end: 'silence' },
    { framing: 'raw', parts: [head, ...parts], end: 'fin' },
  ] as const;
  for (const script of scripts) {
    house.finished.length = 0;
    up.play(script);
    expect(await readChat()).toBe('Hello');
    expect((await last()).outcome).toBe('complete');
  }
});

test.each([
  ['silence before headers', { parts: [], framing: 'raw', end: 'silence' }, 504, 'timeout_headers'],
  ['a reset before headers', { parts: [], framing: 'raw', end: 'reset' }, 502, 'reset'],
  ['an empty 200', { headers: openai.sse, parts: [] }, 502, 'empty'],
  ['[DONE] and nothing else', { headers: openai.sse, parts: [openai.done] }, 502, 'empty'],
  [
    'pings and nothing else',
    { headers: openai.sse, parts: [': ping\n\n', ': ping\n\n'], end: 'silence' },
    504,
    'timeout_first_token',
  ],
  [
    'an HTML page',
    { headers: { 'content-type': 'text/html' }, parts: ['<html>no</html>'] },
    502,
    'bad_content_type',
  ],
] as const)('%s is an error with a status before anything is sent', async (_, script, status, kind) => {
  up.play(script as Parameters<typeof up.play>[0]);
  const error = await caught(readChat);
  expect(error).toBeInstanceOf(OpenAI.APIError);
  expect((error as { status?: number }).status).toBe(status);
  expect((await last()).failure?.kind).toBe(kind);
});

test('unary: a body cut short is an error, never half an answer', async () => {
  const whole = openai.answer();
  for (const end of ['fin', 'reset'] as const) {
    house.finished.length = 0;
    up.play({
      framing: 'raw',
      end,
      parts: [
        `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${whole.length}\r\n\r\n${whole.slice(0, 50)}`,
      ],
    });
    const error = await caught(() =>
      chat.chat.completions.create(openai.ask() as OpenAI.ChatCompletionCreateParamsNonStreaming),
    );
    expect(error).toBeInstanceOf(OpenAI.InternalServerError);
    expect((await last()).failure?.kind).toBe('cut');
  }
});

test("a provider's own error passes as it is, and its limit is kept to", async () => {
  up.play({
    status: 429,
    headers: { ...openai.json, 'retry-after': '7' },
    framing: 'length',
    parts: [openai.error('rate_limit_error', 'slow down')],
  });
  const limited = await caught(() =>
    chat.chat.completions.create(openai.ask() as OpenAI.ChatCompletionCreateParamsNonStreaming),
  );
  expect(limited).toBeInstanceOf(OpenAI.RateLimitError);
  expect((limited as InstanceType<typeof OpenAI.APIError>).headers?.get('retry-after')).toBe('7');
  expect(await last()).toMatchObject({
    failure: { kind: 'rate_limited', after: 7_000 },
    usage: { basis: 'none' },
    cost: { microUsd: 0 },
  });
  // Whoever was told to stay away stays away, and tells its own callers so.
  const asked = up.heard.length;
  const parked = await caught(() =>
    chat.chat.completions.create(openai.ask() as OpenAI.ChatCompletionCreateParamsNonStreaming),
  );
  expect(parked).toBeInstanceOf(OpenAI.RateLimitError);
  expect((parked as InstanceType<typeof OpenAI.APIError>).headers?.get('retry-after')).toBe('7');
  expect(up.heard.length).toBe(asked);
});

test('a refused key is told without a word of it, and not shown to the provider again', async () => {
  up.play({
    status: 401,
    headers: openai.json,
    framing: 'length',
    parts: [
      openai.error(
        'invalid_request_error',
        'Incorrect API key provided: sk-provider-key-of-the-house-000000',
      ),
    ],
  });
  const auth = await caught(() =>
    chat.chat.completions.create(openai.ask() as OpenAI.ChatCompletionCreateParamsNonStreaming),
  );
  expect(auth).toBeInstanceOf(OpenAI.InternalServerError);
  expect(JSON.stringify(auth)).not.toContain('sk-provider-key');
  expect(JSON.stringify(house.finished)).not.toContain('sk-provider-key');
  const asked = up.heard.length;
  const again = await caught(() =>
    chat.chat.completions.create(openai.ask() as OpenAI.ChatCompletionCreateParamsNonStreaming),
  );
  expect(String(again)).toContain('apiKey');
  expect(up.heard.length).toBe(asked);
});

test('a route leaves for its next target before the first byte, and for its canned reply when all have failed', async () => {
  const other = await scriptedUpstream();
  const root = (port: number) => `http://127.0.0.1:${port}/v1`;
  const two = testGateway({
    providers: {
      up: { protocol: 'openai', baseUrl: root(up.port) },
      spare: { protocol: 'openai', baseUrl: root(other.port) },
    },
    routes: {
      chat: {
        tiers: [
          { name: 'primary', targets: [{ provider: 'up' }] },
          { name: 'fallback', targets: [{ provider: 'spare', model: 'spare-model' }] },
          { name: 'canned', reply: 'We are short of breath; a person will answer.' },
        ],
      },
    },
  });
  const call = (stream: boolean) =>
    fetch(`${two.url}${openai.path}`, { method: 'POST', body: JSON.stringify(openai.ask({ stream })) });
  const sick = {
    status: 503,
    headers: openai.json,
    framing: 'length',
    parts: [openai.error('server_error')],
  } as const;
  const well = [openai.role, openai.delta('From the spare', 'stop'), openai.done];

  up.play(sick);
  other.play({ headers: openai.sse, parts: well });
  const fallen = await call(true);
  expect(await fallen.text()).toBe(well.join(''));
  expect(fallen.headers.get('x-midwatch-degraded')).toBe('fallback');
  const facts = await two.facts(fallen.headers.get('x-midwatch-exchange'));
  expect(facts.attempts.map((a) => [a.cause, a.provider, a.model, a.outcome])).toEqual([
    ['first', 'up', 'gpt-4o-mini', 'error'],
    ['retry', 'up', 'gpt-4o-mini', 'error'],
    ['fallback', 'spare', 'spare-model', 'complete'],
  ]);
  expect(facts.tier).toEqual({
    intended: 'primary',
    served: 'fallback',
    demotedBy: 'overloaded',
    reason: 'error',
  });

  other.play(sick);
  for (const stream of [false, true]) {
    const reply = await call(stream);
    expect([reply.status, reply.headers.get('x-midwatch-degraded')]).toEqual([200, 'canned']);
    expect(await reply.text()).toContain('a person will answer');
    const record = await two.facts(reply.headers.get('x-midwatch-exchange'));
    expect(record).toMatchObject({
      outcome: 'error',
      status: 200,
      tier: { served: 'canned' },
      cost: { microUsd: 0 },
    });
    expect(record.attempts).toHaveLength(4);
    const { answer } = two.finished.find(({ facts }) => facts.id === record.id) ?? {};
    expect(new TextDecoder().decode(answer)).toContain('a person will answer');
  }
  await two.stop();
  await other.stop();
});

test('a caller who leaves cancels the upstream, before and after the first byte', async () => {
  for (const parts of [[], begun]) {
    house.finished.length = 0;
    up.play(
      parts.length === 0
        ? { framing: 'raw', parts: [], end: 'silence' }
        : { headers: openai.sse, parts, end: 'silence' },
    );
    const abort = new AbortController();
    const response = fetch(`${house.url}${openai.path}`, {
      method: 'POST',
      body: JSON.stringify(openai.ask({ stream: true })),
      signal: abort.signal,
    });
    if (parts.length > 0) await (await response).body?.getReader().read();
    else await Bun.sleep(60);
    abort.abort();
    await response.catch(() => undefined);
    await up.heard.at(-1)?.closed;
    const facts = await last();
    // A timeout would end it too, but would be called by its own name.
    expect(facts.outcome).toBe('cancelled');
  }
});

test('a buffered route sends a stream only when it is whole, so a cut after output moves on unseen', async () => {
  const other = await scriptedUpstream();
  const root = (port: number) => `http://127.0.0.1:${port}/v1`;
  const two = testGateway({
    providers: {
      up: { protocol: 'openai', baseUrl: root(up.port) },
      spare: { protocol: 'openai', baseUrl: root(other.port) },
    },
    routes: {
      chat: {
        buffer: 'whole',
        timeouts: { idle: 150 },
        tiers: [
          { name: 'primary', targets: [{ provider: 'up' }] },
          { name: 'fallback', targets: [{ provider: 'spare' }] },
        ],
      },
    },
  });
  const well = [openai.role, openai.delta('From the spare', 'stop'), openai.done];
  other.play({ headers: openai.sse, parts: well });
  for (const end of ['fin', 'reset', 'silence', 'well'] as const) {
    up.play({ headers: openai.sse, parts: [openai.role, openai.delta('Half an ans')], end });
    const answer = await fetch(`${two.url}${openai.path}`, {
      method: 'POST',
      body: JSON.stringify(openai.ask({ stream: true })),
    });
    expect(await answer.text()).toBe(well.join(''));
    expect(answer.headers.get('x-midwatch-degraded')).toBe('fallback');
  }
  // A whole answer whose connection stays open is whole.
  up.play({ headers: openai.sse, parts: [openai.role, openai.delta('All of it', 'stop')], end: 'silence' });
  const open = await fetch(`${two.url}${openai.path}`, {
    method: 'POST',
    body: JSON.stringify(openai.ask({ stream: true })),
  });
  expect(await open.text()).toContain('All of it');
  expect(open.headers.get('x-midwatch-degraded')).toBeNull();
  two.stop();
  await other.stop();
});

test('a refusal is an answer, unless the route wants another; then it is the last resort', async () => {
  const other = await scriptedUpstream();
  const root = (port: number) => `http://127.0.0.1:${port}/v1`;
  const two = testGateway({
    providers: {
      up: { protocol: 'openai', baseUrl: root(up.port) },
      spare: { protocol: 'openai', baseUrl: root(other.port) },
    },
    routes: {
      chat: {
        fallbackOn: ['content_filter'],
        tiers: [
          { name: 'primary', targets: [{ provider: 'up' }] },
          { name: 'fallback', targets: [{ provider: 'spare' }] },
        ],
      },
    },
  });
  const answer = (finish: string, content: string) => ({
    headers: openai.json,
    framing: 'length' as const,
    parts: [
      JSON.stringify({
        id: 'c',
        object: 'chat.completion',
        created: 1,
        model: 'm',
        choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: finish }],
        usage: { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 },
      }),
    ],
  });
  const call = async () => {
    const response = await fetch(`${two.url}${openai.path}`, {
      method: 'POST',
      body: JSON.stringify(openai.ask()),
    });
    const facts = await two.facts(response.headers.get('x-midwatch-exchange'));
    return { body: await response.text(), facts };
  };
  up.play(answer('content_filter', 'Filtered.'));
  other.play(answer('stop', 'Fine.'));
  const moved = await call();
  expect(moved.body).toContain('Fine.');
  expect(moved.facts.attempts.map((a) => a.outcome)).toEqual(['content_filter', 'complete']);
  other.play(answer('content_filter', 'Filtered too.'));
  const kept = await call();
  expect(kept.body).toContain('Filtered.');
  expect(kept.facts.outcome).toBe('content_filter');
  expect(kept.facts.attempts).toHaveLength(2);
  two.stop();
  await other.stop();
});

test('a route that is only a canned reply answers, and its record says that nobody was asked', async () => {
  const quiet = testGateway({
    providers: {},
    routes: { closed: { tiers: [{ name: 'notice', reply: 'Closed until Monday.' }] } },
  });
  const answer = await fetch(`${quiet.url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }] }),
  });
  expect(await answer.text()).toContain('Closed until Monday.');
  const facts = await quiet.facts(answer.headers.get('x-midwatch-exchange'));
  expect(facts).toMatchObject({ outcome: 'error', failure: { kind: 'no_target' }, attempts: [] });
  expect(facts.failure?.hint).toBe('Nobody was asked: route "closed" has no target, only a canned reply.');
  await quiet.stop();
});
