import type { Reply } from '#contracts';

const NOTHING = {
  input_tokens: 0,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: 0,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 0,
};

export function writeReply({ text, exchange, model, at, stream }: Reply): string {
  const part = { type: 'output_text', text, annotations: [] };
  const item = {
    id: `msg_${exchange}`,
    type: 'message',
    role: 'assistant',
    status: 'completed',
    content: [part],
  };
  const head = {
    id: `resp_${exchange}`,
    object: 'response',
    created_at: Math.floor(at / 1000),
    model,
    error: null,
    incomplete_details: null,
    instructions: null,
    metadata: {},
    parallel_tool_calls: true,
    temperature: null,
    tool_choice: 'auto',
    tools: [],
    top_p: null,
  };
  const whole = { ...head, status: 'completed', output: [item], usage: NOTHING };
  if (!stream) return JSON.stringify(whole);
  const begun = { ...head, status: 'in_progress', output: [] };
  const at0 = { item_id: item.id, output_index: 0, content_index: 0 };
  const events: readonly (readonly [string, object])[] = [
    ['response.created', { response: begun }],
    ['response.in_progress', { response: begun }],
    [
      'response.output_item.added',
      { output_index: 0, item: { ...item, status: 'in_progress', content: [] } },
    ],
    ['response.content_part.added', { ...at0, part: { ...part, text: '' } }],
    ['response.output_text.delta', { ...at0, delta: text, logprobs: [] }],
    ['response.output_text.done', { ...at0, text, logprobs: [] }],
    ['response.content_part.done', { ...at0, part }],
    ['response.output_item.done', { output_index: 0, item }],
    ['response.completed', { response: whole }],
  ];
  return events
    .map(
      ([type, data], i) =>
        `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: i, ...data })}\n\n`,
    )
    .join('');
}
