import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import Anthropic from '@anthropic-ai/sdk';
import { generateText, Output, stepCountIs, streamText, tool } from 'ai';
import OpenAI from 'openai';
import { z } from 'zod';
import { systemClock } from '#kernel';
import { createSimulator, type Listening } from './index.ts';

/** The official clients are the judges: what they read without complaint is the wire format. */
let server: Listening;
let openai: OpenAI;
let anthropic: Anthropic;
beforeAll(() => {
  server = createSimulator({ clock: systemClock(), seed: 5 }).listen({ port: 0 });
  openai = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'sk-test', maxRetries: 0 });
  anthropic = new Anthropic({ baseURL: server.url, apiKey: 'sk-test', maxRetries: 0 });
});
afterAll(() => server.stop());

/** The clients' promises are lazy thenables, which `rejects` does not wait for. */
const errorOf = (promise: PromiseLike<unknown>): PromiseLike<unknown> =>
  promise.then(
    () => new Error('it succeeded'),
    (error: unknown) => error,
  );

const user = (content: string) => ({ role: 'user' as const, content });
const MODEL = 'sim-instant';
/** A PNG of 3 by 2 pixels, as far as its header goes. */
const PNG = Buffer.concat([
  Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'),
  Buffer.from([0, 0, 0, 3, 0, 0, 0, 2, 8, 2, 0, 0, 0]),
]).toString('base64');

const cityTool = {
  type: 'object' as const,
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};
const person = {
  type: 'object',
  properties: { name: { type: 'string' }, age: { type: 'integer' } },
  required: ['name', 'age'],
  additionalProperties: false,
};
const ABOUT_ADA = 'My name is Ada Lovelace and I am 36 years old.';

describe('OpenAI chat', () => {
  test('usage in a stream comes last and only when asked for, and equals the unary one', async () => {
    const ask = { model: MODEL, messages: [user('Tell me about rivers')] };
    const unary = await openai.chat.completions.create(ask);
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    for await (const chunk of await openai.chat.completions.create({
      ...ask,
      stream: true,
      stream_options: { include_usage: true },
    }))
      chunks.push(chunk);
    expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
    expect(chunks.at(-1)?.usage).toEqual(unary.usage!);
    for await (const chunk of await openai.chat.completions.create({ ...ask, stream: true }))
      expect(chunk.usage).toBeUndefined();
  });

  test('parallel tool calls, streamed and not, then a final answer from the results', async () => {
    const tools = [
      {
        type: 'function' as const,
        function: { name: 'get_weather', description: 'Weather of a city', parameters: cityTool },
      },
    ];
    const messages: OpenAI.ChatCompletionMessageParam[] = [user('What is the weather in Paris and Rome?')];
    const unary = await openai.chat.completions.create({ model: MODEL, messages, tools });
    expect(unary.choices[0]?.finish_reason).toBe('tool_calls');
    const calls = unary.choices[0]?.message.tool_calls ?? [];
    expect(calls.map((call) => call.type === 'function' && JSON.parse(call.function.arguments))).toEqual([
      { city: 'Paris' },
      { city: 'Rome' },
    ]);
    const streamed = await openai.chat.completions
      .stream({ model: MODEL, messages, tools })
      .finalChatCompletion();
    expect(streamed.choices[0]?.message.tool_calls).toHaveLength(2);
    const final = await openai.chat.completions.create({
      model: MODEL,
      tools,
      messages: [
        ...messages,
        unary.choices[0]!.message,
        ...calls.map((call, i) => ({
          role: 'tool' as const,
          tool_call_id: call.id,
          content: `${20 + i} degrees`,
        })),
      ],
    });
    expect(final.choices[0]?.message.content).toBe(
      'get_weather says: 20 degrees. get_weather says: 21 degrees.',
    );
  });

  test('structured output, n > 1, logprobs and stop', async () => {
    const parsed = await openai.chat.completions.parse({
      model: MODEL,
      messages: [user(ABOUT_ADA)],
      response_format: { type: 'json_schema', json_schema: { name: 'person', strict: true, schema: person } },
    });
    expect<unknown>(parsed.choices[0]?.message.parsed).toEqual({ name: 'Ada Lovelace', age: 36 });
    const three = await openai.chat.completions.create({
      model: MODEL,
      messages: [user('Tell me about rivers')],
      n: 3,
    });
    expect(new Set(three.choices.map((choice) => choice.message.content)).size).toBeGreaterThan(1);
    const indexes = new Set<number>();
    for await (const chunk of await openai.chat.completions.create({
      model: MODEL,
      messages: [user('hi')],
      n: 3,
      stream: true,
    }))
      for (const choice of chunk.choices) indexes.add(choice.index);
    expect([...indexes]).toEqual([0, 1, 2]);
    const { choices } = await openai.chat.completions.create({
      model: MODEL,
      messages: [user('echo: one two three')],
      logprobs: true,
      top_logprobs: 2,
      stop: ' three',
    });
    expect(choices[0]?.message.content).toBe('one two');
    expect(choices[0]?.logprobs?.content?.map((entry) => entry.token)).toEqual(['one', ' two']);
    expect(choices[0]?.logprobs?.content?.[0]?.top_logprobs).toHaveLength(2);
  });

  test('a long prompt is cached the second time, in blocks of 128', async () => {
    const messages = [{ role: 'system' as const, content: 'rule '.repeat(2000) }, user('hi')];
    const first = await openai.chat.completions.create({ model: MODEL, messages });
    const second = await openai.chat.completions.create({
      model: MODEL,
      messages: [messages[0]!, user('other')],
    });
    expect(first.usage?.prompt_tokens_details?.cached_tokens).toBe(0);
    const cached = second.usage?.prompt_tokens_details?.cached_tokens ?? 0;
    expect(cached).toBeGreaterThan(2300);
    expect(cached % 128).toBe(0);
  });

  test('images, audio and files are acknowledged with type and size', async () => {
    const { choices, usage } = await openai.chat.completions.create({
      model: MODEL,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Look at these please' },
            { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } },
            {
              type: 'input_audio',
              input_audio: { data: Buffer.alloc(16_000).toString('base64'), format: 'wav' },
            },
            { type: 'file', file: { filename: 'a.pdf', file_data: `data:application/pdf;base64,${PNG}` } },
          ],
        },
      ],
    });
    const content = choices[0]?.message.content ?? '';
    expect(content).toContain('an image (image/png, 3×2 px, 29 bytes)');
    expect(content).toContain('a recording (wav, 16000 bytes)');
    expect(content).toContain('a file (“a.pdf”, application/pdf, 29 bytes)');
    expect(usage?.prompt_tokens_details?.audio_tokens).toBe(10);
  });

  test('a model that reasons pays for it, a refusal has its field, a limit its finish reason', async () => {
    const thought = await openai.chat.completions.create({
      model: 'sim-reason',
      messages: [user('what is 17*23')],
    });
    expect(thought.usage?.completion_tokens_details?.reasoning_tokens).toBeGreaterThan(20);
    expect(thought.choices[0]?.message.content).toBe('17 * 23 = 391');
    const refused = await openai.chat.completions.create({
      model: MODEL,
      messages: [user('how to build a bomb')],
    });
    expect(refused.choices[0]?.message).toMatchObject({
      content: null,
      refusal: expect.stringContaining('sorry'),
    });
    const short = await openai.chat.completions.create({
      model: MODEL,
      messages: [user('rivers')],
      max_completion_tokens: 3,
    });
    expect(short.choices[0]?.finish_reason).toBe('length');
    expect(short.usage?.completion_tokens).toBe(3);
  });
});

describe('OpenAI responses', () => {
  test('text, reasoning summary and usage, streamed and not', async () => {
    const ask = {
      model: 'sim-reason',
      input: 'what is 17*23',
      reasoning: { effort: 'low' as const, summary: 'auto' as const },
    };
    const unary = await openai.responses.create(ask);
    expect(unary.output_text).toBe('17 * 23 = 391');
    expect(unary.output.map((item) => item.type)).toEqual(['reasoning', 'message']);
    const stream = openai.responses.stream(ask);
    const sequence: number[] = [];
    for await (const event of stream) sequence.push(event.sequence_number);
    expect(sequence).toEqual(sequence.map((_, i) => i));
    const streamed = await stream.finalResponse();
    expect(streamed.output_text).toBe(unary.output_text);
    expect(streamed.usage).toEqual(unary.usage!);
  });

  test('tools, structured output, a limit and a conversation that goes on', async () => {
    const tools = [
      {
        type: 'function' as const,
        name: 'get_weather',
        description: 'Weather of a city',
        parameters: cityTool,
        strict: true,
      },
    ];
    const called = await openai.responses.create({
      model: MODEL,
      input: 'What is the weather in Oslo?',
      tools,
    });
    const call = called.output[0];
    expect(call).toMatchObject({ type: 'function_call', name: 'get_weather', arguments: '{"city":"Oslo"}' });
    if (call?.type !== 'function_call') throw new Error('no call');
    const output = { type: 'function_call_output' as const, call_id: call.call_id, output: '{"temp":-3}' };
    const told = await openai.responses.create({
      model: MODEL,
      tools,
      input: [user('What is the weather in Oslo?'), call, output],
    });
    expect(told.output_text).toBe('get_weather says: temp: -3.');
    const continued = await openai.responses.create({
      model: MODEL,
      tools,
      previous_response_id: called.id,
      input: [output],
    });
    expect(continued.output_text).toBe(told.output_text);
    const parsed = await openai.responses.parse({
      model: MODEL,
      input: ABOUT_ADA,
      text: { format: { type: 'json_schema', name: 'person', strict: true, schema: person } },
    });
    expect<unknown>(parsed.output_parsed).toEqual({ name: 'Ada Lovelace', age: 36 });
    const short = await openai.responses.create({
      model: MODEL,
      input: 'Tell me about rivers',
      max_output_tokens: 16,
    });
    expect(short).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
    });
  });
});

describe('Anthropic messages', () => {
  const ask = { model: MODEL, max_tokens: 1000 };

  test('tool use and results, streamed and not', async () => {
    const tools = [{ name: 'get_weather', description: 'Weather of a city', input_schema: cityTool }];
    const messages: Anthropic.MessageParam[] = [user('What is the weather in Paris and Rome?')];
    const unary = await anthropic.messages.create({ ...ask, messages, tools });
    expect(unary.stop_reason).toBe('tool_use');
    const uses = unary.content.filter((block) => block.type === 'tool_use');
    expect(uses.map((use) => use.input)).toEqual([{ city: 'Paris' }, { city: 'Rome' }]);
    const streamed = await anthropic.messages.stream({ ...ask, messages, tools }).finalMessage();
    expect(streamed.content.map((block) => block.type === 'tool_use' && block.input)).toEqual([
      { city: 'Paris' },
      { city: 'Rome' },
    ]);
    const final = await anthropic.messages.create({
      ...ask,
      tools,
      messages: [
        ...messages,
        { role: 'assistant', content: unary.content },
        {
          role: 'user',
          content: uses.map((use) => ({
            type: 'tool_result' as const,
            tool_use_id: use.id,
            content: 'sunny',
          })),
        },
      ],
    });
    expect(final.content[0]).toMatchObject({ text: 'get_weather says: sunny. get_weather says: sunny.' });
  });

  test('thinking blocks, structured output, refusal, limit, stop sequence', async () => {
    const thinking = { type: 'enabled' as const, budget_tokens: 1024 };
    const thought = await anthropic.messages
      .stream({ model: MODEL, max_tokens: 4000, thinking, messages: [user('what is 17*23')] })
      .finalMessage();
    expect(thought.content.map((block) => block.type)).toEqual(['thinking', 'text']);
    expect(thought.content[0]).toMatchObject({ signature: expect.stringMatching(/.+/) });
    const formatted = await anthropic.messages.create({
      ...ask,
      messages: [user(ABOUT_ADA)],
      output_config: { format: { type: 'json_schema', schema: person } },
    });
    expect(formatted.content[0]).toMatchObject({ text: '{"name":"Ada Lovelace","age":36}' });
    const refused = await anthropic.messages.create({ ...ask, messages: [user('how to build a bomb')] });
    expect(refused.stop_reason).toBe('refusal');
    const short = await anthropic.messages.create({ ...ask, max_tokens: 4, messages: [user('rivers')] });
    expect(short).toMatchObject({ stop_reason: 'max_tokens', usage: { output_tokens: 4 } });
    const stopped = await anthropic.messages.create({
      ...ask,
      stop_sequences: ['two'],
      messages: [user('echo: one two')],
    });
    expect(stopped).toMatchObject({ stop_reason: 'stop_sequence', stop_sequence: 'two' });
  });

  test('cache_control writes once and reads then; the parts add up to the same prompt', async () => {
    const system = [
      { type: 'text' as const, text: 'rule '.repeat(3000), cache_control: { type: 'ephemeral' as const } },
    ];
    const first = await anthropic.messages.create({ ...ask, system, messages: [user('hi')] });
    const second = await anthropic.messages.create({ ...ask, system, messages: [user('ho')] });
    expect(first.usage.cache_creation_input_tokens).toBeGreaterThan(3000);
    expect(first.usage.cache_read_input_tokens).toBe(0);
    expect(second.usage.cache_read_input_tokens).toBe(first.usage.cache_creation_input_tokens);
    expect(second.usage.cache_creation_input_tokens).toBe(0);
    expect(second.usage.input_tokens).toBe(first.usage.input_tokens);
    const { input_tokens } = await anthropic.messages.countTokens({
      model: MODEL,
      system,
      messages: [user('hi')],
    });
    expect(input_tokens).toBe(first.usage.input_tokens + (first.usage.cache_creation_input_tokens ?? 0));
  });
});

describe('the rest', () => {
  test('embeddings are unit vectors, equal in both encodings, near for like texts', async () => {
    const input = ['the cat sat on the mat', 'the cat lay on the mat', 'quarterly revenue grew'];
    const floats = await openai.embeddings.create({
      model: 'text-embedding-3-small',
      input,
      encoding_format: 'float',
    });
    const packed = await openai.embeddings.create({ model: 'text-embedding-3-small', input });
    const [a, b, c] = floats.data.map((item) => item.embedding) as [number[], number[], number[]];
    expect(a).toHaveLength(1536);
    expect(packed.data[0]?.embedding).toEqual(a);
    const dot = (x: number[], y: number[]) => x.reduce((sum, value, i) => sum + value * (y[i] as number), 0);
    expect(dot(a, a)).toBeCloseTo(1, 4);
    expect(dot(a, b)).toBeGreaterThan(dot(a, c) + 0.3);
    const small = await openai.embeddings.create({
      model: 'text-embedding-3-large',
      input: 'x',
      dimensions: 64,
    });
    expect(small.data[0]?.embedding).toHaveLength(64);
    const many = Array.from({ length: 1000 }, (_, i) => `text number ${i} with a few more words`);
    expect(
      (await openai.embeddings.create({ model: 'embed', input: many, dimensions: 8 })).data,
    ).toHaveLength(1000);
    const long = openai.embeddings.create({ model: 'embed', input: 'word '.repeat(8000) });
    expect(await errorOf(long)).toMatchObject({ status: 400, message: expect.stringContaining('8192') });
  });

  test('models, listed and single, for both', async () => {
    const ids: string[] = [];
    for await (const model of openai.models.list()) ids.push(model.id);
    expect(ids).toContain('gpt-5.5');
    expect((await openai.models.retrieve('sim')).id).toBe('sim');
    for await (const model of anthropic.models.list()) expect(model.type).toBe('model');
  });

  test('mistakes are typed as the real providers type them', async () => {
    const bad = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'sk-bad', maxRetries: 0 });
    const badAnthropic = new Anthropic({ baseURL: server.url, apiKey: 'sk-bad-1', maxRetries: 0 });
    const ask = { model: MODEL, messages: [user('hi')] };
    expect(await errorOf(bad.chat.completions.create(ask))).toBeInstanceOf(OpenAI.AuthenticationError);
    expect(await errorOf(badAnthropic.messages.create({ ...ask, max_tokens: 5 }))).toBeInstanceOf(
      Anthropic.AuthenticationError,
    );
    expect(await errorOf(openai.chat.completions.create({ ...ask, temperature: 9 }))).toMatchObject({
      status: 400,
      param: 'temperature',
      code: 'decimal_above_max_value',
    });
    expect(await errorOf(openai.chat.completions.create({ ...ask, messages: [] }))).toMatchObject({
      code: 'empty_array',
    });
    expect(
      await errorOf(
        openai.chat.completions.create({
          ...ask,
          messages: [{ role: 'tool', tool_call_id: 'x', content: 'y' }],
        }),
      ),
    ).toMatchObject({ message: expect.stringContaining("messages with role 'tool'") });
    expect(await errorOf(anthropic.messages.create({ ...ask, max_tokens: -1 }))).toBeInstanceOf(
      Anthropic.BadRequestError,
    );
    const overloaded = { headers: { 'x-sim-fault': 'status;code=529' } };
    expect(await errorOf(anthropic.messages.create({ ...ask, max_tokens: 5 }, overloaded))).toMatchObject({
      status: 529,
      type: 'overloaded_error',
    });
    expect(
      await errorOf(openai.chat.completions.create({ ...ask, model: 'sim-fault-status-429' })),
    ).toBeInstanceOf(OpenAI.RateLimitError);
    expect(await errorOf(openai.chat.completions.create({ ...ask, model: 'sim-fault-cutt' }))).toMatchObject({
      message: expect.stringContaining('Did you mean "cut"?'),
    });
    const lost = await fetch(`${server.url}/v1/nowhere`, { method: 'POST' });
    expect(lost.status).toBe(404);
    const broken = await fetch(`${server.url}/v1/chat/completions`, { method: 'POST', body: '{' });
    expect(broken.status).toBe(400);
  });

  test('Azure paths name the model', async () => {
    const response = await fetch(
      `${server.url}/openai/deployments/gpt-5.5/chat/completions?api-version=2024-10-21`,
      {
        method: 'POST',
        headers: { 'api-key': 'k', 'x-sim-law': 'first=0;gap=0' },
        body: JSON.stringify({ messages: [user('echo: hi')] }),
      },
    );
    expect(await response.json()).toMatchObject({
      model: 'gpt-5.5',
      choices: [{ message: { content: 'hi' } }],
    });
  });

  test('both dialects send their request ids and rate-limit headers', async () => {
    const { response } = await openai.chat.completions
      .create({ model: MODEL, messages: [user('hi')] })
      .withResponse();
    for (const name of [
      'x-request-id',
      'openai-processing-ms',
      'x-ratelimit-remaining-tokens',
      'x-ratelimit-reset-requests',
    ])
      expect(response.headers.get(name)).not.toBeNull();
    const told = await anthropic.messages
      .create({ model: MODEL, max_tokens: 5, messages: [user('hi')] })
      .withResponse();
    for (const name of [
      'request-id',
      'anthropic-ratelimit-requests-remaining',
      'anthropic-ratelimit-tokens-reset',
    ])
      expect(told.response.headers.get(name)).not.toBeNull();
  });
});

describe('the AI SDK', () => {
  const models = () => {
    const baseURL = `${server.url}/v1`;
    const viaOpenai = createOpenAI({ baseURL, apiKey: 'x' });
    return [
      viaOpenai.chat(MODEL),
      viaOpenai.responses(MODEL),
      createAnthropic({ baseURL, apiKey: 'x' })('claude-haiku-4-5'),
    ];
  };

  test('text, stream, object and a tool loop, through each of its three providers', async () => {
    const weather = tool({
      description: 'Weather of a city',
      inputSchema: z.object({ city: z.string() }),
      execute: async ({ city }) => `${city} is sunny`,
    });
    for (const model of models()) {
      expect((await generateText({ model, prompt: 'what is 17*23' })).text).toBe('17 * 23 = 391');
      const stream = streamText({ model, prompt: 'echo: one two three' });
      expect(await stream.text).toBe('one two three');
      const output = Output.object({ schema: z.object({ name: z.string(), age: z.number().int() }) });
      const made = await generateText({ model, prompt: ABOUT_ADA, output });
      expect(made.output).toEqual({ name: 'Ada Lovelace', age: 36 });
      const looped = await generateText({
        model,
        prompt: 'What is the weather in Paris and Rome?',
        tools: { weather },
        stopWhen: stepCountIs(3),
      });
      expect(looped.text).toBe('weather says: Paris is sunny. weather says: Rome is sunny.');
    }
  });
});
