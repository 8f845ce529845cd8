import { NO_USAGE, type Outcome, type Protocol, type Reading, type StreamScanner } from '#contracts';

const decoder = new TextDecoder();

/** As much of a protocol as this room asks for: an ending in a stream, and words for a refusal. */
export const chat = {
  path: '/chat/completions',
  writeError: (failure) => ({ status: 400, body: JSON.stringify({ error: { message: failure.hint } }) }),
  scanStream() {
    let text = '';
    const read = (): Reading => {
      const outcome: Outcome = text.endsWith('data: [DONE]\n\n') ? 'complete' : 'cut';
      const message = () => undefined;
      return { outcome, usage: NO_USAGE, observed: {}, textLength: 0, toolCalls: 0, message };
    };
    const push = (chunk: Uint8Array) => {
      text += decoder.decode(chunk);
    };
    return { push, read, failure: undefined } as unknown as StreamScanner;
  },
} satisfies Pick<Protocol, 'path' | 'writeError' | 'scanStream'> as unknown as Protocol;
