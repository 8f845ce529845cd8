import type { Outcome } from '#contracts';

/**
 * How providers end an answer behind a status 200, written as they write it. The expected outcomes stand here by hand,
 * from the providers' references: deriving them from the code under test would prove nothing.
 */
export interface End {
  /** For a reader: protocol, the provider's word, what is special. */
  readonly name: string;
  readonly path: '/v1/chat/completions' | '/v1/messages' | '/v1/responses';
  readonly outcome: Outcome;
  readonly stream: boolean;
  /** What goes over the wire: one body, or the events of a stream. */
  readonly wire: readonly string[];
  /** The provider said why it ended, so the caller must get exactly these bytes. */
  readonly reason: boolean;
  /** The connection is torn down after the wire's last byte. */
  readonly torn?: true;
}

const TEXT = 'The answer is 391, since 17 times 23 is 391.';
const ARGS = '{"city":"Bern"}';
const BROKEN_ARGS = '{"city":"Be';

/** What one protocol needs to write an end both ways. */
interface Way {
  readonly name: string;
  readonly outcome: Outcome;
  readonly only?: 'stream' | 'unary';
}

// ── OpenAI chat completions

interface ChatWay extends Way {
  readonly finish?: string;
  readonly message?: Readonly<Record<string, unknown>>;
  readonly beside?: Readonly<Record<string, unknown>>;
  readonly error?: true;
}

const call = (args: string) => ({
  tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'weather', arguments: args } }],
});

const CHAT: readonly ChatWay[] = [
  { name: 'stop', finish: 'stop', outcome: 'complete' },
  { name: 'tool_calls', finish: 'tool_calls', message: call(ARGS), outcome: 'tool' },
  {
    name: 'function_call',
    finish: 'function_call',
    message: { function_call: { name: 'weather', arguments: ARGS } },
    outcome: 'tool',
  },
  { name: 'stop with tool calls', finish: 'stop', message: call(ARGS), outcome: 'tool' },
  { name: 'length', finish: 'length', outcome: 'length' },
  { name: 'length inside a tool call', finish: 'length', message: call(BROKEN_ARGS), outcome: 'length' },
  { name: 'stop by a sequence', finish: 'stop', beside: { stop_reason: 'END' }, outcome: 'stop' },
  {
    name: 'stop with a refusal',
    finish: 'stop',
    message: { refusal: 'I cannot help with that.' },
    outcome: 'refusal',
  },
  { name: 'content_filter', finish: 'content_filter', outcome: 'content_filter' },
  { name: 'recitation', finish: 'recitation', outcome: 'content_filter' },
  { name: 'context_length_exceeded', finish: 'context_length_exceeded', outcome: 'context_overflow' },
  { name: 'malformed_function_call', finish: 'malformed_function_call', outcome: 'invalid' },
  { name: 'tool call that is no JSON', finish: 'tool_calls', message: call(BROKEN_ARGS), outcome: 'invalid' },
  { name: 'tool_calls without a call', finish: 'tool_calls', outcome: 'invalid' },
  { name: 'no reason at all', outcome: 'cut' },
  { name: 'an error in the body', error: true, outcome: 'error' },
];

const USAGE = { prompt_tokens: 20, completion_tokens: 12, total_tokens: 32 };
const head = { id: 'chatcmpl-1', created: 1_767_600_000, model: 'gpt-5.5' };
const serverError = { message: 'The server had an error.', type: 'server_error', code: null, param: null };

function chatUnary({ finish, message = {}, beside = {}, error }: ChatWay): string[] {
  if (error) return [JSON.stringify({ error: serverError })];
  const body = { role: 'assistant', content: 'refusal' in message ? null : TEXT, ...message };
  const choice = { index: 0, message: body, finish_reason: finish ?? null, ...beside };
  return [JSON.stringify({ ...head, object: 'chat.completion', choices: [choice], usage: USAGE })];
}

function chatStream({ finish, message = {}, beside = {}, error }: ChatWay): string[] {
  const chunk = (choices: readonly unknown[], more = {}) =>
    data({ ...head, object: 'chat.completion.chunk', choices, ...more });
  const delta = (delta: unknown) => chunk([{ index: 0, delta, finish_reason: null }]);
  const open = delta({ role: 'assistant', content: '' });
  if (error) return [open, data({ error: serverError })];
  const said =
    Object.keys(message).length > 0
      ? [delta(indexed(message))]
      : words(TEXT).map((w) => delta({ content: w }));
  if (finish === undefined) return [open, ...said];
  return [
    open,
    ...said,
    chunk([{ index: 0, delta: {}, finish_reason: finish, ...beside }]),
    chunk([], { usage: USAGE }),
    'data: [DONE]\n\n',
  ];
}

/** Streamed tool calls carry the index of their choice. */
const indexed = (message: Readonly<Record<string, unknown>>) =>
  Array.isArray(message.tool_calls)
    ? { tool_calls: message.tool_calls.map((one: object, index) => ({ index, ...one })) }
    : message;

// ── Anthropic messages

interface MessagesWay extends Way {
  readonly finish?: string;
  readonly tool?: string;
  readonly error?: true;
}

const MESSAGES: readonly MessagesWay[] = [
  { name: 'end_turn', finish: 'end_turn', outcome: 'complete' },
  { name: 'tool_use', finish: 'tool_use', tool: ARGS, outcome: 'tool' },
  { name: 'max_tokens', finish: 'max_tokens', outcome: 'length' },
  { name: 'stop_sequence', finish: 'stop_sequence', outcome: 'stop' },
  { name: 'refusal', finish: 'refusal', outcome: 'refusal' },
  {
    name: 'model_context_window_exceeded',
    finish: 'model_context_window_exceeded',
    outcome: 'context_overflow',
  },
  { name: 'pause_turn', finish: 'pause_turn', outcome: 'cut' },
  { name: 'tool_use without a call', finish: 'tool_use', outcome: 'invalid' },
  {
    name: 'tool_use that is no JSON',
    finish: 'tool_use',
    tool: BROKEN_ARGS,
    outcome: 'invalid',
    only: 'stream',
  },
  { name: 'no reason at all', outcome: 'cut' },
  { name: 'an error in the body', error: true, outcome: 'error' },
];

const overloaded = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };
const message = (content: readonly unknown[], finish: string | null, output: number) => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-opus-4-7',
  content,
  stop_reason: finish,
  stop_sequence: finish === 'stop_sequence' ? 'END' : null,
  usage: { input_tokens: 20, output_tokens: output },
});

function messagesUnary({ finish, tool, error }: MessagesWay): string[] {
  if (error) return [JSON.stringify(overloaded)];
  const content = [
    { type: 'text', text: TEXT },
    ...(tool === undefined
      ? []
      : [{ type: 'tool_use', id: 'toolu_1', name: 'weather', input: JSON.parse(tool) }]),
  ];
  return [JSON.stringify(message(content, finish ?? null, 12))];
}

function messagesStream({ finish, tool, error }: MessagesWay): string[] {
  const open = event('message_start', { message: message([], null, 1) });
  const wrong = event('error', { error: overloaded.error });
  const block = (index: number, start: unknown, deltas: readonly unknown[]) => [
    event('content_block_start', { index, content_block: start }),
    ...deltas.map((delta) => event('content_block_delta', { index, delta })),
    event('content_block_stop', { index }),
  ];
  const said = block(
    0,
    { type: 'text', text: '' },
    words(TEXT).map((text) => ({ type: 'text_delta', text })),
  );
  if (error) return [open, event('ping', {}), wrong];
  const called =
    tool === undefined
      ? []
      : block(1, { type: 'tool_use', id: 'toolu_1', name: 'weather', input: {} }, [
          { type: 'input_json_delta', partial_json: tool.slice(0, 4) },
          { type: 'input_json_delta', partial_json: tool.slice(4) },
        ]);
  if (finish === undefined) return [open, ...said];
  const stop = { stop_reason: finish, stop_sequence: finish === 'stop_sequence' ? 'END' : null };
  return [
    open,
    ...said,
    ...called,
    event('message_delta', { delta: stop, usage: { output_tokens: 12 } }),
    event('message_stop', {}),
  ];
}

// ── OpenAI responses

interface ResponsesWay extends Way {
  readonly status?: string;
  readonly reason?: string;
  readonly item?: Readonly<Record<string, unknown>>;
}

const textItem = {
  type: 'message',
  id: 'msg_1',
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text: TEXT, annotations: [] }],
};
const refusalItem = { ...textItem, content: [{ type: 'refusal', refusal: 'I cannot help with that.' }] };
const callItem = (args: string) => ({
  type: 'function_call',
  id: 'fc_1',
  call_id: 'call_1',
  name: 'weather',
  arguments: args,
  status: 'completed',
});

const RESPONSES: readonly ResponsesWay[] = [
  { name: 'completed', status: 'completed', outcome: 'complete' },
  { name: 'completed with a call', status: 'completed', item: callItem(ARGS), outcome: 'tool' },
  { name: 'completed with a refusal', status: 'completed', item: refusalItem, outcome: 'refusal' },
  {
    name: 'completed with a call that is no JSON',
    status: 'completed',
    item: callItem(BROKEN_ARGS),
    outcome: 'invalid',
  },
  {
    name: 'incomplete: max_output_tokens',
    status: 'incomplete',
    reason: 'max_output_tokens',
    outcome: 'length',
  },
  {
    name: 'incomplete: content_filter',
    status: 'incomplete',
    reason: 'content_filter',
    outcome: 'content_filter',
  },
  { name: 'incomplete without a reason', status: 'incomplete', outcome: 'cut' },
  { name: 'failed', status: 'failed', outcome: 'error' },
  { name: 'queued in the background', status: 'queued', outcome: 'cut', only: 'unary' },
  { name: 'no end at all', outcome: 'cut', only: 'stream' },
];

const response = ({ status, reason, item = textItem }: ResponsesWay) => ({
  id: 'resp_1',
  object: 'response',
  created_at: 1_767_600_000,
  model: 'gpt-5.5',
  status,
  error: status === 'failed' ? { code: 'server_error', message: 'The model failed.' } : null,
  incomplete_details: reason === undefined ? null : { reason },
  output: status === 'failed' || status === 'queued' ? [] : [item],
  usage: { input_tokens: 20, output_tokens: 12, total_tokens: 32 },
});

const responsesUnary = (way: ResponsesWay): string[] => [JSON.stringify(response(way))];

function responsesStream(way: ResponsesWay): string[] {
  const { status, item = textItem } = way;
  const started = {
    ...response(way),
    status: 'in_progress',
    error: null,
    incomplete_details: null,
    output: [],
  };
  const at = { output_index: 0, item_id: 'msg_1', content_index: 0 };
  const grown =
    item === textItem
      ? [
          event('response.output_item.added', { output_index: 0, item: { ...textItem, content: [] } }),
          ...words(TEXT).map((delta) => event('response.output_text.delta', { ...at, delta })),
        ]
      : [event('response.output_item.added', { output_index: 0, item })];
  const open = event('response.created', { response: started });
  if (status === 'failed') return [open, event('response.failed', { response: response(way) })];
  if (status === undefined) return [open, ...grown];
  return [
    open,
    ...grown,
    event('response.output_item.done', { output_index: 0, item }),
    event(`response.${status}`, { response: response(way) }),
  ];
}

// ── all of them

const data = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
const event = (type: string, rest: object): string => `event: ${type}\n${data({ type, ...rest })}`;
const words = (text: string): string[] => text.match(/\s*\S+/g) ?? [];

const hasReason = (way: Way & { readonly finish?: string; readonly status?: string }): boolean =>
  way.finish !== undefined || way.status !== undefined;

function both<W extends Way>(
  protocol: string,
  path: End['path'],
  ways: readonly W[],
  unary: (way: W) => string[],
  stream: (way: W) => string[],
): End[] {
  return ways.flatMap((way) => {
    const { name, outcome, only } = way;
    const reason = outcome !== 'error' && hasReason(way);
    const written: End[] = [];
    if (only !== 'stream')
      written.push({
        name: `${protocol} unary: ${name}`,
        path,
        outcome,
        stream: false,
        reason,
        wire: unary(way),
      });
    if (only !== 'unary')
      written.push({
        name: `${protocol} stream: ${name}`,
        path,
        outcome,
        stream: true,
        reason,
        wire: stream(way),
      });
    return written;
  });
}

const written: readonly End[] = [
  ...both('chat', '/v1/chat/completions', CHAT, chatUnary, chatStream),
  ...both('messages', '/v1/messages', MESSAGES, messagesUnary, messagesStream),
  ...both('responses', '/v1/responses', RESPONSES, responsesUnary, responsesStream),
];

/** A stream torn down in its middle: the status was 200 long before. */
const torn: readonly End[] = written
  .filter((end) => end.stream && end.outcome === 'complete')
  .map((end) => ({
    ...end,
    name: `${end.name}, connection torn half-way`,
    outcome: 'cut',
    reason: false,
    wire: end.wire.slice(0, Math.ceil(end.wire.length / 2)),
    torn: true,
  }));

export const ENDS: readonly End[] = [...written, ...torn];
