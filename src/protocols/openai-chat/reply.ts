import type { Reply } from '#contracts';

/** No model worked, so nothing was used: usage is zero, not missing. */
const NOTHING = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };

export function writeReply({ text, exchange, model, at, stream }: Reply): string {
  const head = { id: `chatcmpl-${exchange}`, created: Math.floor(at / 1000), model };
  if (!stream)
    return JSON.stringify({
      ...head,
      object: 'chat.completion',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: text, refusal: null },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: NOTHING,
    });
  const chunk = (delta: object, finish: string | null) =>
    `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
  return `${chunk({ role: 'assistant', content: text }, null)}${chunk({}, 'stop')}data: [DONE]\n\n`;
}
