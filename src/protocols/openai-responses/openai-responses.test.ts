import { expect, test } from 'bun:test';
import OpenAI from 'openai';
import { conformance, fixture, scan } from '../shared/conformance.case.test.ts';
import { encode, type Json } from '../shared/json.ts';
import { openAIErrorClass } from '../shared/sdk-errors.case.test.ts';
import { openaiResponses as protocol } from './index.ts';

const read = (name: string) => fixture(import.meta.dir, name);
const [text, tools, refusal, incomplete, failed] = await Promise.all(
  ['text.sse', 'tools.sse', 'refusal.sse', 'incomplete.sse', 'failed.sse'].map(read),
);
const [textJson, toolsJson] = await Promise.all(
  ['text.json', 'tools.json'].map(async (name) => new TextDecoder().decode(await read(name))),
);
if (!text || !tools || !refusal || !incomplete || !failed || !textJson || !toolsJson)
  throw new Error('a fixture is missing');

const USAGE = {
  input: 260,
  cacheRead: 512,
  cacheWrite: 128,
  output: 136,
  reasoning: 64,
  basis: 'reported',
} as const;
const OBSERVED = { model: 'gpt-5.5-2026-04-23', serviceTier: 'default' };
const OUTPUT = (JSON.parse(textJson) as { output: Json[] }).output;
const CALLS = (JSON.parse(toolsJson) as { output: Json[] }).output;
const ITEMS = [
  { role: 'developer', content: 'Be brief.' },
  {
    role: 'user',
    content: [
      { type: 'input_text', text: 'Look:' },
      { type: 'input_image', image_url: 'https://example.org/a.png', detail: 'auto' },
      { type: 'input_file', file_id: 'file_1' },
    ],
  },
  ...CALLS,
  { type: 'function_call_output', call_id: 'call_0', output: '21' },
  { type: 'item_reference', id: 'x' },
];
const client = (response: Response) =>
  new OpenAI({ apiKey: 'none', maxRetries: 0, fetch: async () => response });

conformance({
  protocol,
  asks: [
    {
      model: 'gpt-5.5',
      instructions: 'Be brief.',
      input: ITEMS,
      tools: [
        {
          type: 'function',
          name: 'weather',
          parameters: { type: 'object', properties: { model: { type: 'string' } } },
        },
      ],
      text: { verbosity: 'low', format: { type: 'json_schema', name: 'a', schema: { type: 'object' } } },
      reasoning: { effort: 'low' },
      max_output_tokens: 500,
      stream: true,
    },
    { model: 'm', input: 'hi' },
    {
      model: 'm',
      input: [
        { role: 'system', content: 'S' },
        { type: 'message', role: 'user', content: 'hi' },
      ],
      text: { format: { type: 'text' } },
      tools: [],
    },
    { prompt: { id: 'pmpt_1', variables: { city: 'Zürich' } } },
  ],
  badAsks: [
    { ask: { input: 'x' }, param: 'model', says: /missing/ },
    { ask: { model: 'm', input: 5 }, param: 'input', says: /number 5.*string or an array/ },
    { ask: { model: 'm', input: ['x'] }, param: 'input[0]', says: /a string.*an object/ },
    { ask: { model: 'm', input: [{}] }, param: 'input[0].role', says: /missing/ },
    {
      ask: { model: 'm', input: [{ role: 'user', content: [1] }] },
      param: 'input[0].content[0]',
      says: /number 1/,
    },
    { ask: { model: 'm', input: 'x', stream: 1 }, param: 'stream', says: /true or false/ },
    { ask: { model: 'm', input: 'x', text: 'y' }, param: 'text', says: /an object/ },
  ],
  answers: [
    {
      name: 'text',
      body: textJson,
      outcome: 'complete',
      finish: 'completed',
      usage: USAGE,
      observed: OBSERVED,
      textLength: 8,
      toolCalls: 0,
      message: OUTPUT,
    },
    { name: 'tools', body: toolsJson, outcome: 'tool', toolCalls: 2, message: CALLS },
    {
      name: 'queued',
      body: '{"status":"queued","output":[]}',
      outcome: 'cut',
      finish: 'queued',
      failure: 'cut',
    },
    {
      name: 'cancelled',
      body: '{"status":"cancelled","output":[]}',
      outcome: 'cancelled',
      finish: 'cancelled',
    },
    {
      name: 'filtered',
      body: '{"status":"incomplete","incomplete_details":{"reason":"content_filter"},"output":[]}',
      outcome: 'content_filter',
      finish: 'content_filter',
    },
    {
      name: 'failed',
      body: '{"status":"failed","error":{"code":"rate_limit_exceeded","message":"x"},"output":[]}',
      outcome: 'error',
      finish: 'failed',
      failure: 'rate_limited',
    },
    {
      name: 'broken call',
      body: '{"status":"completed","output":[{"type":"function_call","call_id":"c","name":"f","arguments":"{"}]}',
      outcome: 'invalid',
      finish: 'completed',
      toolCalls: 1,
    },
    {
      name: 'hosted shell',
      body: '{"status":"completed","output":[{"type":"shell_call","call_id":"c"},{"type":"shell_call_output","call_id":"c","output":[]}]}',
      outcome: 'complete',
      toolCalls: 0,
    },
    { name: 'unknown', body: '{"status":"sunspots","output":[]}', outcome: 'invalid', finish: 'sunspots' },
  ],
  streams: [
    {
      name: 'text',
      body: text,
      outcome: 'complete',
      finish: 'completed',
      usage: USAGE,
      observed: OBSERVED,
      textLength: 8,
      toolCalls: 0,
      message: OUTPUT,
    },
    { name: 'tools', body: tools, outcome: 'tool', finish: 'completed', toolCalls: 2, message: CALLS },
    { name: 'refusal', body: refusal, outcome: 'refusal', finish: 'completed', textLength: 23 },
    {
      name: 'incomplete',
      body: incomplete,
      outcome: 'length',
      finish: 'max_output_tokens',
      usage: USAGE,
      textLength: 8,
    },
    {
      name: 'failed',
      body: failed,
      outcome: 'error',
      finish: 'failed',
      failure: 'provider_error',
      textLength: 6,
    },
  ],
  call: async (response, stream) => {
    const answer = await client(response).responses.create({ model: 'm', input: 'x', stream } as never);
    if (stream) for await (const _ of answer as unknown as AsyncIterable<unknown>);
    return answer;
  },
  errorClass: openAIErrorClass,
  streamErrorClass: OpenAI.APIError,
  halfEvent: 'event: response.outp',
});

const deltas = (body: Uint8Array) => {
  const events = new TextDecoder().decode(body).split('\n\n');
  return encode(`${events.filter((event) => /\.delta\n|\.added\n/.test(event)).join('\n\n')}\n\n`);
};

test('openai-responses: a cut stream is assembled from its deltas alone', () => {
  const cut = (body: Uint8Array) => scan(protocol, deltas(body), []).reading as Json;
  expect(cut(text)).toMatchObject({ outcome: 'cut', failure: { kind: 'cut' }, textLength: 8 });
  expect(cut(text).message).toMatchObject([
    { type: 'reasoning', summary: [{ text: 'Weighing it.' }] },
    { type: 'message', content: [{ type: 'output_text', text: 'Grüße 東京' }] },
  ]);
  expect(cut(tools).message).toMatchObject(CALLS.map(({ status: _, ...call }) => call));
  expect(cut(refusal).message).toMatchObject([{ content: [{ refusal: "I can't help with that." }] }]);
});

test('openai-responses: created and empty items do not start a stream; reasoning and calls do', () => {
  const events = new TextDecoder()
    .decode(text)
    .split('\n\n')
    .map((event) => encode(`${event}\n\n`));
  const scanner = protocol.scanStream();
  for (const event of events.slice(0, 4)) scanner.push(event);
  expect(scanner.started).toBe(false);
  scanner.push(events[4] ?? encode(''));
  expect(scanner.started).toBe(true);
  const called = protocol.scanStream();
  called.push(
    encode(
      'data: {"type":"response.output_item.added","output_index":0,"item":{"type":"function_call","name":"f"}}\n\n',
    ),
  );
  expect(called.started).toBe(true);
});

test('openai-responses: both shapes of an error event are read', () => {
  for (const error of [
    { type: 'error', code: 'rate_limit_exceeded', message: 'x', param: null, sequence_number: 3 },
    { type: 'error', error: { type: 'rate_limit_error', message: 'x' } },
  ]) {
    const scanner = protocol.scanStream();
    scanner.push(encode(`event: error\ndata: ${JSON.stringify(error)}\n\n`));
    expect(scanner.failure?.kind).toBe('rate_limited');
  }
});

test('openai-responses: a conversation that sends its output back shares every item', () => {
  const bodies = new Set<string>();
  const input: unknown[] = [];
  for (let turn = 1; turn <= 30; turn++) {
    input.push({ role: 'user', content: `Q${turn}` });
    const output = [
      {
        id: `msg_${turn}`,
        type: 'message',
        role: 'assistant',
        status: 'completed',
        content: [{ type: 'output_text', text: `A${turn}`, annotations: [], logprobs: [] }],
      },
    ];
    const answer = protocol.readAnswer(encode(JSON.stringify({ status: 'completed', output }))).message();
    const digest = protocol.digest(
      encode(JSON.stringify({ model: 'm', instructions: 'I', input })),
      answer,
      {},
    );
    const before = bodies.size;
    for (const hash of digest.bodies.keys()) bodies.add(hash);
    if (turn > 1) expect(bodies.size - before).toBe(2);
    input.push(...output);
  }
});

test('openai-responses: every item is shown, the unknown as it came', () => {
  const render = (item: unknown) => protocol.readMessage(encode(JSON.stringify(item)));
  expect(ITEMS.flatMap((item) => render(item))).toEqual([
    { role: 'developer', parts: [{ kind: 'text', text: 'Be brief.' }] },
    {
      role: 'user',
      parts: [
        { kind: 'text', text: 'Look:' },
        { kind: 'image', source: 'https://example.org/a.png' },
        { kind: 'file', source: 'file_1' },
      ],
    },
    {
      role: 'assistant',
      parts: [{ kind: 'tool_call', id: 'call_0', tool: 'weather', args: '{"city":"Zürich"}' }],
    },
    { role: 'assistant', parts: [{ kind: 'tool_call', id: 'call_1', tool: 'clock', args: '{}' }] },
    { role: 'tool', parts: [{ kind: 'tool_result', id: 'call_0', text: '21' }] },
    {
      role: 'user',
      parts: [{ kind: 'other', type: 'item_reference', json: '{"type":"item_reference","id":"x"}' }],
    },
  ]);
  expect(render(OUTPUT[0])).toEqual([
    { role: 'assistant', parts: [{ kind: 'reasoning', text: 'Weighing it.' }] },
  ]);
  expect(
    render({
      type: 'web_search_call',
      id: 'ws',
      status: 'completed',
      action: { type: 'search', query: 'q' },
    }),
  ).toEqual([
    {
      role: 'assistant',
      parts: [
        { kind: 'tool_call', id: 'ws', tool: 'web_search', args: '{"action":{"type":"search","query":"q"}}' },
      ],
    },
  ]);
});

test('behind the last event stands nothing, unless it is the terminator that some servers write there too', () => {
  const last = 'data: {"type":"response.completed","response":{"status":"completed","output":[]}}\n\n';
  for (const [behind, spare] of [
    ['data: [DONE]\n\n', 0],
    ['data:[DONE]\r\n\r\n', 0],
    ['data: [DONE]\n\ndata: {}\n\n', 24],
    ['data: {"type":"error"}\n\n', 24],
  ] as const)
    for (const cut of [false, true]) {
      const scanner = protocol.scanStream();
      if (cut) {
        scanner.push(Buffer.from(last));
        scanner.push(Buffer.from(behind));
      } else scanner.push(Buffer.from(last + behind));
      expect([behind, scanner.spare, scanner.ended]).toEqual([behind, spare, true]);
    }
});
