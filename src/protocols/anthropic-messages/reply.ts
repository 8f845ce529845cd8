import type { Reply } from '#contracts';

const NOTHING = { input_tokens: 0, output_tokens: 0 };

export function writeReply({ text, exchange, model, stream }: Reply): string {
  const head = { id: `msg_${exchange}`, type: 'message', role: 'assistant', model };
  if (!stream)
    return JSON.stringify({
      ...head,
      content: [{ type: 'text', text }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: NOTHING,
    });
  const events: readonly (readonly [string, object])[] = [
    [
      'message_start',
      { message: { ...head, content: [], stop_reason: null, stop_sequence: null, usage: NOTHING } },
    ],
    ['content_block_start', { index: 0, content_block: { type: 'text', text: '' } }],
    ['content_block_delta', { index: 0, delta: { type: 'text_delta', text } }],
    ['content_block_stop', { index: 0 }],
    [
      'message_delta',
      { delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 0 } },
    ],
    ['message_stop', {}],
  ];
  return events
    .map(([type, data]) => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`)
    .join('');
}
