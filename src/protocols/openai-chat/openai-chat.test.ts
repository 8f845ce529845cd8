import { expect, test } from 'bun:test';
import OpenAI from 'openai';
import { conformance, fixture, plain, scan } from '../shared/conformance.case.test.ts';
import { encode, type Json } from '../shared/json.ts';
import { openAIErrorClass } from '../shared/sdk-errors.case.test.ts';
import { openaiChat as protocol } from './index.ts';

const read = (name: string) => fixture(import.meta.dir, name);
const [text, tools, refusal, choices, reasoning, audio] = await Promise.all(
  ['text.sse', 'tools.sse', 'refusal.sse', 'choices.sse', 'reasoning.sse', 'audio.sse'].map(read),
);
const [textJson, toolsJson] = await Promise.all(
  ['text.json', 'tools.json'].map(async (name) => new TextDecoder().decode(await read(name))),
);
if (!text || !tools || !refusal || !choices || !reasoning || !audio || !textJson || !toolsJson)
  throw new Error('a fixture is missing');

const USAGE = {
  input: 60,
  cacheRead: 1024,
  cacheWrite: 100,
  audioIn: 16,
  output: 84,
  reasoning: 256,
  basis: 'reported',
} as const;
const OBSERVED = { model: 'gpt-5.5-2026-04-23', fingerprint: 'fp_44a1b2', serviceTier: 'default' };
const TEXT = 'Grüße aus 東京 👩‍🚀! "quoted" \\ and\nnewline';
const CALLS = [
  { id: 'call_a', type: 'function', function: { name: 'weather', arguments: '{"city":"Zürich"}' } },
  { id: 'call_b', type: 'function', function: { name: 'clock', arguments: '{}' } },
];
const MESSAGES = [
  { role: 'developer', content: 'Be brief.' },
  {
    role: 'user',
    content: [
      { type: 'text', text: 'Look:' },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
      { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } },
      { type: 'file', file: { file_id: 'file_1' } },
    ],
  },
  { role: 'assistant', content: null, tool_calls: CALLS },
  { role: 'tool', tool_call_id: 'call_a', content: '{"t":21}' },
];
const SCHEMA = {
  type: 'json_schema',
  json_schema: {
    name: 'a',
    schema: { type: 'object', properties: { x: { type: ['string', 'null'], enum: [null, 'y'] } } },
  },
};
const client = (response: Response) =>
  new OpenAI({ apiKey: 'none', maxRetries: 0, fetch: async () => response });

conformance({
  protocol,
  asks: [
    {
      model: 'gpt-5.5',
      messages: MESSAGES,
      tools: [
        {
          type: 'function',
          function: {
            name: 'weather',
            parameters: { type: 'object', properties: { model: { type: 'string', default: null } } },
          },
        },
      ],
      response_format: SCHEMA,
      temperature: 0.2,
      stop: ['a', 'b'],
      n: 2,
      stream: true,
      stream_options: { include_usage: true },
      max_completion_tokens: 100,
      metadata: null,
    },
    { model: 'm', messages: [{ role: 'user', content: 'hi' }] },
    {
      model: 'm',
      messages: [{ role: 'user', content: 'hi', name: 'ann' }],
      functions: [{ name: 'f' }],
      tools: [],
      stop: null,
      response_format: { type: 'text' },
    },
  ],
  badAsks: [
    { ask: '', says: /empty/ },
    { ask: '{"model":', says: /not valid JSON/ },
    { ask: [], says: /empty array.*JSON object/ },
    { ask: { messages: [] }, param: 'model', says: /`model` is missing/ },
    { ask: { model: 7, messages: [] }, param: 'model', says: /the number 7.*name of a model/ },
    { ask: { model: 'm' }, param: 'messages', says: /missing.*non-empty array/ },
    { ask: { model: 'm', messages: [] }, param: 'messages', says: /an empty array/ },
    {
      ask: { model: 'm', messages: [{ role: 'user' }, 'hi'] },
      param: 'messages[1]',
      says: /a string.*an object/,
    },
    { ask: { model: 'm', messages: [{ content: 'x' }] }, param: 'messages[0].role', says: /missing/ },
    {
      ask: { model: 'm', messages: [{ role: 'user', content: 3 }] },
      param: 'messages[0].content',
      says: /number 3/,
    },
    {
      ask: { model: 'm', messages: [{ role: 'user', content: [{}] }] },
      param: 'messages[0].content[0].type',
      says: /missing/,
    },
    {
      ask: { model: 'm', messages: [{ role: 'user' }], stream: 'yes' },
      param: 'stream',
      says: /true or false/,
    },
    { ask: { model: 'm', messages: [{ role: 'user' }], n: 0 }, param: 'n', says: /whole number from 1/ },
    { ask: { model: 'm', messages: [{ role: 'user' }], tools: {} }, param: 'tools', says: /array of tools/ },
    { ask: { model: 'm', messages: [{ role: 'user' }], stop: 5 }, param: 'stop', says: /string or an array/ },
  ],
  answers: [
    {
      name: 'text',
      body: textJson,
      outcome: 'complete',
      finish: 'stop',
      usage: USAGE,
      observed: OBSERVED,
      textLength: TEXT.length,
      toolCalls: 0,
    },
    { name: 'tools', body: toolsJson, outcome: 'tool', finish: 'tool_calls', usage: USAGE, toolCalls: 2 },
    { name: 'nothing', body: '{"choices":[]}', outcome: 'cut', failure: 'empty', usage: { basis: 'none' } },
    {
      name: 'error',
      body: '{"error":{"message":"slow down","type":"rate_limit_error","code":429}}',
      outcome: 'error',
      failure: 'rate_limited',
    },
  ],
  streams: [
    {
      name: 'text',
      body: text,
      outcome: 'complete',
      finish: 'stop',
      usage: USAGE,
      observed: OBSERVED,
      textLength: TEXT.length,
      toolCalls: 0,
      message: [{ role: 'assistant', content: TEXT }],
    },
    {
      name: 'tools',
      body: tools,
      outcome: 'tool',
      finish: 'tool_calls',
      usage: { basis: 'none' },
      toolCalls: 2,
      textLength: 0,
      message: [{ role: 'assistant', tool_calls: CALLS }],
    },
    {
      name: 'refusal',
      body: refusal,
      outcome: 'refusal',
      finish: 'stop',
      message: [{ role: 'assistant', refusal: "I can't help with that." }],
    },
    {
      name: 'choices',
      body: choices,
      outcome: 'length',
      finish: 'length',
      textLength: 10,
      message: [
        { role: 'assistant', content: 'one' },
        { role: 'assistant', content: 'two, cu' },
      ],
    },
    {
      name: 'reasoning',
      body: reasoning,
      outcome: 'complete',
      finish: 'stop',
      observed: OBSERVED,
      textLength: 2,
      message: [
        {
          role: 'assistant',
          content: '42',
          reasoning_content: 'Let me think.',
          annotations: [
            {
              type: 'url_citation',
              url_citation: { url: 'https://example.org', title: 'Ex', start_index: 0, end_index: 2 },
            },
          ],
        },
      ],
    },
    {
      name: 'audio',
      body: audio,
      outcome: 'complete',
      textLength: 8,
      usage: { audioOut: 70, output: 20, input: 20 },
      message: [
        {
          role: 'assistant',
          audio: { id: 'audio_1', transcript: 'Good day', data: 'AAAABBBB', expires_at: 1780003600 },
        },
      ],
    },
  ],
  call: async (response, stream) => {
    const answer = await client(response).chat.completions.create({
      model: 'm',
      messages: [],
      stream,
    } as never);
    if (stream) for await (const _ of answer as unknown as AsyncIterable<unknown>);
    return answer;
  },
  errorClass: openAIErrorClass,
  streamErrorClass: OpenAI.APIError,
});

const answer = (finish: unknown, message: Json = { role: 'assistant', content: 'x' }, more: Json = {}) =>
  protocol.readAnswer(
    encode(JSON.stringify({ choices: [{ index: 0, message, finish_reason: finish, ...more }] })),
  );

test('openai-chat: every word for an end has its outcome', () => {
  const calls = { role: 'assistant', content: null, tool_calls: CALLS };
  const words = {
    stop: 'complete',
    eos: 'complete',
    end_turn: 'complete',
    length: 'length',
    max_tokens: 'length',
    MAX_TOKENS: 'length',
    model_length: 'length',
    content_filter: 'content_filter',
    SAFETY: 'content_filter',
    recitation: 'content_filter',
    malformed_function_call: 'invalid',
    error: 'error',
    insufficient_system_resource: 'error',
    model_context_window_exceeded: 'context_overflow',
    refusal: 'refusal',
    pause_turn: 'cut',
    abort: 'cut',
  };
  for (const [finish, outcome] of Object.entries(words))
    expect({ finish, ...answer(finish) }).toMatchObject({ finish, outcome });
  for (const finish of ['tool_calls', 'function_call', 'stop', 'tool_use'])
    expect(answer(finish, calls).outcome).toBe('tool');
  expect(answer('sunspots')).toMatchObject({ outcome: 'invalid', finish: 'sunspots' });
  expect(answer(null)).toMatchObject({ outcome: 'cut', failure: { kind: 'cut' } });
  expect(answer('', {})).toMatchObject({ outcome: 'cut', failure: { kind: 'empty' } });
  expect(answer('stop', { content: null, refusal: 'No.' }).outcome).toBe('refusal');
  expect(answer('stop', { content: 'x' }, { stop_reason: '###' }).outcome).toBe('stop');
  expect(answer('stop', { content: 'x' }, { matched_stop: 2 }).outcome).toBe('complete');
});

test('openai-chat: calls whose arguments are not JSON are invalid, and so is a tool end without a call', () => {
  const call = (args: string) => ({
    tool_calls: [CALLS[1], { id: 'c', type: 'function', function: { name: 'f', arguments: args } }],
  });
  for (const args of ['{"a":', '', 'None', "{'a':1}"])
    expect(answer('tool_calls', call(args))).toMatchObject({
      outcome: 'invalid',
      finish: 'tool_calls',
      toolCalls: 2,
    });
  expect(answer('tool_calls', { content: 'no call' }).outcome).toBe('invalid');
  expect(answer('length', call('{"a":')).outcome).toBe('length');
  expect(
    answer('tool_calls', {
      tool_calls: [{ id: 'c', type: 'custom', custom: { name: 'sql', input: 'SELECT 1' } }],
    }).outcome,
  ).toBe('tool');
  expect(answer('function_call', { function_call: { name: 'f', arguments: '{}' } })).toMatchObject({
    outcome: 'tool',
    toolCalls: 1,
  });
});

test('openai-chat: parallel calls stay apart when a server gives them one index, or none', () => {
  const stream = (calls: readonly Json[][]) => {
    const events = [
      ...calls.map((tool_calls) => ({ delta: { tool_calls } })),
      { delta: {}, finish_reason: 'tool_calls' },
    ];
    const body = events
      .map((choice) => `data: ${JSON.stringify({ choices: [{ index: 0, ...choice }] })}\n\n`)
      .join('');
    return (scan(protocol, encode(body), []).reading as Json).message;
  };
  const whole = (id: string) => ({
    id,
    type: 'function',
    function: { name: 'f', arguments: `{"id":"${id}"}` },
  });
  const expected = [{ role: 'assistant', tool_calls: [whole('a'), whole('b')] }];
  expect(stream([[{ index: 0, ...whole('a') }], [{ index: 0, ...whole('b') }]])).toEqual(expected);
  expect(stream([[whole('a'), whole('b')]])).toEqual(expected);
  const pieces = (id: string) => [
    [{ id, type: 'function', function: { name: 'f' } }],
    [{ function: { arguments: `{"id":` } }],
    [{ function: { arguments: `"${id}"}` } }],
  ];
  expect(stream([...pieces('a'), ...pieces('b')])).toEqual(expected);
  // The id repeated in every piece, and the pieces of two calls interleaved.
  const repeated = (id: string, i: number) => pieces(id).map((all) => [{ ...all[0], id, index: i }]);
  const [a, b] = [repeated('a', 0), repeated('b', 1)];
  expect(stream(a.flatMap((piece, i) => [piece, b[i] ?? []]))).toEqual(expected);
});

test('openai-chat: a role, an empty delta and a comment do not start a stream; reasoning does', () => {
  const scanner = protocol.scanStream();
  const send = (delta: unknown) =>
    scanner.push(encode(`data: ${JSON.stringify({ choices: [{ index: 0, delta }] })}\n\n`));
  for (const delta of [
    { role: 'assistant' },
    { content: '' },
    { content: null, refusal: '' },
    {},
    { tool_calls: [] },
  ])
    send(delta);
  scanner.push(encode(': OPENROUTER PROCESSING\n\n'));
  expect(scanner.started).toBe(false);
  send({ reasoning_content: 'Hm' });
  expect(scanner.started).toBe(true);
});

test('openai-chat: an error inside a stream ends it as the error it stands for', () => {
  const errors = [
    [{ message: 'x', type: 'server_error' }, 'provider_error', 'error'],
    [{ message: 'x', code: 502 }, 'provider_error', 'error'],
    [
      { message: 'Rate limit reached. Please try again in 1.5s', code: 'rate_limit_exceeded' },
      'rate_limited',
      'error',
    ],
    [{ message: 'x', code: 'context_length_exceeded' }, 'context_overflow', 'context_overflow'],
    [{ message: 'x', code: 'content_filter' }, 'content_filter', 'content_filter'],
    ['boom', 'in_band_error', 'error'],
  ] as const;
  for (const [error, kind, outcome] of errors) {
    const scanner = protocol.scanStream();
    scanner.push(text.subarray(0, 900));
    scanner.push(encode(`\n\ndata: ${JSON.stringify({ error })}\n\n`));
    // Cutting the fixture anywhere leaves half an event, which the blank line ends: start again from a whole one.
    const clean = protocol.scanStream();
    clean.push(
      encode(
        `data: {"choices":[{"index":0,"delta":{"content":"x"}}]}\n\ndata: ${JSON.stringify({ error })}\n\n`,
      ),
    );
    expect(scanner.failure).toBeDefined();
    expect(clean.failure?.kind).toBe(kind);
    expect(clean.read(true)).toMatchObject({ outcome, textLength: 1 });
  }
  const limited = protocol.readError(429, {}, encode('{"error":{"message":"Please try again in 1.5s"}}'), 0);
  expect(limited).toMatchObject({ kind: 'rate_limited', after: 1500, retryable: true });
});

test('openai-chat: the thirtieth turn adds one question and one answer to what is stored', () => {
  const bodies = new Set<string>();
  const links = new Set<string>();
  const messages: Json[] = [{ role: 'system', content: 'You are terse.' }];
  for (let turn = 1; turn <= 30; turn++) {
    messages.push({ role: 'user', content: `Question ${turn}` });
    const ask = encode(
      JSON.stringify({
        model: 'm',
        temperature: 0,
        tools: [{ type: 'function', function: { name: 'f' } }],
        messages,
      }),
    );
    // Turn about: streamed, unary with all the blanks the API sends, and a tool call.
    const message = { role: 'assistant', content: `Answer ${turn}`, refusal: null, annotations: [] };
    const reading =
      turn % 2 === 0
        ? protocol.readAnswer(
            encode(JSON.stringify({ choices: [{ index: 0, message, finish_reason: 'stop' }] })),
          )
        : streamed(['Ans', `wer ${turn}`]);
    const digest = protocol.digest(ask, reading.message(), {});
    const before = bodies.size;
    const linksBefore = links.size;
    for (const hash of digest.bodies.keys()) bodies.add(hash);
    for (const hash of digest.links.keys()) links.add(hash);
    if (turn > 1) {
      expect(bodies.size - before).toBe(2);
      expect(links.size - linksBefore).toBe(2);
    }
    // Clients send back what they got, or only what they need of it.
    messages.push(turn % 3 === 0 ? { role: 'assistant', content: `Answer ${turn}` } : message);
  }
  expect(bodies.size).toBe(1 + 60 + 2);
});

function streamed(pieces: readonly string[]) {
  const scanner = protocol.scanStream();
  const send = (choice: Json) =>
    scanner.push(encode(`data: ${JSON.stringify({ choices: [{ index: 0, ...choice }] })}\n\n`));
  send({ delta: { role: 'assistant', content: '', refusal: null } });
  for (const content of pieces) send({ delta: { content } });
  send({ delta: {}, finish_reason: 'stop' });
  return scanner.read(true);
}

test('openai-chat: a streamed answer and the same answer whole are one body', () => {
  const ask = encode('{"model":"m","messages":[{"role":"user","content":"x"}]}');
  for (const [whole, stream] of [
    [textJson, text],
    [toolsJson, tools],
  ] as const) {
    const scanner = protocol.scanStream();
    scanner.push(stream);
    const a = protocol.digest(ask, protocol.readAnswer(encode(whole)).message(), {});
    const b = protocol.digest(ask, scanner.read(true).message(), {});
    expect(b.answer).toEqual(a.answer);
  }
});

test('openai-chat: the client assembles a stream to the message we do', async () => {
  for (const stream of [text, tools, refusal, choices]) {
    const response = new Response(stream, { headers: { 'content-type': 'text/event-stream' } });
    const final = await client(response)
      .chat.completions.stream({ model: 'm', messages: [] })
      .finalChatCompletion();
    const theirs = encode(
      JSON.stringify(final.choices.map(({ message: { parsed: _, ...message } }) => message)),
    );
    const ours = openaiStream(stream);
    const hashes = (answer: Uint8Array | undefined) =>
      protocol.digest(encode('{"messages":[]}'), answer, {}).answer?.messages;
    // Of calls the client keeps its own parse beside the arguments, so these are compared member by member.
    if (stream === tools) expect(final.choices[0]?.message.tool_calls).toMatchObject(CALLS as never);
    else expect(hashes(theirs)).toEqual(hashes(ours));
  }
});

function openaiStream(body: Uint8Array): Uint8Array | undefined {
  const scanner = protocol.scanStream();
  scanner.push(body);
  return scanner.read(true).message();
}

test('openai-chat: every part of a message is shown, the unknown as it came', () => {
  const render = (message: unknown) => protocol.readMessage(encode(JSON.stringify(message)));
  expect(MESSAGES.flatMap((message) => render(message))).toEqual([
    { role: 'developer', parts: [{ kind: 'text', text: 'Be brief.' }] },
    {
      role: 'user',
      parts: [
        { kind: 'text', text: 'Look:' },
        { kind: 'image', source: 'image/png', bytes: 3 },
        { kind: 'audio', source: 'audio/wav', bytes: 3 },
        { kind: 'file', source: 'file_1' },
      ],
    },
    {
      role: 'assistant',
      parts: [
        { kind: 'tool_call', id: 'call_a', tool: 'weather', args: '{"city":"Zürich"}' },
        { kind: 'tool_call', id: 'call_b', tool: 'clock', args: '{}' },
      ],
    },
    { role: 'tool', parts: [{ kind: 'tool_result', id: 'call_a', text: '{"t":21}' }] },
  ]);
  expect(
    render({
      role: 'assistant',
      content: [
        { type: 'refusal', refusal: 'No' },
        { type: 'hologram', x: 1 },
      ],
      reasoning_content: 'Hm',
      refusal: null,
      annotations: [],
      mood: 'fine',
    }),
  ).toEqual([
    {
      role: 'assistant',
      parts: [
        { kind: 'reasoning', text: 'Hm' },
        { kind: 'refusal', text: 'No' },
        { kind: 'other', type: 'hologram', json: '{"type":"hologram","x":1}' },
        { kind: 'other', type: 'mood', json: '"fine"' },
      ],
    },
  ]);
  expect(plain(protocol.readAnswer(encode(textJson))).message).toMatchObject([{ content: TEXT }]);
});
