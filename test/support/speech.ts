/** What the two dialects look like on the wire, as small as they come. */

const json = (value: unknown) => JSON.stringify(value);

export const openai = {
  path: '/v1/chat/completions',
  ask: (more: object = {}) => ({
    model: 'gpt-4o-mini',
    messages: [{ role: 'user', content: 'Hello?' }],
    ...more,
  }),
  answer: (content = 'Hello there.', more: object = {}) =>
    json({
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1,
      model: 'gpt-4o-mini-2024-07-18',
      system_fingerprint: 'fp_1',
      service_tier: 'default',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content, refusal: null },
          finish_reason: 'stop',
          logprobs: null,
        },
      ],
      usage: {
        prompt_tokens: 100,
        completion_tokens: 20,
        total_tokens: 120,
        prompt_tokens_details: { cached_tokens: 40 },
        completion_tokens_details: { reasoning_tokens: 5 },
      },
      ...more,
    }),
  delta: (content: string, finish: string | null = null) =>
    `data: ${json({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'gpt-4o-mini-2024-07-18', choices: [{ index: 0, delta: content ? { content } : {}, finish_reason: finish }] })}\n\n`,
  role: `data: ${json({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'gpt-4o-mini-2024-07-18', choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }] })}\n\n`,
  usage: `data: ${json({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'gpt-4o-mini-2024-07-18', choices: [], usage: { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120, prompt_tokens_details: { cached_tokens: 40 } } })}\n\n`,
  done: 'data: [DONE]\n\n',
  error: (type: string, message = 'The server is on fire.') =>
    json({ error: { message, type, param: null, code: null } }),
  json: { 'content-type': 'application/json', 'x-request-id': 'req_1' },
  sse: { 'content-type': 'text/event-stream; charset=utf-8', 'x-request-id': 'req_1' },
};

const event = (name: string, data: object) => `event: ${name}\ndata: ${json({ type: name, ...data })}\n\n`;

export const anthropic = {
  path: '/v1/messages',
  ask: (more: object = {}) => ({
    model: 'claude-opus-4-7',
    max_tokens: 100,
    messages: [{ role: 'user' as const, content: 'Hello?' }],
    ...more,
  }),
  answer: (text = 'Hello there.', more: object = {}) =>
    json({
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'claude-opus-4-7',
      content: [{ type: 'text', text }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: {
        input_tokens: 100,
        cache_read_input_tokens: 40,
        cache_creation_input_tokens: 10,
        output_tokens: 20,
        service_tier: 'standard',
      },
      ...more,
    }),
  start: event('message_start', {
    message: {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'claude-opus-4-7',
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: {
        input_tokens: 100,
        cache_read_input_tokens: 40,
        cache_creation_input_tokens: 10,
        output_tokens: 1,
      },
    },
  }),
  ping: event('ping', {}),
  block: event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
  delta: (text: string) => event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } }),
  blockEnd: event('content_block_stop', { index: 0 }),
  end: (reason = 'end_turn') =>
    event('message_delta', {
      delta: { stop_reason: reason, stop_sequence: null },
      usage: { output_tokens: 20 },
    }),
  stop: event('message_stop', {}),
  error: (type: string, message = 'Overloaded') => json({ type: 'error', error: { type, message } }),
  json: { 'content-type': 'application/json', 'request-id': 'req_1' },
  sse: { 'content-type': 'text/event-stream; charset=utf-8', 'request-id': 'req_1' },
};
