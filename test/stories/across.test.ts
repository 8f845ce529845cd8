import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'bun:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { type TestGateway, testGateway } from '../support/gateway.ts';
import { type SimulatorAt, simulatorAt } from '../support/simulator.ts';

/** Any client can be served by any provider: the real clients, over real sockets, in front of a provider of the other dialect. */
let sim: SimulatorAt;
let house: TestGateway;
let openai: OpenAI;
let claude: Anthropic;

beforeAll(() => {
  sim = simulatorAt();
});
afterAll(() => sim.stop());
beforeEach(() => {
  house = testGateway({
    providers: {
      oa: { protocol: 'openai', baseUrl: `${sim.url}/v1`, apiKey: 'x' },
      an: { protocol: 'anthropic', baseUrl: sim.url, apiKey: 'x' },
    },
    routes: {
      there: {
        match: { protocol: 'openai' },
        tiers: [{ name: 'primary', targets: [{ provider: 'an', model: 'claude-opus-4-7' }] }],
      },
      back: {
        match: { protocol: 'anthropic' },
        tiers: [{ name: 'primary', targets: [{ provider: 'oa', model: 'gpt-5.5' }] }],
      },
    },
  });
  openai = new OpenAI({ baseURL: `${house.url}/v1`, apiKey: 'x', maxRetries: 0 });
  claude = new Anthropic({ baseURL: house.url, apiKey: 'x', maxRetries: 0 });
});
afterEach(() => house.stop());

const PROMPT = 'Repeat after me: the parcel is at the depot.';
const WEATHER = {
  type: 'object' as const,
  properties: { city: { type: 'string' } },
  required: ['city'],
};

test("OpenAI's client, Anthropic's model: whole and streamed, in both of its protocols", async () => {
  const whole = await openai.chat.completions.create({
    model: 'gpt-5.5',
    messages: [{ role: 'user', content: PROMPT }],
  });
  expect(whole.choices[0]?.finish_reason).toBe('stop');
  expect(whole.choices[0]?.message.content).toContain('depot');
  expect(whole.usage?.total_tokens).toBeGreaterThan(0);

  const stream = openai.chat.completions.stream({
    model: 'gpt-5.5',
    messages: [{ role: 'user', content: PROMPT }],
    stream_options: { include_usage: true },
  });
  const final = await stream.finalChatCompletion();
  expect(final.choices[0]?.message.content).toContain('depot');
  expect(final.usage?.completion_tokens).toBeGreaterThan(0);

  const response = await openai.responses.create({ model: 'gpt-5.5', input: PROMPT });
  expect(response.output_text).toContain('depot');
  let text = '';
  const events = await openai.responses.create({ model: 'gpt-5.5', input: PROMPT, stream: true });
  for await (const event of events) if (event.type === 'response.output_text.delta') text += event.delta;
  expect(text).toContain('depot');

  const facts = house.finished.map((f) => f.facts);
  expect(facts.map((f) => [f.outcome, f.attempts[0]?.translated?.to])).toEqual(
    Array(4).fill(['complete', 'anthropic-messages']),
  );
});

test("Anthropic's client, OpenAI's model: whole and streamed", async () => {
  const ask = {
    model: 'claude-opus-4-7',
    max_tokens: 200,
    messages: [{ role: 'user' as const, content: PROMPT }],
  };
  const whole = await claude.messages.create(ask);
  expect(whole.stop_reason).toBe('end_turn');
  expect(JSON.stringify(whole.content)).toContain('depot');
  const final = await claude.messages.stream(ask).finalMessage();
  expect(JSON.stringify(final.content)).toContain('depot');
  expect(final.usage.output_tokens).toBeGreaterThan(0);
});

test('a tool call crosses over and its result crosses back', async () => {
  const tools = [
    {
      type: 'function' as const,
      function: { name: 'weather', description: 'Weather of a city', parameters: WEATHER },
    },
  ];
  const ask = { role: 'user' as const, content: 'What is the weather in Leipzig? Use the tool.' };
  const called = await openai.chat.completions
    .stream({ model: 'gpt-5.5', messages: [ask], tools, tool_choice: 'required' })
    .finalChatCompletion();
  const call = called.choices[0]?.message.tool_calls?.[0];
  expect(called.choices[0]?.finish_reason).toBe('tool_calls');
  expect(call?.type === 'function' && call.function.name).toBe('weather');
  const message = called.choices[0]?.message;
  const answered = await openai.chat.completions.create({
    model: 'gpt-5.5',
    tools,
    messages: [
      ask,
      { role: 'assistant', content: message?.content ?? null, tool_calls: message?.tool_calls ?? [] },
      { role: 'tool', tool_call_id: call?.id ?? '', content: '{"celsius": 7}' },
    ],
  });
  expect(answered.choices[0]?.message.content).toBeTruthy();
  expect(house.finished.map((f) => f.facts.outcome)).toEqual(['tool', 'complete']);
});

const failing = async (more: object, headers: Record<string, string> = {}): Promise<unknown> => {
  const ask = { model: 'gpt-5.5', messages: [{ role: 'user' as const, content: PROMPT }], ...more };
  try {
    return await openai.chat.completions.create(ask, { headers });
  } catch (error) {
    return error;
  }
};

test("an error of the other dialect arrives as the caller's own error class", async () => {
  const of = (code: number) => failing({}, { 'x-sim-fault': `status;code=${code}` });
  expect(await of(400)).toBeInstanceOf(OpenAI.BadRequestError);
  expect(await of(500)).toBeInstanceOf(OpenAI.InternalServerError);
  expect(await of(429)).toBeInstanceOf(OpenAI.RateLimitError);
});

test('what cannot be said in the other dialect is refused before anybody is asked', async () => {
  expect(await failing({ n: 3 })).toBeInstanceOf(OpenAI.BadRequestError);
  expect(house.finished.at(-1)?.facts.attempts).toEqual([]);
});
