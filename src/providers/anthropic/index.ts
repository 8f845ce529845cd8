import { defineProvider, noSettings } from '../define.ts';

/** The version of the messages API that is asked for when the client names none, as a plain curl does not. */
const DEFAULT_VERSION = '2023-06-01';

export const anthropic = defineProvider({
  name: 'anthropic',
  version: 1,
  summary: 'Anthropic: messages and token counting.',
  params: noSettings,
  dialects: ['anthropic'] as const,
  baseUrl: { anthropic: 'https://api.anthropic.com' },
  keyVariable: 'ANTHROPIC_API_KEY',
  priceId: 'anthropic',
  // Claude 4.6 and later refuse an assistant's turn that stands last.
  prefill: [{ models: /^claude-(?:3|(?:opus|sonnet|haiku)-4-(?:[015](?!\d)|\d{8}))/, by: 'turn' }],
  request: (call) => ({
    url: `${call.baseUrl}/v1${call.path}`,
    headers: [
      ...(call.apiKey ? [['x-api-key', call.apiKey] as const] : []),
      ['anthropic-version', DEFAULT_VERSION] as const,
    ],
  }),
});
