import { afterAll, describe, expect, test } from 'bun:test';
import Anthropic from '@anthropic-ai/sdk';
import { zodOutputFormat } from '@anthropic-ai/sdk/helpers/zod';
import OpenAI from 'openai';
import { z } from 'zod';
import type { Translator } from '#contracts';
import { decode } from '../shared/json.ts';
import { findTranslator } from './index.ts';
import type { DialectName } from './neutral.ts';
import { answerOf, bytes, contextOf, json, OPTIONS, streamOf } from './shared.case.test.ts';

/**
 * The clients people really use, at a server that stands where the gateway will: it translates the ask, checks nothing of
 * it but that it can be said, and answers with a recorded answer of the target, in small chunks.
 */

const CHUNK = 61;
const asked: { body?: unknown } = {};

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 7850,
  async fetch(request) {
    const [, to, name, ...path] = new URL(request.url).pathname.split('/');
    const from = fromPath(path.join('/'));
    const translator = findTranslator(from, to ?? '');
    if (!translator || !name) return new Response('no such pair', { status: 404 });
    const ask = new Uint8Array(await request.arrayBuffer());
    const said = translator.ask(ask, OPTIONS);
    if (!said.ok) return new Response(said.error.hint, { status: 400 });
    asked.body = json(said.value.body);
    return json(ask).stream === true
      ? new Response(streamed(translator, ask, name), { headers: { 'content-type': 'text/event-stream' } })
      : whole(translator, ask, name);
  },
});
afterAll(() => server.stop(true));

function fromPath(path: string): DialectName {
  if (path.endsWith('chat/completions')) return 'openai-chat';
  return path.endsWith('responses') ? 'openai-responses' : 'anthropic-messages';
}

function whole(translator: Translator, ask: Uint8Array, name: string): Response {
  const answer = translator.answer(answerOf(translator.to as DialectName, name), contextOf(ask));
  if (!answer.ok) return new Response(answer.error.hint, { status: 502 });
  return new Response(decode(answer.value), { headers: { 'content-type': 'application/json' } });
}

function streamed(translator: Translator, ask: Uint8Array, name: string): ReadableStream<Uint8Array> {
  const body = streamOf(translator.to as DialectName, name);
  const stream = translator.stream(contextOf(ask));
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      for (;;) {
        if (at >= body.length) {
          const rest = stream.end();
          if (rest) controller.enqueue(rest);
          controller.close();
          return;
        }
        const out = stream.push(body.slice(at, at + CHUNK));
        at += CHUNK;
        if (out) {
          controller.enqueue(out);
          return;
        }
      }
    },
  });
}

const base = (to: DialectName, name: string) => `http://127.0.0.1:${server.port}/${to}/${name}`;
const openai = (to: DialectName, name: string) =>
  new OpenAI({ apiKey: 'none', maxRetries: 0, baseURL: `${base(to, name)}/v1` });
const anthropic = (to: DialectName, name: string) =>
  new Anthropic({ apiKey: 'none', maxRetries: 0, baseURL: base(to, name) });

const WEATHER = {
  type: 'object' as const,
  properties: { city: { type: 'string' }, unit: { type: 'string' } },
  required: ['city', 'unit'],
  additionalProperties: false,
};
const INVOICE = {
  type: 'object' as const,
  properties: {
    total: { type: 'number' },
    lines: {
      type: 'array',
      items: {
        type: 'object',
        properties: { name: { type: 'string' } },
        required: ['name'],
        additionalProperties: false,
      },
    },
  },
  required: ['total', 'lines'],
  additionalProperties: false,
};
const TEXT = 'Grüße aus 東京 👩‍🚀: "quoted" \\ and\na new line.';
const CALLS = [
  { name: 'weather', args: { city: 'Bern', unit: 'c' } },
  { name: 'clock', args: {} },
];
const BILL = { total: 12.5, lines: [{ name: 'tea' }, { name: 'milk' }] };

const user = [{ role: 'user' as const, content: 'Hi' }];

describe('openai, chat completions', () => {
  const tools = ['weather', 'clock'].map((name) => ({
    type: 'function' as const,
    function: { name, parameters: name === 'weather' ? WEATHER : { type: 'object', properties: {} } },
  }));
  const ask = { model: 'm', messages: user };
  const shape = {
    type: 'json_schema' as const,
    json_schema: { name: 'bill', schema: INVOICE, strict: true },
  };
  for (const to of ['openai-responses', 'anthropic-messages'] as const) {
    test(`text at ${to}`, async () => {
      const client = openai(to, 'plain').chat.completions;
      expect((await client.create(ask)).choices[0]?.message.content).toBe(TEXT);
      const deltas: string[] = [];
      const runner = client.stream({ ...ask, stream_options: { include_usage: true } });
      runner.on('content', (delta) => deltas.push(delta));
      const final = await runner.finalChatCompletion();
      expect(final.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: TEXT } });
      expect(deltas.length).toBeGreaterThan(3);
      expect(await runner.totalUsage()).toMatchObject({ prompt_tokens: 38, completion_tokens: 21 });
    });
    test(`calls of tools at ${to}`, async () => {
      const client = openai(to, 'tools').chat.completions;
      const final = await client.stream({ ...ask, tools }).finalChatCompletion();
      const answer = await client.create({ ...ask, tools });
      for (const choice of [final.choices[0], answer.choices[0]]) {
        expect(choice?.finish_reason).toBe('tool_calls');
        const calls = (choice?.message.tool_calls ?? []).map((call) =>
          call.type === 'function'
            ? { name: call.function.name, args: JSON.parse(call.function.arguments) as unknown }
            : undefined,
        );
        expect(calls).toEqual(CALLS);
      }
    });
    test(`structured output at ${to}`, async () => {
      const client = openai(to, 'structured').chat.completions;
      const parsed = await client.parse({ ...ask, response_format: shape });
      expect(parsed.choices[0]?.message.parsed).toEqual(BILL);
      const final = await client.stream({ ...ask, response_format: shape }).finalChatCompletion();
      expect(JSON.parse(final.choices[0]?.message.content ?? '')).toEqual(BILL);
      expect(JSON.stringify(asked.body)).toContain('"additionalProperties":false');
    });
    test(`refusal and truncation at ${to}`, async () => {
      const refused = await openai(to, 'refusal').chat.completions.stream(ask).finalChatCompletion();
      expect(refused.choices[0]?.message.refusal?.length).toBeGreaterThan(5);
      const short = await openai(to, 'truncation').chat.completions.stream(ask).finalChatCompletion();
      expect(short.choices[0]?.finish_reason).toBe('length');
    });
  }
});

describe('openai, responses', () => {
  const tools = ['weather', 'clock'].map((name) => ({
    type: 'function' as const,
    name,
    parameters: name === 'weather' ? WEATHER : { type: 'object', properties: {} },
    strict: false,
  }));
  const ask = { model: 'm', input: 'Hi' };
  const text = { format: { type: 'json_schema' as const, name: 'bill', schema: INVOICE, strict: true } };
  for (const to of ['openai-chat', 'anthropic-messages'] as const) {
    test(`text at ${to}`, async () => {
      const client = openai(to, 'plain').responses;
      expect((await client.create(ask)).output_text).toBe(TEXT);
      const types: string[] = [];
      const runner = client.stream(ask);
      runner.on('event', ({ type }) => types.push(type));
      const final = await runner.finalResponse();
      expect(final).toMatchObject({ status: 'completed', output_text: TEXT });
      expect(final.usage).toMatchObject({ input_tokens: 38, output_tokens: 21 });
      expect(types.slice(0, 4)).toEqual([
        'response.created',
        'response.in_progress',
        'response.output_item.added',
        'response.content_part.added',
      ]);
      expect(types.slice(-4)).toEqual([
        'response.output_text.done',
        'response.content_part.done',
        'response.output_item.done',
        'response.completed',
      ]);
    });
    test(`calls of tools at ${to}`, async () => {
      const client = openai(to, 'tools').responses;
      const final = await client.stream({ ...ask, tools }).finalResponse();
      const answer = await client.create({ ...ask, tools });
      for (const { output } of [final, answer])
        expect(
          output.flatMap((item) =>
            item.type === 'function_call'
              ? [{ name: item.name, args: JSON.parse(item.arguments) as unknown }]
              : [],
          ),
        ).toEqual(CALLS);
    });
    test(`structured output at ${to}`, async () => {
      const client = openai(to, 'structured').responses;
      expect((await client.parse({ ...ask, text })).output_parsed).toEqual(BILL);
      expect((await client.stream({ ...ask, text }).finalResponse()).output_parsed).toEqual(BILL);
    });
    test(`thoughts, refusal and truncation at ${to}`, async () => {
      const thought = await openai(to, 'thinking').responses.stream(ask).finalResponse();
      expect(thought.output[0]).toMatchObject({
        type: 'reasoning',
        summary: [{ type: 'summary_text', text: '391 + 23 = 414.' }],
      });
      expect(thought.output_text).toBe('414');
      const refused = await openai(to, 'refusal').responses.stream(ask).finalResponse();
      expect(JSON.stringify(refused.output)).toContain('"type":"refusal"');
      const short = await openai(to, 'truncation').responses.stream(ask).finalResponse();
      expect(short).toMatchObject({
        status: 'incomplete',
        incomplete_details: { reason: 'max_output_tokens' },
      });
    });
  }
});

describe('@anthropic-ai/sdk, messages', () => {
  const tools = ['weather', 'clock'].map((name) => ({
    name,
    input_schema: name === 'weather' ? WEATHER : { type: 'object' as const, properties: {} },
  }));
  const ask = { model: 'm', max_tokens: 4_000, messages: user };
  const bill = z.object({ total: z.number(), lines: z.array(z.object({ name: z.string() })) });
  const output_config = { format: zodOutputFormat(bill) };
  for (const to of ['openai-chat', 'openai-responses'] as const) {
    test(`text at ${to}`, async () => {
      const client = anthropic(to, 'plain').messages;
      expect((await client.create(ask)).content).toMatchObject([{ type: 'text', text: TEXT }]);
      const pieces: string[] = [];
      const runner = client.stream(ask);
      runner.on('text', (piece) => pieces.push(piece));
      const final = await runner.finalMessage();
      expect(final).toMatchObject({ stop_reason: 'end_turn', content: [{ type: 'text', text: TEXT }] });
      expect(final.usage).toMatchObject({ input_tokens: 38, output_tokens: 21 });
      expect(pieces.join('')).toBe(TEXT);
      expect(pieces.length).toBeGreaterThan(3);
    });
    test(`calls of tools at ${to}`, async () => {
      const client = anthropic(to, 'tools').messages;
      const final = await client.stream({ ...ask, tools }).finalMessage();
      const answer = await client.create({ ...ask, tools });
      for (const { stop_reason, content } of [final, answer]) {
        expect(stop_reason).toBe('tool_use');
        expect(
          content.flatMap((block) =>
            block.type === 'tool_use' ? [{ name: block.name, args: block.input }] : [],
          ),
        ).toEqual(CALLS);
      }
    });
    test(`structured output at ${to}`, async () => {
      const client = anthropic(to, 'structured').messages;
      expect((await client.parse({ ...ask, output_config })).parsed_output).toEqual(BILL);
      expect((await client.stream({ ...ask, output_config }).finalMessage()).parsed_output).toEqual(BILL);
    });
    test(`thoughts, refusal, truncation and cache at ${to}`, async () => {
      const thinking = { type: 'adaptive' as const };
      const thought = await anthropic(to, 'thinking')
        .messages.stream({ ...ask, thinking })
        .finalMessage();
      expect(thought.content.map(({ type }) => type)).toEqual(['thinking', 'text']);
      const plain = await anthropic(to, 'thinking').messages.stream(ask).finalMessage();
      expect(plain.content.map(({ type }) => type)).toEqual(['text']);
      const refused = await anthropic(to, 'refusal').messages.stream(ask).finalMessage();
      expect(refused).toMatchObject({ stop_reason: 'refusal', stop_details: { type: 'refusal' } });
      const short = await anthropic(to, 'truncation').messages.stream(ask).finalMessage();
      expect(short.stop_reason).toBe('max_tokens');
      const cached = await anthropic(to, 'cache').messages.stream(ask).finalMessage();
      expect(cached.usage).toMatchObject({
        input_tokens: 52,
        cache_read_input_tokens: 2048,
        cache_creation_input_tokens: 300,
      });
    });
  }
});

test('a client can go on after an answer of another dialect: what it sends back is taken', async () => {
  const client = openai('anthropic-messages', 'tools').chat.completions;
  const tools = [{ type: 'function' as const, function: { name: 'weather', parameters: WEATHER } }];
  const first = await client.stream({ model: 'm', messages: user, tools }).finalChatCompletion();
  const message = first.choices[0]?.message;
  if (!message) throw new Error('no answer');
  const results = (message.tool_calls ?? []).map(({ id }) => ({
    role: 'tool' as const,
    tool_call_id: id,
    content: '21',
  }));
  await client.create({ model: 'm', messages: [...user, message, ...results], tools });
  expect(json(bytes(asked.body)).messages).toMatchObject([
    { role: 'user' },
    { role: 'assistant', content: [{ type: 'text' }, { id: 'toolu_01C' }, { id: 'toolu_01D' }] },
    { role: 'user', content: [{ tool_use_id: 'toolu_01C' }, { tool_use_id: 'toolu_01D' }] },
  ]);
});
