import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import Anthropic from '@anthropic-ai/sdk';
import { embed, generateText, streamText } from 'ai';
import OpenAI from 'openai';
import { OUTCOMES, type Usage } from '#contracts';
import { readExposition } from '#metrics/testing';
import { type Product, product, until } from '../support/product.ts';

/** The real clients change one base URL and nothing else. */
setDefaultTimeout(60_000);
let house: Product;
let openai: OpenAI;
let anthropic: Anthropic;

beforeAll(async () => {
  house = await product();
  openai = new OpenAI({ baseURL: `${house.url}/v1`, apiKey: 'none', maxRetries: 0 });
  anthropic = new Anthropic({ baseURL: house.url, apiKey: 'none', maxRetries: 0 });
});
afterAll(async () => {
  await house.stop();
  house.remove();
});

const sum = [{ role: 'user' as const, content: 'What is 17*23?' }];
const weather = {
  name: 'get_weather',
  description: 'Weather of a city',
  schema: {
    type: 'object' as const,
    properties: { city: { type: 'string' } },
    required: ['city'],
    additionalProperties: false,
  },
};

test('openai: chat, streaming and not, with usage', async () => {
  const whole = await openai.chat.completions.create({ model: 'sim', messages: sum });
  expect(whole.choices[0]?.message.content).toContain('391');
  const stream = await openai.chat.completions.create({
    model: 'sim',
    messages: sum,
    stream: true,
    stream_options: { include_usage: true },
  });
  let text = '';
  let tokens = 0;
  for await (const part of stream) {
    text += part.choices[0]?.delta.content ?? '';
    tokens += part.usage?.completion_tokens ?? 0;
  }
  expect(text).toContain('391');
  expect(tokens).toBeGreaterThan(0);
});

test('openai: tools, streamed and not, and the answer after their results', async () => {
  const tools = [
    {
      type: 'function' as const,
      function: { name: weather.name, description: weather.description, parameters: weather.schema },
    },
  ];
  const messages = [{ role: 'user' as const, content: 'What is the weather in Paris?' }];
  const first = await openai.chat.completions.create({
    model: 'sim',
    messages,
    tools,
    tool_choice: 'required',
  });
  const call = first.choices[0]?.message.tool_calls?.[0];
  expect(call?.type === 'function' && JSON.parse(call.function.arguments)).toHaveProperty('city');
  expect(first.choices[0]?.finish_reason).toBe('tool_calls');
  const final = openai.chat.completions.stream({ model: 'sim', messages, tools, tool_choice: 'required' });
  expect((await final.finalChatCompletion()).choices[0]?.message.tool_calls).toHaveLength(1);
  if (!call) throw new Error('no tool call');
  const answered = await openai.chat.completions.create({
    model: 'sim',
    tools,
    messages: [
      ...messages,
      first.choices[0]?.message as OpenAI.ChatCompletionMessage,
      { role: 'tool', tool_call_id: call.id, content: '{"temperature":21}' },
    ],
  });
  expect(answered.choices[0]?.message.content?.length).toBeGreaterThan(0);
});

test('openai: structured output, several choices, responses, embeddings, models', async () => {
  const schema = {
    type: 'object',
    properties: { product: { type: 'integer' }, unit: { enum: ['none', 'many'] } },
    required: ['product', 'unit'],
    additionalProperties: false,
  };
  const structured = await openai.chat.completions.create({
    model: 'sim',
    messages: sum,
    n: 2,
    response_format: { type: 'json_schema', json_schema: { name: 'p', schema, strict: true } },
  });
  expect(structured.choices).toHaveLength(2);
  expect(Number.isInteger(JSON.parse(structured.choices[0]?.message.content ?? '{}').product)).toBe(true);

  const response = await openai.responses.create({ model: 'sim', input: 'What is 17*23?' });
  expect(response.output_text).toContain('391');
  const events: string[] = [];
  for await (const event of await openai.responses.create({
    model: 'sim',
    input: 'What is 17*23?',
    stream: true,
  }))
    events.push(event.type);
  expect(events[0]).toBe('response.created');
  expect(events.at(-1)).toBe('response.completed');

  const vectors = await openai.embeddings.create({ model: 'sim-embedding', input: ['a', 'b'] });
  expect(vectors.data.map((v) => v.embedding.length > 0)).toEqual([true, true]);
  expect((await openai.models.list()).data.length).toBeGreaterThan(0);
});

test('anthropic: messages, streaming and not, tools, counting, models', async () => {
  const whole = await anthropic.messages.create({ model: 'sim', max_tokens: 100, messages: sum });
  expect(whole.content[0]).toMatchObject({ type: 'text', text: expect.stringContaining('391') });
  expect(
    await anthropic.messages.stream({ model: 'sim', max_tokens: 100, messages: sum }).finalText(),
  ).toContain('391');
  const tool = await anthropic.messages
    .stream({
      model: 'sim',
      max_tokens: 200,
      messages: [{ role: 'user', content: 'Weather in Rome?' }],
      tools: [{ name: weather.name, description: weather.description, input_schema: weather.schema }],
      tool_choice: { type: 'any' },
    })
    .finalMessage();
  expect(tool.stop_reason).toBe('tool_use');
  expect(tool.content.find((b) => b.type === 'tool_use')?.input).toHaveProperty('city');
  expect(
    (await anthropic.messages.countTokens({ model: 'sim', messages: sum })).input_tokens,
  ).toBeGreaterThan(0);
  expect((await anthropic.models.list()).data.length).toBeGreaterThan(0);
});

test("errors arrive as the clients' own classes", async () => {
  const ask = (more: object) =>
    openai.chat.completions.create({
      model: 'sim',
      messages: sum,
      ...more,
    } as OpenAI.ChatCompletionCreateParamsNonStreaming);
  expect(await ask({ messages: 'hello' }).catch((e: unknown) => e)).toBeInstanceOf(OpenAI.BadRequestError);
  expect(
    await openai.chat.completions
      .create({ model: 'sim', messages: sum }, { headers: { 'x-midwatch-route': 'nowhere' } })
      .catch((e: unknown) => e),
  ).toBeInstanceOf(OpenAI.NotFoundError);
  expect(await ask({ model: 'sim-fault-status-429' }).catch((e: unknown) => e)).toBeInstanceOf(
    OpenAI.RateLimitError,
  );
  expect(await ask({ model: 'sim-fault-status-500' }).catch((e: unknown) => e)).toBeInstanceOf(
    OpenAI.InternalServerError,
  );
  const claude = (model: string, more: object = {}) =>
    anthropic.messages.create({ model, max_tokens: 10, messages: sum, ...more });
  expect(await claude('sim', { max_tokens: 'many' }).catch((e: unknown) => e)).toBeInstanceOf(
    Anthropic.BadRequestError,
  );
  expect(await claude('sim-fault-status-429').catch((e: unknown) => e)).toBeInstanceOf(
    Anthropic.RateLimitError,
  );
});

test('too large a body is 413 in the dialect of the caller, and the next call works', async () => {
  const content = 'x'.repeat(33 * 1024 ** 2);
  const error = await openai.chat.completions
    .create({ model: 'sim', messages: [{ role: 'user', content }] })
    .catch((e: unknown) => e);
  expect(error).toBeInstanceOf(OpenAI.APIError);
  expect((error as { status?: number }).status).toBe(413);
  expect(
    (await openai.chat.completions.create({ model: 'sim', messages: sum })).choices[0]?.message.content,
  ).toContain('391');
});

test('abort in mid-stream ends the stream and is recorded as cancelled', async () => {
  const stream = await openai.chat.completions.create(
    {
      model: 'sim-slow',
      messages: [{ role: 'user', content: 'Tell me about ships at length.' }],
      stream: true,
    },
    { headers: { 'x-midwatch-task': 'abort' } },
  );
  for await (const part of stream) if (part.choices[0]?.delta.content) stream.controller.abort();
  const row = await until(
    async () => (await house.api.exchanges.list({ task: 'abort' })).rows[0],
    'the cancelled exchange',
  );
  expect(row).toMatchObject({ outcome: 'cancelled', stream: true, status: 200 });
});

test('the ai package with both providers', async () => {
  const viaOpenAi = createOpenAI({ baseURL: `${house.url}/v1`, apiKey: 'none' });
  const viaAnthropic = createAnthropic({ baseURL: `${house.url}/v1`, apiKey: 'none' });
  for (const model of [viaOpenAi.chat('sim'), viaOpenAi.responses('sim'), viaAnthropic('sim')]) {
    expect((await generateText({ model, prompt: 'What is 17*23?' })).text).toContain('391');
    expect(await streamText({ model, prompt: 'What is 17*23?' }).text).toContain('391');
  }
  expect(
    (await embed({ model: viaOpenAi.embedding('sim-embedding'), value: 'ship' })).embedding.length,
  ).toBeGreaterThan(0);
});

test('everything above is in the record, with what was asked and answered', async () => {
  const page = await until(async () => {
    const found = await house.api.exchanges.list({ limit: 500 });
    return found.rows.length >= 25 && found;
  }, 'the record');
  expect(new Set(page.rows.map((r) => r.protocol))).toEqual(
    new Set([
      'openai-chat',
      'openai-responses',
      'openai-embeddings',
      'anthropic-messages',
      'anthropic-count-tokens',
    ]),
  );
  const row = page.rows.find((r) => r.protocol === 'anthropic-messages' && r.outcome === 'complete');
  const detail = await house.api.exchanges.get(row?.id ?? '');
  expect(detail.ask[0]).toMatchObject({ role: 'user', parts: [{ kind: 'text', text: 'What is 17*23?' }] });
  expect(JSON.stringify(detail.answer)).toContain('391');
  expect(detail.exchange.release).toMatch(/^[0-9a-f]{32}$/);
});

test('what Prometheus reads of all this adds up to the records', async () => {
  const { token } = await house.api.tokens.create({ name: 'prometheus', role: 'viewer' });
  const scrape = async (path = '/metrics', authorization = `Bearer ${token}`) =>
    fetch(`${house.url}${path}`, { headers: { authorization } });
  const answer = await scrape();
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const said = readExposition(await answer.text());
  const { rows } = await until(async () => {
    const found = await house.api.exchanges.list({ limit: 500 });
    return found.rows.length === said.sum('midwatch_exchanges_total', { source: 'gateway' }) && found;
  }, 'all that was counted to be recorded');
  const details = await Promise.all(rows.map(async ({ id }) => (await house.api.exchanges.get(id)).exchange));
  for (const outcome of OUTCOMES)
    expect([outcome, said.sum('gen_ai_server_request_duration_seconds_count', { outcome })]).toEqual([
      outcome,
      details.filter((one) => one.outcome === outcome).length,
    ]);
  const attempts = details.flatMap((one) => one.attempts);
  expect(attempts.length).toBeGreaterThan(25);
  expect(said.sum('midwatch_attempts_total')).toBe(attempts.length);
  for (const model of new Set(attempts.map((one) => one.model)))
    expect(said.sum('gen_ai_client_operation_duration_seconds_count', { gen_ai_request_model: model })).toBe(
      attempts.filter((one) => one.model === model).length,
    );
  const tokens = (kinds: readonly (keyof Usage)[]) =>
    attempts.reduce((sum, { usage }) => sum + kinds.reduce((n, kind) => n + Number(usage[kind]), 0), 0);
  const used = (kind: string) => said.sum('gen_ai_client_token_usage_sum', { gen_ai_token_type: kind });
  expect(used('input')).toBe(
    tokens(['input', 'cacheRead', 'cacheWrite', 'cacheWriteLong', 'audioIn', 'imageIn']),
  );
  expect(used('output')).toBe(tokens(['output', 'reasoning', 'audioOut', 'imageOut']));
  expect(said.sum('midwatch_overhead_seconds_sum') * 1_000).toBeCloseTo(
    details.reduce((sum, { timing }) => sum + timing.overhead, 0),
    3,
  );
  const streams = details.filter(({ ask, timing }) => ask.stream && timing.firstToken !== undefined);
  expect(said.sum('gen_ai_server_time_to_first_token_seconds_count')).toBe(streams.length);
  expect(said.sum('midwatch_store_up')).toBe(1);
  expect(said.sum('midwatch_target_status', { model: 'sim-steady', status: 'down' })).toBe(0);
  // Nobody else may look, neither with nothing nor with a key of the data plane; and it is the same at the API's own address.
  expect((await fetch(`${house.url}/metrics`)).status).toBe(401);
  expect((await scrape('/metrics', 'Bearer mw_x')).status).toBe(401);
  expect((await scrape('/api/v1/metrics')).status).toBe(200);
  expect((await fetch(`${house.url}/metrics`, { method: 'POST' })).status).toBe(405);
});

test('a program that asks for a path which is not there is not given a page', async () => {
  const page = (path: string, accept: string) => fetch(`${house.url}${path}`, { headers: { accept } });
  const browser = 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8';
  await until(async () => (await page('/', '*/*')).status === 200, 'the console to be prepared');
  for (const path of ['/whatever', '/metrics/x', '/exchanges']) {
    const told = await page(path, '*/*');
    expect([path, told.status, await told.text()]).toEqual([path, 404, expect.stringContaining('/metrics')]);
    expect((await page(path, browser)).headers.get('content-type')).toBe('text/html; charset=utf-8');
  }
});

test('an ask nested deeper than any recursion is answered, and what was asked is in the record as text', async () => {
  const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
  const say = (tail: string) =>
    `{"model":"sim","messages":[{"role":"user","content":"What is 17*23?"}]${tail}}`;
  for (const [path, ask] of [
    ['/v1/chat/completions', say(`,"metadata":${deep}`)],
    ['/v1/messages', say(`,"max_tokens":99,"metadata":${deep}`)],
  ] as const) {
    const answer = await fetch(`${house.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: ask,
    });
    expect(await answer.text()).toContain('391');
    const id = answer.headers.get('x-midwatch-exchange') as string;
    const detail = await until(() => house.api.exchanges.get(id), 'the record of it');
    expect(detail.ask).toEqual([{ role: 'user', parts: [{ kind: 'text', text: ask }] }]);
    expect(detail.answer[0]).toMatchObject({
      role: 'assistant',
      parts: [{ kind: 'text', text: expect.stringContaining('391') }],
    });
    expect(detail.envelope).toContain('midwatch_kept_as_text');
    expect(detail.exchange.attempts).toHaveLength(1);
    expect(JSON.stringify(await house.api.exchanges.ask(id))).toContain('midwatch_kept_as_text');
  }
});
