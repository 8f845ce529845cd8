import { bearer, defineProvider, noSettings } from '../define.ts';

/** Speaks both dialects, so that a first call works with either client and no account. */
export const simulator = defineProvider({
  name: 'simulator',
  version: 1,
  summary: "Midwatch's own simulator: both dialects, deterministic, free.",
  params: noSettings,
  dialects: ['openai', 'anthropic'] as const,
  baseUrl: { openai: 'http://127.0.0.1:4005/v1', anthropic: 'http://127.0.0.1:4005' },
  request: (call) =>
    call.dialect === 'anthropic'
      ? {
          url: `${call.baseUrl}/v1${call.path}`,
          headers: [['anthropic-version', '2023-06-01'], ...bearer(call)],
        }
      : { url: `${call.baseUrl}${call.path}`, headers: bearer(call) },
});
