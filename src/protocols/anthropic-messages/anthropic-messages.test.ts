import { expect, test } from 'bun:test';
import Anthropic from '@anthropic-ai/sdk';
import { conformance, fixture, scan } from '../shared/conformance.case.test.ts';
import { encode, type Json } from '../shared/json.ts';
import { anthropicErrorClass } from '../shared/sdk-errors.case.test.ts';
import { anthropicMessages as protocol } from './index.ts';

const read = (name: string) => fixture(import.meta.dir, name);
const [text, tools, citations] = await Promise.all(['text.sse', 'tools.sse', 'citations.sse'].map(read));
const [textJson, toolsJson] = await Promise.all(
  ['text.json', 'tools.json'].map(async (name) => new TextDecoder().decode(await read(name))),
);
if (!text || !tools || !citations || !textJson || !toolsJson) throw new Error('a fixture is missing');

const USAGE = {
  input: 25,
  cacheRead: 2000,
  cacheWrite: 600,
  cacheWriteLong: 300,
  output: 40,
  reasoning: 80,
  basis: 'reported',
} as const;
const OBSERVED = { model: 'claude-opus-4-7', serviceTier: 'standard', region: 'eu' };
const TEXT = 'Grüße aus 東京 👩‍🚀';
const TOOL_BLOCKS = [
  { type: 'thinking', thinking: 'The user wants weather.', signature: 'EqQBCg==' },
  { type: 'redacted_thinking', data: 'Emw==' },
  { type: 'text', text: 'Looking.', citations: null },
  { type: 'tool_use', id: 'toolu_1', caller: { type: 'direct' }, name: 'weather', input: { city: 'Zürich' } },
  { type: 'tool_use', id: 'toolu_2', caller: { type: 'direct' }, name: 'clock', input: {} },
];
const SEARCH_BLOCKS = [
  {
    type: 'server_tool_use',
    id: 'srvtoolu_1',
    caller: { type: 'direct' },
    name: 'web_search',
    input: { query: 'grass' },
  },
  {
    type: 'web_search_tool_result',
    tool_use_id: 'srvtoolu_1',
    caller: { type: 'direct' },
    content: [
      {
        type: 'web_search_result',
        title: 'Grass',
        url: 'https://example.org',
        encrypted_content: 'x',
        page_age: null,
      },
    ],
  },
  {
    type: 'text',
    text: 'Green.',
    citations: [
      {
        type: 'char_location',
        cited_text: 'grass',
        document_index: 0,
        document_title: null,
        file_id: null,
        start_char_index: 0,
        end_char_index: 5,
      },
    ],
  },
];
const MESSAGES = [
  {
    role: 'user',
    content: [
      { type: 'text', text: 'Look:' },
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
      { type: 'document', source: { type: 'url', url: 'https://example.org/a.pdf' } },
    ],
  },
  { role: 'assistant', content: TOOL_BLOCKS },
  {
    role: 'user',
    content: [
      { type: 'tool_result', tool_use_id: 'toolu_1', content: [{ type: 'text', text: '21' }] },
      { type: 'tool_result', tool_use_id: 'toolu_2', content: 'broken', is_error: true },
      { type: 'text', text: 'Go on.' },
    ],
  },
];
const client = (response: Response) =>
  new Anthropic({ apiKey: 'none', maxRetries: 0, fetch: async () => response });

conformance({
  protocol,
  asks: [
    {
      model: 'claude-opus-4-7',
      max_tokens: 1000,
      system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral', ttl: '1h' } }],
      messages: MESSAGES,
      tools: [
        { name: 'weather', input_schema: { type: 'object', properties: { model: { type: 'string' } } } },
      ],
      stop_sequences: ['a', 'b'],
      thinking: { type: 'enabled', budget_tokens: 2000 },
      output_config: { effort: 'high', format: { type: 'json_schema', schema: { type: 'object' } } },
      stream: true,
    },
    { model: 'm', max_tokens: 5, messages: [{ role: 'user', content: 'hi' }] },
    {
      model: 'm',
      max_tokens: 5,
      system: 'Be brief.',
      messages: [
        { role: 'user', content: 'hi' },
        { role: 'system', content: 'Louder.' },
      ],
      tools: [],
      output_config: { effort: 'low' },
    },
  ],
  badAsks: [
    { ask: '{', says: /not valid JSON/ },
    {
      ask: { model: 'm', messages: [{ role: 'user', content: 'x' }] },
      param: 'max_tokens',
      says: /missing.*whole number/,
    },
    { ask: { model: '', max_tokens: 1 }, param: 'model', says: /an empty string/ },
    {
      ask: { model: 'm', max_tokens: '5', messages: [{ role: 'user', content: 'x' }] },
      param: 'max_tokens',
      says: /a string.*whole number/,
    },
    {
      ask: { model: 'm', max_tokens: 5, messages: 'hi' },
      param: 'messages',
      says: /a string.*array of messages/,
    },
    {
      ask: { model: 'm', max_tokens: 5, messages: [{ role: 'user', content: 'x' }], system: 5 },
      param: 'system',
      says: /number 5.*string or an array/,
    },
    {
      ask: { model: 'm', max_tokens: 5, messages: [{ role: 'user', content: 'x' }], stop_sequences: 'a' },
      param: 'stop_sequences',
      says: /array of strings/,
    },
    {
      ask: { model: 'm', max_tokens: 5, messages: [{ role: 'user', content: 'x' }], tools: ['f'] },
      param: 'tools[0]',
      says: /a string.*an object/,
    },
  ],
  answers: [
    {
      name: 'text',
      body: textJson,
      outcome: 'complete',
      finish: 'end_turn',
      usage: USAGE,
      observed: OBSERVED,
      textLength: TEXT.length,
      toolCalls: 0,
    },
    {
      name: 'tools',
      body: toolsJson,
      outcome: 'tool',
      finish: 'tool_use',
      usage: USAGE,
      toolCalls: 2,
      message: [{ role: 'assistant', content: TOOL_BLOCKS }],
    },
    { name: 'nothing', body: '{"content":[]}', outcome: 'cut', failure: 'empty', usage: { basis: 'none' } },
    {
      name: 'error',
      body: '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}',
      outcome: 'error',
      failure: 'overloaded',
    },
  ],
  streams: [
    {
      name: 'text',
      body: text,
      outcome: 'complete',
      finish: 'end_turn',
      usage: USAGE,
      observed: OBSERVED,
      textLength: TEXT.length,
      toolCalls: 0,
      message: [{ role: 'assistant', content: [{ type: 'text', text: TEXT, citations: null }] }],
    },
    {
      name: 'tools',
      body: tools,
      outcome: 'tool',
      finish: 'tool_use',
      usage: USAGE,
      toolCalls: 2,
      textLength: 8,
      message: [{ role: 'assistant', content: TOOL_BLOCKS }],
    },
    {
      name: 'citations',
      body: citations,
      outcome: 'length',
      finish: 'max_tokens',
      toolCalls: 0,
      message: [{ role: 'assistant', content: SEARCH_BLOCKS }],
    },
  ],
  call: async (response, stream) => {
    const answer = await client(response).messages.create({
      model: 'm',
      max_tokens: 1,
      messages: [],
      stream,
    } as never);
    if (stream) for await (const _ of answer as unknown as AsyncIterable<unknown>);
    return answer;
  },
  errorClass: anthropicErrorClass,
  streamErrorClass: Anthropic.APIError,
  halfEvent: 'event: content_bl',
});

const answer = (stop: unknown, content: readonly unknown[] = [{ type: 'text', text: 'x' }]) =>
  protocol.readAnswer(
    encode(JSON.stringify({ type: 'message', role: 'assistant', content, stop_reason: stop })),
  );
const event = (value: Json) => encode(`event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`);
const START = {
  type: 'message_start',
  message: { model: 'm', usage: { input_tokens: 7, output_tokens: 1 } },
};

test('anthropic-messages: every stop reason has its outcome', () => {
  const words = {
    end_turn: 'complete',
    max_tokens: 'length',
    stop_sequence: 'stop',
    refusal: 'refusal',
    pause_turn: 'cut',
    model_context_window_exceeded: 'context_overflow',
    sunspots: 'invalid',
  };
  for (const [finish, outcome] of Object.entries(words))
    expect(answer(finish)).toMatchObject({ finish, outcome });
  const call = [{ type: 'tool_use', id: 't', name: 'f', input: {} }];
  expect(answer('tool_use', call).outcome).toBe('tool');
  expect(answer('end_turn', call).outcome).toBe('tool');
  expect(answer('tool_use').outcome).toBe('invalid');
  expect(answer(null)).toMatchObject({ outcome: 'cut', failure: { kind: 'cut' } });
  expect(answer('pause_turn').failure).toMatchObject({
    kind: 'cut',
    retryable: false,
    hint: expect.stringContaining('continue'),
  });
});

test('anthropic-messages: a tool input that is not JSON is invalid and kept as it came', () => {
  const scanner = protocol.scanStream();
  for (const value of [
    START,
    {
      type: 'content_block_start',
      index: 0,
      content_block: { type: 'tool_use', id: 't', name: 'f', input: {} },
    },
    { type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json: '{"a": 1' } },
    { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 5 } },
    { type: 'message_stop' },
  ])
    scanner.push(event(value));
  const reading = scanner.read(true);
  expect(reading).toMatchObject({ outcome: 'invalid', finish: 'tool_use', toolCalls: 1 });
  expect(new TextDecoder().decode(reading.message())).toContain('"input":"{\\"a\\": 1"');
});

test('anthropic-messages: pings and empty blocks do not start a stream; thinking and calls do', () => {
  const block = (content_block: Json) => event({ type: 'content_block_start', index: 0, content_block });
  const quiet = protocol.scanStream();
  for (const chunk of [
    event(START),
    event({ type: 'ping' }),
    block({ type: 'text', text: '' }),
    event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: '' } }),
  ])
    quiet.push(chunk);
  expect(quiet.started).toBe(false);
  quiet.push(
    event({ type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'Hm' } }),
  );
  expect(quiet.started).toBe(true);
  const called = protocol.scanStream();
  called.push(block({ type: 'tool_use', id: 't', name: 'f', input: {} }));
  expect(called.started).toBe(true);
});

test('anthropic-messages: a cut stream keeps the input it was told and estimates the output', () => {
  const scanner = protocol.scanStream();
  scanner.push(event(START));
  scanner.push(event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }));
  scanner.push(
    event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'x'.repeat(400) } }),
  );
  expect(scanner.read(true)).toMatchObject({
    outcome: 'cut',
    usage: { input: 7, output: 100, basis: 'estimated' },
  });
});

test('anthropic-messages: error events are classified like their HTTP status', () => {
  const kinds = {
    overloaded_error: 'overloaded',
    rate_limit_error: 'rate_limited',
    api_error: 'provider_error',
    authentication_error: 'provider_auth',
    billing_error: 'quota_exhausted',
    invalid_request_error: 'provider_rejected',
    timeout_error: 'provider_error',
  };
  for (const [type, kind] of Object.entries(kinds)) {
    const scanner = protocol.scanStream();
    for (const value of [START, { type: 'error', error: { type, message: 'x' } }]) scanner.push(event(value));
    expect({ type, kind: String(scanner.failure?.kind) }).toEqual({ type, kind });
    expect(scanner.read(true).outcome).toBe('error');
  }
});

test('anthropic-messages: compaction is billed beside the totals', () => {
  const usage = {
    input_tokens: 10,
    output_tokens: 5,
    iterations: [
      { type: 'message', input_tokens: 10, output_tokens: 5 },
      { type: 'compaction', input_tokens: 300, output_tokens: 40, cache_read_input_tokens: 7 },
    ],
  };
  expect(
    protocol.readAnswer(encode(JSON.stringify({ content: [], stop_reason: 'end_turn', usage }))).usage,
  ).toMatchObject({ input: 310, output: 45, cacheRead: 7 });
});

test('anthropic-messages: the thirtieth turn adds one question and one answer to what is stored', () => {
  const bodies = new Set<string>();
  const messages: Json[] = [];
  for (let turn = 1; turn <= 30; turn++) {
    messages.push({ role: 'user', content: turn % 2 ? `Q${turn}` : [{ type: 'text', text: `Q${turn}` }] });
    const ask = encode(JSON.stringify({ model: 'm', max_tokens: 9, system: 'Be brief.', messages }));
    const content = [{ type: 'text', text: `A${turn}`, citations: null }];
    const digest = protocol.digest(ask, answer('end_turn', content).message(), {});
    const before = bodies.size;
    for (const hash of digest.bodies.keys()) bodies.add(hash);
    if (turn > 1) expect(bodies.size - before).toBe(2);
    expect(digest.ask?.length).toBe(2 * turn);
    messages.push({ role: 'assistant', content: turn % 3 === 0 ? `A${turn}` : content });
  }
  expect(bodies.size).toBe(62);
});

test('anthropic-messages: a streamed answer and the same answer whole are one body', () => {
  const ask = encode('{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}]}');
  for (const [whole, stream] of [
    [textJson, text],
    [toolsJson, tools],
  ] as const) {
    const scanner = protocol.scanStream();
    scanner.push(stream);
    const a = protocol.digest(ask, protocol.readAnswer(encode(whole)).message(), {});
    expect(protocol.digest(ask, scanner.read(true).message(), {}).answer).toEqual(a.answer);
  }
});

test('anthropic-messages: the client assembles a stream to the message we do', async () => {
  for (const stream of [text, tools, citations]) {
    const response = new Response(stream, { headers: { 'content-type': 'text/event-stream' } });
    const final = await client(response)
      .messages.stream({ model: 'm', max_tokens: 1, messages: [] })
      .finalMessage();
    const ours = (scan(protocol, stream, []).reading as Json).message as readonly Json[];
    const theirs = JSON.parse(JSON.stringify(final.content)) as Json[];
    expect(theirs.map(({ parsed_output: _, ...block }) => block) as unknown).toEqual(ours[0]?.content);
  }
});

test('anthropic-messages: every block is shown, tool results as what a tool said', () => {
  const render = (message: unknown) => protocol.readMessage(encode(JSON.stringify(message)));
  expect(MESSAGES.flatMap((message) => render(message))).toEqual([
    {
      role: 'user',
      parts: [
        { kind: 'text', text: 'Look:' },
        { kind: 'image', source: 'image/png', bytes: 3 },
        { kind: 'file', source: 'https://example.org/a.pdf' },
      ],
    },
    {
      role: 'assistant',
      parts: [
        { kind: 'reasoning', text: 'The user wants weather.' },
        { kind: 'reasoning', text: '', redacted: true },
        { kind: 'text', text: 'Looking.' },
        { kind: 'tool_call', id: 'toolu_1', tool: 'weather', args: '{"city":"Zürich"}' },
        { kind: 'tool_call', id: 'toolu_2', tool: 'clock', args: '{}' },
      ],
    },
    {
      role: 'tool',
      parts: [
        { kind: 'tool_result', id: 'toolu_1', text: '21' },
        { kind: 'tool_result', id: 'toolu_2', text: 'broken', error: true },
      ],
    },
    { role: 'user', parts: [{ kind: 'text', text: 'Go on.' }] },
  ]);
  expect(render({ role: 'assistant', content: SEARCH_BLOCKS })[0]?.parts.map(({ kind }) => kind)).toEqual([
    'tool_call',
    'tool_result',
    'text',
  ]);
  expect(render({ role: 'system', content: [{ type: 'text', text: 'S' }, { type: 'hologram' }] })).toEqual([
    {
      role: 'system',
      parts: [
        { kind: 'text', text: 'S' },
        { kind: 'other', type: 'hologram', json: '{"type":"hologram"}' },
      ],
    },
  ]);
});
