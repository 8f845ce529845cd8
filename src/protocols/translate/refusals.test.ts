import { describe, expect, test } from 'bun:test';
import type { TargetAbilities } from '#contracts';
import { type Json, list, object } from '../shared/json.ts';
import { findTranslator, translators, withoutForeignThoughts } from './index.ts';
import type { DialectName } from './neutral.ts';
import { bytes, contextOf, json, OPTIONS, relay } from './shared.case.test.ts';

const CHAT = 'openai-chat';
const RESPONSES = 'openai-responses';
const MESSAGES = 'anthropic-messages';

function ask(from: DialectName, to: DialectName, more: Json, abilities: TargetAbilities = {}) {
  const body: Json =
    from === RESPONSES
      ? { model: 'm', input: 'Hi', ...more }
      : { model: 'm', max_tokens: 9_000, messages: [{ role: 'user', content: 'Hi' }], ...more };
  const translator = findTranslator(from, to);
  if (!translator) throw new Error('no translator');
  return translator.ask(bytes(body), { ...OPTIONS, abilities });
}

function said(...call: Parameters<typeof ask>): { readonly body: Json; readonly losses: readonly string[] } {
  const asked = ask(...call);
  if (!asked.ok) throw new Error(asked.error.hint);
  return { body: json(asked.value.body), losses: asked.value.losses };
}

test('there are six translators, and none where none is needed', () => {
  expect(translators.map(({ from, to }) => `${from}>${to}`)).toHaveLength(6);
  for (const { from, to } of translators) expect(findTranslator(from, to)?.to).toBe(to);
  expect(findTranslator(CHAT, CHAT)).toBeUndefined();
  expect(findTranslator('openai-embeddings', MESSAGES)).toBeUndefined();
});

describe('what would change the meaning is refused by name', () => {
  const image = { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } };
  const tool = { type: 'function', function: { name: 'x'.repeat(70), parameters: { type: 'object' } } };
  const cases: readonly [DialectName, DialectName, Json, string][] = [
    [CHAT, MESSAGES, { n: 2 }, 'n'],
    [CHAT, RESPONSES, { n: 3 }, 'n'],
    [CHAT, RESPONSES, { stop: 'END' }, 'stop'],
    [CHAT, MESSAGES, { stop: ['\n'] }, 'stop[0]'],
    [CHAT, MESSAGES, { functions: [{ name: 'f' }] }, 'functions'],
    [CHAT, MESSAGES, { modalities: ['text', 'audio'], audio: { voice: 'a', format: 'mp3' } }, 'modalities'],
    [CHAT, RESPONSES, { messages: [{ role: 'user', content: [image] }] }, 'messages[0].content[0]'],
    [CHAT, MESSAGES, { web_search_options: {} }, 'web_search_options'],
    [CHAT, MESSAGES, { tools: [{ type: 'custom', custom: { name: 'sql' } }] }, 'tools'],
    [CHAT, RESPONSES, { tools: [tool] }, 'tools[0].name'],
    [RESPONSES, CHAT, { previous_response_id: 'resp_1' }, 'previous_response_id'],
    [RESPONSES, MESSAGES, { conversation: 'conv_1' }, 'conversation'],
    [RESPONSES, MESSAGES, { background: true }, 'background'],
    [RESPONSES, CHAT, { prompt: { id: 'pmpt_1' } }, 'prompt'],
    [RESPONSES, CHAT, { tools: [{ type: 'web_search' }] }, 'tools[0]'],
    [RESPONSES, MESSAGES, { tools: [{ type: 'mcp', server_label: 'a' }] }, 'tools[0]'],
    [RESPONSES, MESSAGES, { input: [{ type: 'item_reference', id: 'msg_1' }] }, 'input[0]'],
    [
      RESPONSES,
      CHAT,
      { input: [{ role: 'user', content: [{ type: 'input_file', file_url: 'https://a' }] }] },
      'messages[0]',
    ],
    [MESSAGES, CHAT, { tools: [{ type: 'web_search_20260318', name: 'web_search' }] }, 'tools[0]'],
    [MESSAGES, RESPONSES, { stop_sequences: ['END'] }, 'stop'],
    [MESSAGES, CHAT, { stop_sequences: ['a', 'b', 'c', 'd', 'e'] }, 'stop_sequences'],
    [MESSAGES, CHAT, { container: 'c_1' }, 'container'],
    [MESSAGES, CHAT, { inference_geo: 'eu' }, 'inference_geo'],
    [MESSAGES, CHAT, { mcp_servers: [{ type: 'url', url: 'https://a', name: 'a' }] }, 'mcp_servers'],
    [
      MESSAGES,
      CHAT,
      {
        messages: [
          { role: 'user', content: 'Hi' },
          { role: 'assistant', content: '{' },
        ],
      },
      'messages[1]',
    ],
    [
      MESSAGES,
      CHAT,
      {
        messages: [{ role: 'user', content: [{ type: 'document', source: { type: 'file', file_id: 'f' } }] }],
      },
      'messages[0].content[0].source',
    ],
  ];
  for (const [from, to, more, param] of cases)
    test(`${from} at ${to}: ${param}`, () => {
      const asked = ask(from, to, more);
      if (asked.ok) throw new Error(`accepted: ${JSON.stringify(json(asked.value.body))}`);
      expect(asked.error).toMatchObject({ kind: 'dialect_mismatch', origin: 'client', param });
      expect(asked.error.hint).toContain(to);
    });

  test('what is no ask at all is a bad request, as in the dialect itself', () => {
    const translator = findTranslator(CHAT, MESSAGES);
    const asked = translator?.ask(bytes({ model: 'm', messages: [] }), OPTIONS);
    expect(asked).toMatchObject({ ok: false, error: { kind: 'bad_request', param: 'messages' } });
  });
});

describe('what differs between models is told by the abilities of the target', () => {
  test('no sampling', () => {
    for (const to of [MESSAGES, RESPONSES] as const) {
      const { body, losses } = said(CHAT, to, { temperature: 0.3, top_p: 0.5 }, { sampling: false });
      expect(body).not.toHaveProperty('temperature');
      expect(body).not.toHaveProperty('top_p');
      expect(losses).toContain('sampling');
    }
  });

  test('prefill', () => {
    const messages = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Well,  ' },
    ];
    const { body, losses } = said(CHAT, MESSAGES, { messages });
    expect(list(body.messages).at(-1)).toEqual({ role: 'assistant', content: 'Well,' });
    expect(losses).toEqual(['assistant-last', 'empty-text']);
    expect(ask(CHAT, MESSAGES, { messages }, { prefill: false })).toMatchObject({
      ok: false,
      error: { kind: 'dialect_mismatch', param: 'messages[1]' },
    });
  });

  test('system messages in their place', () => {
    const messages = [
      { role: 'system', content: 'One.' },
      { role: 'user', content: 'Hi' },
      { role: 'developer', content: 'Two.' },
    ];
    const kept = said(CHAT, MESSAGES, { messages }, { systemTurns: true });
    expect(kept.body.system).toBe('One.');
    expect(list(kept.body.messages).at(-1)).toEqual({ role: 'system', content: 'Two.' });
    expect(kept.losses).toEqual([]);
  });

  test('the name of the limit', () => {
    const named = { maxTokensField: 'max_tokens' as const };
    expect(said(MESSAGES, CHAT, {}, named).body).toMatchObject({ max_tokens: 9_000 });
    expect(said(MESSAGES, CHAT, {}).body).toMatchObject({ max_completion_tokens: 9_000 });
  });

  test('thinking by budget', () => {
    const by = (more: Json) => said(CHAT, MESSAGES, more, { thinking: 'budget' }).body.thinking;
    expect(by({ reasoning_effort: 'medium' })).toEqual({ type: 'enabled', budget_tokens: 8_192 - 216 });
    expect(by({ reasoning_effort: 'low' })).toEqual({ type: 'enabled', budget_tokens: 2_048 });
    // No room for a thought beside the answer.
    expect(by({ reasoning_effort: 'high', max_tokens: 1_500 })).toBeUndefined();
    const tools = [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }];
    expect(by({ reasoning_effort: 'low', tools, tool_choice: 'required' })).toBeUndefined();
    // The call before these results was made without a thought.
    const messages = [
      { role: 'user', content: 'Hi' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 'c', content: 'x' },
    ];
    expect(by({ reasoning_effort: 'low', tools, messages })).toBeUndefined();
  });
});

describe('what Anthropic alone demands', () => {
  const format = (schema: Json) => ({
    response_format: { type: 'json_schema', json_schema: { name: 'a', schema } },
  });

  test('closed schemas: open objects are closed, maps are asked for in words', () => {
    const inner = { type: 'object', properties: { b: { type: 'string' } } };
    const open = { type: 'object', properties: { a: { anyOf: [inner, { type: 'null' }] } } };
    const closed = said(CHAT, MESSAGES, format(open));
    expect(closed.losses).toContain('schema-closed');
    expect(object(object(closed.body.output_config).format).schema).toEqual({
      ...open,
      properties: { a: { anyOf: [{ ...inner, additionalProperties: false }, { type: 'null' }] } },
      additionalProperties: false,
    });
    for (const map of [{ type: 'object' }, { type: 'object', additionalProperties: { type: 'number' } }]) {
      const { body, losses } = said(CHAT, MESSAGES, format({ ...open, properties: { m: map } }));
      expect(losses).toContain('schema-map');
      expect(body).not.toHaveProperty('output_config');
      expect(body.system).toContain('JSON Schema');
    }
  });

  test('the tools of earlier turns', () => {
    const call = { id: 'c', type: 'function', function: { name: 'w', arguments: '{}' } };
    const messages = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: 'c', content: 'x' },
    ];
    const { body, losses } = said(CHAT, MESSAGES, { messages });
    expect(body).toMatchObject({
      tools: [{ name: 'w', input_schema: { type: 'object' } }],
      tool_choice: { type: 'none' },
    });
    expect(losses).toEqual(['tool-history']);
  });

  test('words: an ask of instructions alone, JSON mode, an image under another name', () => {
    const alone = said(CHAT, MESSAGES, { messages: [{ role: 'system', content: 'Sing.' }] });
    expect(alone.losses).toEqual(['system-only']);
    expect(alone.body.messages).toEqual([{ role: 'user', content: [{ type: 'text', text: 'Sing.' }] }]);
    const mode = said(CHAT, MESSAGES, { response_format: { type: 'json_object' } });
    expect(mode.losses).toEqual(['json-mode']);
    const url = 'data:image/jpg;base64,/9j/';
    const seen = said(CHAT, MESSAGES, {
      messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }],
    });
    expect(JSON.stringify(seen.body.messages)).toContain('"media_type":"image/jpeg","data":"/9j/"');
  });
});

describe('calls and results keep finding each other', () => {
  const id = 'functions.weather:0/é';
  const messages = [
    { role: 'user', content: 'Hi' },
    {
      role: 'assistant',
      content: null,
      tool_calls: [{ id, type: 'function', function: { name: 'w', arguments: '{}' } }],
    },
    { role: 'tool', tool_call_id: id, content: '1' },
  ];

  test('an id Anthropic refuses becomes another one, the same everywhere', () => {
    const { body } = said(CHAT, MESSAGES, { messages });
    const [, call, result] = list(body.messages).map((message) => object(list(object(message).content)[0]));
    expect(call?.id).toMatch(/^mw_[0-9a-f]{32}$/);
    expect(result?.tool_use_id).toBe(call?.id);
  });

  test('an id too long for chat too', () => {
    const long = 'toolu_'.padEnd(60, 'x');
    const { body } = said(MESSAGES, CHAT, {
      messages: [
        { role: 'assistant', content: [{ type: 'tool_use', id: long, name: 'w', input: { a: 1 } }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: long }] },
      ],
    });
    const [call, result] = list(body.messages).map(object);
    expect(result?.tool_call_id).toBe(object(list(call?.tool_calls)[0]).id);
    expect(result).toMatchObject({ role: 'tool', content: '' });
  });
});

describe('streams that do not keep to the usual order', () => {
  const chunk = (delta: Json, finish: string | null = null) =>
    `data: ${JSON.stringify({ model: 'x', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
  const call = (index: number, id: string | undefined, piece: string) =>
    chunk({
      tool_calls: [
        {
          index,
          ...(id ? { id, type: 'function' } : {}),
          function: { ...(id ? { name: `f_${id}` } : {}), arguments: piece },
        },
      ],
    });
  const through = (to: DialectName, stream: string) => {
    const translator = findTranslator(to, CHAT);
    if (!translator) throw new Error('no translator');
    return relay(translator, bytes({ model: 'm' }), new TextEncoder().encode(stream), []);
  };
  const blocks = (stream: string) =>
    [...stream.matchAll(/^data: (.*)$/gm)]
      .map((match) => JSON.parse(match[1] as string) as Json)
      .filter(({ type }) => type !== 'message_start' && type !== 'message_delta' && type !== 'message_stop')
      .map((event) =>
        `${String(event.type).slice('content_block_'.length)} ${event.index} ${object(event.delta).partial_json ?? object(event.delta).text ?? object(event.content_block).id ?? ''}`.trim(),
      );

  test('interleaved calls are put one after another', () => {
    const out = through(
      MESSAGES,
      [
        call(0, 'a', ''),
        call(1, 'b', ''),
        call(0, undefined, '{"x"'),
        call(1, undefined, '{"y":'),
        call(0, undefined, ':1}'),
        call(1, undefined, '2}'),
        chunk({ content: 'ok' }),
        chunk({}, 'tool_calls'),
        'data: [DONE]\n\n',
      ].join(''),
    );
    expect(blocks(out)).toEqual([
      'start 0 a',
      'delta 0 {"x"',
      'delta 0 :1}',
      'stop 0',
      'start 1 b',
      'delta 1 {"y":',
      'delta 1 2}',
      'stop 1',
      'start 2',
      'delta 2 ok',
      'stop 2',
    ]);
  });

  test('calls that all carry the index 0 are told apart by their ids', () => {
    const out = through(MESSAGES, [call(0, 'a', '{}'), call(0, 'b', '{}'), chunk({}, 'stop')].join(''));
    expect(blocks(out).filter((line) => line.startsWith('start'))).toEqual(['start 0 a', 'start 1 b']);
    expect(out).toContain('"stop_reason":"tool_use"');
  });

  test('a stream without [DONE] ends when it is said to be over; an error ends nothing', () => {
    const whole = through(RESPONSES, [chunk({ content: 'Hi' }), chunk({}, 'stop')].join(''));
    expect(whole).toContain('event: response.completed');
    const failed = through(
      RESPONSES,
      [
        chunk({ content: 'Hi' }),
        'data: {"error":{"message":"no"}}\n\n',
        chunk({}, 'stop'),
        'data: [DONE]\n\n',
      ].join(''),
    );
    expect(failed).toContain('"delta":"Hi"');
    expect(failed).not.toContain('response.completed');
    expect(failed).not.toContain('error":{');
  });

  test('an event that is not JSON is dropped, the rest goes on', () => {
    const out = through(
      MESSAGES,
      [
        chunk({ content: 'a' }),
        'data: <html>\n\n',
        ': hello\n\n',
        chunk({ content: 'b' }),
        chunk({}, 'stop'),
      ].join(''),
    );
    expect(blocks(out)).toEqual(['start 0', 'delta 0 a', 'delta 0 b', 'stop 0']);
  });

  test('an end no dialect has a word for is never told as a good one', () => {
    for (const word of ['malformed_function_call', 'error', 'abort', 'new_word'])
      for (const to of [MESSAGES, RESPONSES] as const) {
        const out = through(to, [chunk({ content: 'a' }), chunk({}, word)].join(''));
        expect(out).toContain(`"${word}"`);
        expect(out).not.toContain('end_turn');
        expect(out).not.toContain('response.completed');
      }
  });
});

test('an answer that is none, or that the dialect cannot say, is a failure', () => {
  const at = (from: DialectName, to: DialectName, answer: unknown) =>
    findTranslator(from, to)?.answer(bytes(answer), contextOf(bytes({ model: 'm' })));
  const broken = { id: 'c', type: 'function', function: { name: 'f', arguments: '{"a":' } };
  const choice = {
    index: 0,
    finish_reason: 'tool_calls',
    message: { role: 'assistant', tool_calls: [broken] },
  };
  for (const result of [
    at(MESSAGES, CHAT, { choices: [] }),
    at(CHAT, MESSAGES, { type: 'error', error: { type: 'overloaded_error' } }),
    at(CHAT, RESPONSES, { status: 'failed', error: { code: 'server_error' } }),
    at(RESPONSES, CHAT, { error: { message: 'no' } }),
    at(CHAT, MESSAGES, [1]),
    at(MESSAGES, CHAT, { choices: [choice] }),
  ])
    expect(result).toMatchObject({ ok: false, error: { kind: 'malformed' } });
  expect(at(RESPONSES, CHAT, { choices: [choice] })?.ok).toBe(true);
});

test('custom tools pass between the endpoints of OpenAI, there and back', () => {
  const grammar = { type: 'grammar', syntax: 'regex', definition: '[a-z]+' };
  const { body, losses } = said(CHAT, RESPONSES, {
    messages: [
      { role: 'user', content: 'Hi' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'c', type: 'custom', custom: { name: 'sql', input: 'select 1' } }],
      },
      { role: 'tool', tool_call_id: 'c', content: '1' },
    ],
    tools: [{ type: 'custom', custom: { name: 'sql', description: 'SQL', format: grammar } }],
    tool_choice: { type: 'custom', custom: { name: 'sql' } },
  });
  expect(losses).toEqual([]);
  expect(body).toMatchObject({
    input: [
      { role: 'user' },
      { type: 'custom_tool_call', call_id: 'c', input: 'select 1' },
      { type: 'custom_tool_call_output', call_id: 'c' },
    ],
    tools: [{ type: 'custom', name: 'sql', description: 'SQL', format: grammar }],
    tool_choice: { type: 'custom', name: 'sql' },
  });
  const item = { id: 'ctc_1', type: 'custom_tool_call', call_id: 'c', name: 'sql', input: 'select "2"' };
  const response = { status: 'completed', output: [item], usage: null };
  const whole = findTranslator(CHAT, RESPONSES)?.answer(bytes(response), contextOf(bytes({ model: 'm' })));
  if (!whole?.ok) throw new Error('no answer');
  const back = findTranslator(RESPONSES, CHAT)?.answer(whole.value, contextOf(bytes({ model: 'm' })));
  if (!back?.ok) throw new Error('no answer');
  const { id: _, ...kept } = item;
  expect(json(back.value)).toMatchObject({ status: 'completed', output: [kept] });
});

describe('thoughts of others are taken out of an ask to a target of the same dialect', () => {
  const mark = 'midwatch:openai-chat:s::';
  const clean = (protocol: string, ask: Json) => json(withoutForeignThoughts(protocol, bytes(ask)));

  test('the bytes stay where there are none', () => {
    const body = bytes({ model: 'm', messages: [{ role: 'user', content: 'midwatch' }] });
    expect(withoutForeignThoughts(CHAT, body)).toBe(body);
  });

  test('anthropic-messages', () => {
    const own = { type: 'thinking', thinking: 'a', signature: 'Eq==' };
    const ask = {
      messages: [
        { role: 'assistant', content: [{ type: 'thinking', thinking: 'b', signature: mark }] },
        {
          role: 'assistant',
          content: [own, { type: 'redacted_thinking', data: mark }, { type: 'text', text: mark }],
        },
      ],
    };
    expect(clean(MESSAGES, ask)).toEqual({
      messages: [{ role: 'assistant', content: [own, { type: 'text', text: mark }] }],
    });
  });

  test('openai-responses', () => {
    const own = { type: 'reasoning', id: 'rs', summary: [], encrypted_content: 'gAAA' };
    expect(clean(RESPONSES, { input: [own, { ...own, encrypted_content: mark }] })).toEqual({ input: [own] });
  });

  test('openai-chat', () => {
    const details = [{ type: 'reasoning.text', text: 'a', signature: mark }];
    const message = { role: 'assistant', content: 'x', reasoning_content: 'a', reasoning_details: details };
    expect(clean(CHAT, { messages: [message] })).toEqual({ messages: [{ role: 'assistant', content: 'x' }] });
  });
});
